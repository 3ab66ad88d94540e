"""What is kept of messages that came by the bus, and what is to be sent because of them, as events of the store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from esutd_bus.bus.wrapper import properties_of
from esutd_bus.register.event import Event, RowAdded
from esutd_bus.store.outbox_message import RESPONSE, new_message
from esutd_bus.wrapping import unwrapped

STATUS = "status"
ANSWER = "answer"

if TYPE_CHECKING:
    from esutd_bus.bus.wrapper import Wrapper
    from esutd_bus.store.journal import Record


def message_row(
    wrapper: Wrapper, info: str, asked: Record, delivered_by: str | None, delivery: str | None = None
) -> Event:
    """What a wrapper says, for the journal's record. `info`: the element that says it, below `request`."""
    said = wrapper.said.find(info)

    def text(name: str) -> str | None:
        return None if said is None else said.findtext(name)

    row = {
        "message_id": asked.id,
        "operation": wrapper.operation.name,
        "delivered_by": delivered_by,
        "delivery": delivery,
        "bus_message_id": text("messageId"),
        "correlation_id": text("correlationId"),
        "service_id": text("serviceId"),
        "message_type": text("messageType"),
        "route_id": text("routeId"),
        "sender_id": text("sender/senderId"),
        "session_id": wrapper.session_id,
        "properties": properties_of(said) or None,
    }
    return RowAdded("bus_message", row)


def response(wrapper: Wrapper, asked: Record, answer: Record, correlation_id: str) -> Event:
    """The answer to an asynchronous request, to be sent as a RESPONSE: in the same commit as its effect."""
    service_id = wrapper.text("messageInfo/serviceId") or ""
    row = new_message(
        answer.id,
        destination=wrapper.text("messageInfo/sender/senderId") or service_id,
        service_id=service_id,
        message_type=RESPONSE,
        kind=asked.operation or RESPONSE,
        now=datetime.now(UTC),
        message_id=asked.id,
        correlation_id=correlation_id,
        session_id=wrapper.session_in_braces,
        body=unwrapped(answer.body, answer.code or "").content,
    )
    return RowAdded("outbox", row)


def status_notice(wrapper: Wrapper, asked: Record) -> Event:
    """What became of a message that was sent by the bus."""
    text = wrapper.text
    said = (text("notification/error/errorMessage"), text("notification/status/statusMessage"))
    row = {
        "message_id": asked.id,
        "kind": STATUS,
        "bus_message_id": text("notification/messageId"),
        "state": text("notification/messageState"),
        "code": text("notification/error/errorCode") or text("notification/status/statusCode"),
        "told": ": ".join(filter(None, said)),
        "told_at": asked.recorded_at,
    }
    return RowAdded("bus_notice", row)


def answer_notice(wrapper: Wrapper, asked: Record, answer: bytes) -> Event:
    """An answer to what was asked by the bus."""
    row = {
        "message_id": asked.id,
        "kind": ANSWER,
        "bus_message_id": wrapper.text("messageInfo/messageId"),
        "correlation_id": wrapper.text("messageInfo/correlationId"),
        "answer": answer,
        "told_at": asked.recorded_at,
    }
    return RowAdded("bus_notice", row)
