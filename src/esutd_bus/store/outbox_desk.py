"""The outbox as an operator sees and changes it: never by a state of the operator's own, always by what may happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

from esutd_bus.store.outbox import Connection, Limits, Row, happens
from esutd_bus.store.outbox_state import OPEN, Happening, OutboxState

# An operator's word changes neither leases nor what counts as too many refusals.
_LIMITS: Final = Limits(timedelta(0), timedelta(0), 1)

_MESSAGES: LiteralString = f"""
SELECT o.id, o.destination, o.message_type, o.kind, o.contract_id, o.version, o.message_id, o.subscription,
    o.created_at, o.changed_at, o.state, o.next_try, o.attempts, o.failures, o.setbacks, o.correlation_id,
    o.bus_message_id, o.leased_until, o.reason, d.open_until AS breaker_open_until, d.last_error AS breaker_error,
    (SELECT p.id FROM outbox p WHERE o.state = 'WAITING' AND p.contract_id = o.contract_id
        AND p.destination = o.destination AND p.version < o.version AND p.{OPEN}
     ORDER BY p.version LIMIT 1) AS blocked_by
FROM outbox o LEFT JOIN outbox_destination d ON d.destination = o.destination
"""  # noqa: S608  # of our own words, here and below

_LIST: LiteralString = f"""
{_MESSAGES}
WHERE CASE WHEN %(states)s::text[] IS NULL THEN o.{OPEN} OR o.state = 'DEAD' ELSE o.state = ANY(%(states)s) END
  AND (%(destination)s::text IS NULL OR o.destination = %(destination)s)
ORDER BY o.created_at, o.id LIMIT %(limit)s
"""

_ABOUT: LiteralString = f"""
{_MESSAGES}
WHERE o.id = %(id)s OR o.message_id = %(id)s
ORDER BY o.created_at, o.id
"""


def messages(
    connection: Connection, states: Sequence[str] | None, destination: str | None, limit: int
) -> Sequence[Row]:
    """The oldest messages of these states; where none are named, all that are not through, and dead letters.

    With `blocked_by`, the message about the same contract that must be through first, and the destination's breaker.
    """
    asked = {"states": list(states) if states else None, "destination": destination, "limit": limit}
    return connection.execute(_LIST, asked).fetchall()


def about(connection: Connection, called: UUID) -> Sequence[Row]:
    """Messages by their id, or by that of the message that caused them."""
    return connection.execute(_ABOUT, {"id": called}).fetchall()


def attempts(connection: Connection, outbox_ids: Sequence[UUID]) -> Sequence[Row]:
    """What was done with messages, in order."""
    return connection.execute(
        "SELECT * FROM outbox_attempt WHERE outbox_id = ANY(%s) ORDER BY outbox_id, number",
        (list(outbox_ids),),
    ).fetchall()


def dead(connection: Connection, destination: str | None) -> Sequence[UUID]:
    """The dead letters; of one destination, if it is named."""
    found = connection.execute(
        "SELECT id FROM outbox WHERE state = 'DEAD' AND (%(to)s::text IS NULL OR destination = %(to)s) ORDER BY id",
        {"to": destination},
    ).fetchall()
    return [row["id"] for row in found]


def requeue(connection: Connection, outbox_id: UUID, now: datetime, by: str, note: str | None) -> bool:
    """Sends a dead or aborted message after all, or a waiting one at once; False where its state does not let it."""
    what = Happening.REQUEUED
    moved = happens(connection, outbox_id, what, _LIMITS, now, doing="operator", by=by, told=note)
    return moved is OutboxState.WAITING


def abort(connection: Connection, outbox_id: UUID, now: datetime, by: str, note: str | None) -> bool:
    """Sends a message no more; False where it is through already, or a node sends it at this moment."""
    what = Happening.ABORTED
    moved = happens(connection, outbox_id, what, _LIMITS, now, doing="operator", by=by, told=note)
    return moved is OutboxState.ABORTED


def state(connection: Connection, outbox_id: UUID) -> Mapping[str, Any] | None:
    """A message's state and reason."""
    return connection.execute("SELECT state, reason FROM outbox WHERE id = %s", (outbox_id,)).fetchone()
