"""What the bus told of messages of ours, as the node that it told has kept it (`bus_notice`): applied here, in order.

A status of a message that nobody here knows by that id yet waits for a while: the bus may be faster than the commit of
its own answer. Applied or not, a notice is looked at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

from esutd_bus.store import outbox_told
from esutd_bus.store.outbox import Connection, Limits
from esutd_bus.store.outbox_state import TOLD_BY_BUS, Happening

_PATIENCE: Final = timedelta(minutes=10)

_WAITING: LiteralString = """
SELECT n.* FROM bus_notice n
WHERE n.applied_at IS NULL AND (
    n.told_at < %(before)s
    OR EXISTS (SELECT FROM outbox o WHERE o.bus_message_id = n.bus_message_id)
    OR EXISTS (SELECT FROM outbox o WHERE o.correlation_id = n.correlation_id AND o.message_type = 'REQUEST'))
ORDER BY n.told_at, n.message_id LIMIT 100 FOR UPDATE OF n SKIP LOCKED
"""


def apply(connection: Connection, limits: Limits, now: datetime) -> Sequence[Happening]:
    """Applies some of what waits; what has happened to messages by it. In the caller's transaction."""
    notices = connection.execute(_WAITING, {"before": now - _PATIENCE}).fetchall()
    if not notices:
        return ()
    happened = [_applied(connection, notice, limits, now) for notice in notices]
    ids = [notice["message_id"] for notice in notices]
    connection.execute("UPDATE bus_notice SET applied_at = %s WHERE message_id = ANY(%s)", (now, ids))
    return [each for each in happened if each is not None]


def _applied(
    connection: Connection, notice: dict[str, Any], limits: Limits, now: datetime
) -> Happening | None:
    """What happened to a message, if anything did."""
    if notice["kind"] == "answer":
        answer = bytes(notice["answer"] or b"")
        moved = outbox_told.answer(connection, notice["correlation_id"] or "", answer, limits, now)
        return Happening.ANSWER_CAME if moved else None
    moved = outbox_told.status(
        connection,
        notice["bus_message_id"] or "",
        notice["state"] or "",
        limits,
        now,
        code=notice["code"],
        told=notice["told"],
    )
    return TOLD_BY_BUS[notice["state"]] if moved else None
