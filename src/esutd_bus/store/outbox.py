"""The outbox: taking messages that are due, on any number of nodes, and recording what became of them.

Nothing is locked while the network is waited for: a message that is taken bears a lease. Whoever records what became of
it says by which attempt, and a state changes only along `TRANSITIONS`, in one statement: what another node, the bus or
an operator has done meanwhile is not overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg

from esutd_bus.store.outbox_state import OPEN, TRANSITIONS, Happening, OutboxState

Connection = psycopg.Connection[dict[str, Any]]
Row = Mapping[str, Any]

ASK_AFTER: Final = timedelta(seconds=5)
"""From the bus's taking a message to the first question after it: by then it has usually told by itself."""

LONG_DUE: Final = timedelta(seconds=5)
"""What has been due for so long, and waits behind another message, goes to the end of the queue."""

MOST_TOLD: Final = 1000
"""Characters of what an upstream says that an attempt keeps."""

_TRANSITIONS: Final = {
    "source": [each.source for each in TRANSITIONS],
    "happening": [each.happening for each in TRANSITIONS],
    "target": [each.target for each in TRANSITIONS],
    "request_target": [each.for_request or each.target for each in TRANSITIONS],
    "setback": [each.is_setback for each in TRANSITIONS],
}

_MOVE: LiteralString = """
WITH happened AS (
    SELECT * FROM unnest(%(id)s::uuid[], %(number)s::int[], %(what)s::text[], %(next_try)s::timestamptz[],
                         %(reason)s::text[], %(bus_message_id)s::text[], %(correlation_id)s::text[],
                         %(answer)s::bytea[], %(failed)s::bool[])
        AS h(id, number, what, next_try, reason, bus_message_id, correlation_id, answer, failed)
), way AS (
    SELECT * FROM unnest(%(source)s::text[], %(happening)s::text[], %(target)s::text[], %(request_target)s::text[],
                         %(setback)s::bool[])
        AS t(source, happening, target, request_target, setback)
)
UPDATE outbox AS o SET
    state = CASE WHEN way.setback AND o.setbacks + 1 >= %(most_setbacks)s THEN 'DEAD'
                 WHEN o.message_type = 'REQUEST' THEN way.request_target ELSE way.target END,
    setbacks = CASE WHEN h.what = 'requeued' THEN 0 WHEN way.setback THEN o.setbacks + 1 ELSE o.setbacks END,
    failures = CASE WHEN h.failed THEN o.failures + 1 ELSE 0 END,
    deadline_from = CASE WHEN h.what = 'requeued' THEN h.next_try ELSE o.deadline_from END,
    next_try = COALESCE(h.next_try, o.next_try),
    reason = h.reason,
    bus_message_id = COALESCE(h.bus_message_id, o.bus_message_id),
    correlation_id = COALESCE(h.correlation_id, o.correlation_id),
    answer = COALESCE(h.answer, o.answer),
    leased_until = NULL,
    changed_at = %(now)s
FROM happened AS h JOIN way ON way.happening = h.what
WHERE o.id = h.id AND o.state = way.source AND (h.number IS NULL OR h.number = o.attempts)
RETURNING o.id, o.state
"""

_FREE: LiteralString = """
UPDATE outbox AS o SET leased_until = NULL, next_try = h.next_try, reason = h.reason,
    failures = CASE WHEN h.failed THEN o.failures + 1 ELSE 0 END
FROM unnest(%(id)s::uuid[], %(number)s::int[], %(next_try)s::timestamptz[], %(failed)s::bool[], %(reason)s::text[])
    AS h(id, number, next_try, failed, reason)
WHERE o.id = h.id AND o.attempts = h.number AND o.leased_until IS NOT NULL AND o.state <> 'SENDING'
"""

_END_ATTEMPT: LiteralString = """
UPDATE outbox_attempt AS a SET ended_at = e.ended_at, happened = e.happened, http_status = e.http_status, code = e.code,
    told = e.told, bus_message_id = e.bus_message_id, state = o.state
FROM unnest(%(id)s::uuid[], %(number)s::int[], %(ended_at)s::timestamptz[], %(what)s::text[], %(http_status)s::int[],
            %(code)s::text[], %(told)s::text[], %(bus_message_id)s::text[])
    AS e(id, number, ended_at, happened, http_status, code, told, bus_message_id)
JOIN outbox o ON o.id = e.id
WHERE a.outbox_id = e.id AND a.number = e.number AND a.ended_at IS NULL
"""

_LEASES_OVER: LiteralString = f"""
SELECT id FROM outbox WHERE {OPEN} AND state = 'SENDING' AND leased_until <= %(now)s FOR UPDATE SKIP LOCKED
"""  # noqa: S608  # of our own words, here and below

_EXPIRED: LiteralString = f"""
SELECT id, state, failures FROM outbox
WHERE {OPEN} AND deadline_from <= %(before)s AND (leased_until IS NULL OR leased_until <= %(now)s)
ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED
"""  # noqa: S608

_OLD: LiteralString = """
SELECT id FROM outbox WHERE state IN ('DELIVERED', 'ANSWERED', 'ABORTED') AND changed_at < %(before)s
ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED
"""

# A destination without anything due costs a look into an index. What waits behind another message is passed by.
_DESTINATIONS_DUE: LiteralString = f"""
SELECT known.destination, d.failures, d.open_until FROM (
    WITH RECURSIVE each AS (
        (SELECT destination FROM outbox WHERE {OPEN} ORDER BY destination LIMIT 1)
        UNION ALL
        SELECT (SELECT destination FROM outbox WHERE {OPEN} AND destination > each.destination
                ORDER BY destination LIMIT 1)
        FROM each WHERE each.destination IS NOT NULL
    ) SELECT destination FROM each WHERE destination IS NOT NULL
) AS known LEFT JOIN outbox_destination d USING (destination)
WHERE (d.open_until IS NULL OR d.open_until <= %(now)s)
  AND EXISTS (SELECT FROM outbox o WHERE o.destination = known.destination AND {OPEN} AND o.next_try <= %(now)s)
"""  # noqa: S608

_TAKE: LiteralString = f"""
WITH taken AS (
    SELECT o.id FROM unnest(%(destinations)s::text[], %(rooms)s::int[]) AS d(destination, room)
    CROSS JOIN LATERAL (
        SELECT c.id FROM outbox c
        WHERE c.destination = d.destination AND c.{OPEN} AND c.next_try <= %(now)s AND c.state <> 'SENDING'
          AND (c.leased_until IS NULL OR c.leased_until <= %(now)s)
          AND (c.state <> 'WAITING' OR NOT EXISTS (
               SELECT FROM outbox p WHERE p.contract_id = c.contract_id AND p.destination = c.destination
                   AND p.version < c.version AND p.{OPEN}))
        ORDER BY c.next_try, c.id LIMIT d.room FOR UPDATE SKIP LOCKED
    ) AS o
), marked AS (
    UPDATE outbox AS o SET leased_until = %(leased_until)s, attempts = o.attempts + 1,
        state = CASE o.state WHEN 'WAITING' THEN 'SENDING' ELSE o.state END,
        bus_message_id = CASE o.state WHEN 'WAITING' THEN NULL ELSE o.bus_message_id END,
        changed_at = %(now)s
    FROM taken WHERE o.id = taken.id
    RETURNING o.*
), begun AS (
    INSERT INTO outbox_attempt (outbox_id, number, doing, node, began_at)
    SELECT id, attempts,
           CASE state WHEN 'SENDING' THEN 'send' WHEN 'AWAITING_ANSWER' THEN 'fetch'
                      WHEN 'ANSWER_KEPT' THEN 'acknowledge' ELSE 'ask' END,
           %(node)s, %(now)s FROM marked
)
SELECT * FROM marked
"""  # noqa: S608

# `_TAKE` passes by what waits behind another message: where much does, it must not stand at the head for long.
_TO_THE_END: LiteralString = f"""
UPDATE outbox SET next_try = %(now)s WHERE id IN (
    SELECT c.id FROM unnest(%(destinations)s::text[]) AS d(destination)
    CROSS JOIN LATERAL (
        SELECT id FROM outbox WHERE destination = d.destination AND {OPEN} AND next_try <= %(before)s
        ORDER BY next_try, id LIMIT 500
    ) AS head
    JOIN outbox c ON c.id = head.id
    WHERE c.state = 'WAITING' AND EXISTS (
        SELECT FROM outbox p WHERE p.contract_id = c.contract_id AND p.destination = c.destination
            AND p.version < c.version AND p.{OPEN})
    FOR UPDATE OF c SKIP LOCKED
)
"""  # noqa: S608

_TOLD_BY_OTHERS: LiteralString = """
INSERT INTO outbox_attempt (outbox_id, number, doing, node, began_at, ended_at, happened, code, told, state)
SELECT o.id, o.attempts, %(doing)s, %(node)s, %(now)s, %(now)s, %(what)s, %(code)s, %(told)s, o.state
FROM outbox o WHERE o.id = %(id)s
"""


_COUNTS: LiteralString = f"""
SELECT destination, state, count(*) AS messages, min(created_at) AS oldest FROM outbox WHERE {OPEN} GROUP BY 1, 2
UNION ALL
SELECT destination, state, count(*), min(created_at) FROM outbox WHERE state = 'DEAD' GROUP BY 1, 2
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Happened:
    """What came of an attempt."""

    id: UUID
    number: int
    """The attempt's."""

    what: Happening | None
    """None: asked, and nothing new."""

    ended_at: datetime
    next_try: datetime
    failed: bool = False
    """The destination, or the way to it, failed: not what it said of this message."""

    reason: str | None = None
    """In a few words, what an operator reads as the cause: the state's reason."""

    http_status: int | None = None
    code: str | None = None
    told: str | None = None
    bus_message_id: str | None = None
    correlation_id: str | None = None
    answer: bytes | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, how often."""

    lease: timedelta
    """How long a node may keep a message that it has taken."""

    whole: timedelta
    """From putting a message out (or requeueing it) to giving it up."""

    most_setbacks: int
    """After so many refusals a message is dead."""


def destinations_due(connection: Connection, now: datetime) -> Sequence[Row]:
    """Destinations with something to do, whose breaker is not open: rows of `destination`, `failures`, `open_until`."""
    return connection.execute(_DESTINATIONS_DUE, {"now": now}).fetchall()


def take(
    connection: Connection, rooms: Mapping[str, int], limits: Limits, now: datetime, node: str
) -> Sequence[Row]:
    """Takes messages that are due, up to a number for each destination: rows of `outbox`, as they are from now on.

    For a transaction of its own. Each has begun an attempt, `attempts`; its state tells which: SENDING to be sent,
    AWAITING_ANSWER to be fetched an answer for, ANSWER_KEPT to be acknowledged, any other to be asked about.
    """
    if not rooms:
        return ()
    return connection.execute(
        _TAKE,
        {
            "destinations": list(rooms),
            "rooms": list(rooms.values()),
            "now": now,
            "leased_until": now + limits.lease,
            "node": node,
        },
    ).fetchall()


def make_way(connection: Connection, destinations: Sequence[str], now: datetime) -> int:
    """What waits behind another message makes way for those behind it: how many did. In the caller's transaction."""
    asked = {"destinations": list(destinations), "now": now, "before": now - LONG_DUE}
    return connection.execute(_TO_THE_END, asked).rowcount


def end_attempts(
    connection: Connection, happened: Sequence[Happened], limits: Limits, now: datetime
) -> Mapping[UUID, OutboxState]:
    """Records what came of attempts; the messages whose state changed by it. For a transaction of its own."""
    moved = _move(connection, [each for each in happened if each.what is not None], limits, now)
    still = [each for each in happened if each.id not in moved]
    if still:
        connection.execute(
            _FREE,
            {
                "id": [each.id for each in still],
                "number": [each.number for each in still],
                "next_try": [each.next_try for each in still],
                "failed": [each.failed for each in still],
                "reason": [_text(each.reason) for each in still],
            },
        )
    connection.execute(
        _END_ATTEMPT,
        {
            "id": [each.id for each in happened],
            "number": [each.number for each in happened],
            "ended_at": [each.ended_at for each in happened],
            "what": [each.what or "nothing new" for each in happened],
            "http_status": [each.http_status for each in happened],
            "code": [_text(each.code) for each in happened],
            "told": [_text(each.told) for each in happened],
            "bus_message_id": [_text(each.bus_message_id) for each in happened],
        },
    )
    return moved


def end_leases(connection: Connection, limits: Limits, now: datetime) -> None:
    """Takes messages from nodes that are gone. In the caller's transaction."""
    gone = connection.execute(_LEASES_OVER, {"now": now}).fetchall()
    told = "the node that was sending it is gone"
    _move(connection, [_by_clock(row["id"], Happening.NODE_GONE, now, told) for row in gone], limits, now)


def give_up(connection: Connection, limits: Limits, now: datetime) -> None:
    """Gives up messages whose deadline is past, some at a time. In the caller's transaction."""
    late = connection.execute(_EXPIRED, {"before": now - limits.whole, "now": now}).fetchall()
    hours = limits.whole.total_seconds() / 3600
    _move(
        connection,
        [
            _by_clock(row["id"], Happening.EXPIRED, now, f"{row['state']} when its {hours:g} h were over")
            for row in late
        ],
        limits,
        now,
    )


def remove(connection: Connection, before: datetime) -> None:
    """Removes messages that came through, or were aborted, before a moment, some at a time. Dead letters stay."""
    old = connection.execute(_OLD, {"before": before}).fetchall()
    ids = ([row["id"] for row in old],)
    connection.execute("DELETE FROM outbox_attempt WHERE outbox_id = ANY(%s)", ids)
    connection.execute("DELETE FROM outbox WHERE id = ANY(%s)", ids)


def happens(
    connection: Connection,
    outbox_id: UUID,
    what: Happening,
    limits: Limits,
    now: datetime,
    *,
    doing: str,
    by: str,
    code: str | None = None,
    told: str | None = None,
    next_try: datetime | None = None,
    answer: bytes | None = None,
) -> OutboxState | None:
    """Something happens to a message that no attempt of ours brought about; its state, if that changed by it.

    `doing`: `status`, `answer`, `operator`; `by`: who says so. In the caller's transaction.
    """
    came = Happened(outbox_id, 0, what, now, next_try or now, reason=told, answer=answer)
    moved = _move(connection, [came], limits, now, of_attempts=False)
    if outbox_id not in moved:
        return None
    # A number of its own: an attempt that is under way has nothing more to say of the state.
    connection.execute("UPDATE outbox SET attempts = attempts + 1 WHERE id = %s", (outbox_id,))
    said = {"code": _text(code), "told": _text(told), "doing": doing, "node": by}
    connection.execute(_TOLD_BY_OTHERS, {**said, "id": outbox_id, "what": what, "now": now})
    return moved[outbox_id]


def counts(connection: Connection) -> Sequence[Row]:
    """Messages that are not through, and dead ones: rows of `destination`, `state`, `messages`, `oldest`."""
    return connection.execute(_COUNTS).fetchall()


def keep_body(connection: Connection, bodies: Mapping[UUID, bytes]) -> None:
    """What is sent is made once: a message that is sent again is the same, octet for octet."""
    if not bodies:
        return
    connection.execute(
        "UPDATE outbox o SET body = b.body FROM unnest(%s::uuid[], %s::bytea[]) AS b(id, body)"
        " WHERE o.id = b.id AND o.body IS NULL",
        (list(bodies), list(bodies.values())),
    )


def _by_clock(outbox_id: UUID, what: Happening, now: datetime, told: str) -> Happened:
    return Happened(outbox_id, 0, what, now, now, reason=told)


def _move(
    connection: Connection,
    happened: Iterable[Happened],
    limits: Limits,
    now: datetime,
    *,
    of_attempts: bool = True,
) -> Mapping[UUID, OutboxState]:
    """The states that changed."""
    each = list(happened)
    if not each:
        return {}
    moved = connection.execute(
        _MOVE,
        {
            **_TRANSITIONS,
            "id": [one.id for one in each],
            "number": [one.number if of_attempts and one.number else None for one in each],
            "what": [one.what for one in each],
            "next_try": [one.next_try for one in each],
            "reason": [_text(one.reason) for one in each],
            "bus_message_id": [_text(one.bus_message_id) for one in each],
            "correlation_id": [_text(one.correlation_id) for one in each],
            "answer": [one.answer for one in each],
            "failed": [one.failed for one in each],
            "most_setbacks": limits.most_setbacks,
            "now": now,
        },
    ).fetchall()
    return {row["id"]: OutboxState[row["state"]] for row in moved}


def _text(said: str | None) -> str | None:
    """As PostgreSQL can keep it."""
    return None if said is None else said.replace("\x00", "\ufffd")[:MOST_TOLD]
