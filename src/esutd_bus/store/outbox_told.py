"""What others tell of our messages: the bus a state, by itself; whoever was asked an answer.

It may come twice, late, or out of order: what has no transition from where the message is now changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from esutd_bus.store.outbox import Connection, Limits, happens
from esutd_bus.store.outbox_message import REQUEST
from esutd_bus.store.outbox_state import TOLD_BY_BUS, Happening, OutboxState
from esutd_bus.store.pause import pause

_BY: Final = "the bus"


def status(
    connection: Connection,
    bus_message_id: str,
    message_state: str,
    limits: Limits,
    now: datetime,
    *,
    code: str | None = None,
    told: str | None = None,
) -> OutboxState | None:
    """The bus tells of a message that it has from us (`changeMassageStatusNotification`); its state, if it changed.

    `message_state`: the bus's own word. In the caller's transaction.
    """
    found = connection.execute(
        "SELECT id, attempts FROM outbox WHERE bus_message_id = %s ORDER BY id LIMIT 1", (bus_message_id,)
    ).fetchone()
    what = TOLD_BY_BUS.get(message_state)
    if found is None or what is None:
        return None
    said = f"the bus says {message_state}" + (f": {told}" if told else "")
    # What is to be sent again, or asked about, waits as it does where we have asked ourselves.
    waits = what in (Happening.NOT_DELIVERED, Happening.ON_DELIVERY)
    return happens(
        connection,
        found["id"],
        what,
        limits,
        now,
        doing="status",
        by=_BY,
        code=code,
        told=said,
        next_try=now + pause(found["attempts"]) if waits else None,
    )


def answer(
    connection: Connection, correlation_id: str, data: bytes, limits: Limits, now: datetime
) -> OutboxState | None:
    """The RESPONSE to a request of ours was delivered to us; the request's state, if it changed.

    `data`: the business data. In the caller's transaction.
    """
    found = connection.execute(
        "SELECT id FROM outbox WHERE correlation_id = %s AND message_type = %s ORDER BY id LIMIT 1",
        (correlation_id, REQUEST),
    ).fetchone()
    if found is None:
        return None
    came = Happening.ANSWER_CAME
    return happens(connection, found["id"], came, limits, now, doing="answer", by=_BY, answer=data)
