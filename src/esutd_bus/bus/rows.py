"""What is kept of messages that came by the bus, and what is to be sent because of them, as events of the store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from esutd_bus.bus.wrapper import properties_of
from esutd_bus.register.event import Event, RowAdded
from esutd_bus.wrapping import unwrapped

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
        "channel": wrapper.operation.name,
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


def response(
    asked: Record, answer: Record, correlation_id: str, service_id: str, session_id: str | None
) -> Event:
    """The answer to an asynchronous request, to be sent as a RESPONSE: in the same commit as its effect."""
    row = {
        "answer_id": answer.id,
        "asked_id": asked.id,
        "correlation_id": correlation_id,
        "service_id": service_id,
        "session_id": session_id,
        "code": answer.code,
        "data": unwrapped(answer.body, answer.code or "").content,
        "made_at": datetime.now(UTC),
    }
    return RowAdded("bus_response", row)


def status_row(wrapper: Wrapper, asked: Record) -> Event:
    """What the bus tells of a message that was sent by it."""
    text = wrapper.text
    row = {
        "message_id": asked.id,
        "bus_message_id": text("notification/messageId"),
        "notification_id": text("notification/notificationId"),
        "notified_at": text("notification/notificationDate"),
        "state": text("notification/messageState"),
        "status_code": text("notification/status/statusCode"),
        "status_message": text("notification/status/statusMessage"),
        "status_at": text("notification/status/statusDate"),
        "error_code": text("notification/error/errorCode"),
        "error_message": text("notification/error/errorMessage"),
    }
    return RowAdded("bus_status", row)
