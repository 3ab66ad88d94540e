"""The asynchronous channel of the bus, called with zeep: what is sent is delivered later, and asked about meanwhile.

zeep makes the wrapper from the WSDL; the business data is put into it as it is. Answers are read by local names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import zeep
from lxml import etree

from esutd_bus.registries.channel_answer import answered
from esutd_bus.registries.lenient import children, descend, parse, text_at
from esutd_bus.registries.transport import ChannelTransport, HttpAnswer
from esutd_bus.registries.upstream import UpstreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lxml.etree import _Element as Element

    from esutd_bus.registries.access import BusAccess
    from esutd_bus.registries.exchange import ExchangeKeeper

_BINDING = "{http://bip.bee.kz/AsyncChannel/v10/Interfaces/Binding}AsyncChannelHttpBinding"
_HEADERS = {"SOAPAction": '""', "Content-Type": "text/xml; charset=utf-8"}
_HTTP_OK = 200

OUR_ID = "senderMessageId"
"""The property that bears the sender's own id of a message, the same at every try: who keeps ids sees it once."""


class MessageState(StrEnum):
    """What the bus says of a message (`common:MessageState`)."""

    ON_DELIVERY = "ON_DELIVERY"
    DELIVERED = "DELIVERED"
    NOT_DELIVERED = "NOT_DELIVERED"
    DELIVERY_STOPPED = "DELIVERY_STOPPED"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to be sent."""

    our_id: str
    service_id: str
    message_type: str
    """REQUEST, NOTIFICATION or RESPONSE."""

    data: bytes
    """The business data: an XML document."""

    correlation_id: str | None = None
    """Of a REQUEST the bus makes it."""

    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What the bus calls a message that it has taken."""

    message_id: str
    correlation_id: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """What the bus says of a message."""

    state: MessageState
    code: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that the bus keeps for us."""

    message_id: str | None
    correlation_id: str | None
    service_id: str | None
    message_type: str | None
    data: bytes
    """The element `data`, as it stands."""


class AsyncChannel:
    """Sends by the bus. Safe to use from many threads.

    Every call raises UpstreamNotReached, UpstreamTimeout, UpstreamUnavailable, UpstreamRefused: see there.

    Args:
        access: where the channel is, and as whom it is called.
        contracts: the directory with `wsdl/` and `xsd/`; nothing is read from anywhere else.
        keep: told of every call.
    """

    def __init__(self, access: BusAccess, contracts: Path, keep: ExchangeKeeper) -> None:
        self._access = access
        self._transport = ChannelTransport(access, contracts, keep)
        self._client = zeep.Client(  # type: ignore[no-untyped-call]  # zeep annotates in part
            str(contracts.resolve() / "wsdl" / "shep" / "AsyncChannel.wsdl"),
            transport=self._transport,
            settings=zeep.Settings(forbid_dtd=True, forbid_external=True),
        )
        self._service = self._client.create_service(_BINDING, access.url)  # type: ignore[no-untyped-call]  # as above

    def send(self, letter: Letter) -> Taken:
        """`sendMessage`: once it returns, the bus answers for the message."""
        info = {
            "correlationId": letter.correlation_id,
            "serviceId": letter.service_id,
            "messageType": letter.message_type,
            "messageDate": datetime.now(UTC),
            "sender": self._sender(),
            "properties": [{"key": OUR_ID, "value": letter.our_id}],
            "sessionId": letter.session_id,
        }
        response = self._call(
            "sendMessage", {"messageInfo": info, "messageData": {"data": ""}}, data=parse(letter.data)
        )
        message_id = text_at(response, "messageId")
        if message_id is None:
            raise UpstreamUnavailable("the bus's answer has no messageId")
        return Taken(message_id, text_at(response, "correlationId"))

    def status(self, message_id: str) -> Status:
        """`getMessageStatus`, by the bus's id, or by ours where that is all we know."""
        response = self._call(
            "getMessageStatus",
            {
                "messageId": message_id,
                "requestDate": datetime.now(UTC),
                "sender": self._sender(),
                "properties": [{"key": OUR_ID, "value": message_id}],
            },
        )
        said = text_at(response, "messageState")
        try:
            state = MessageState(said or "")
        except ValueError:
            raise UpstreamUnavailable(f"the bus tells of a state that it does not have: {said}") from None
        return Status(
            state, text_at(response, "status/statusCode"), text_at(response, "status/statusMessage")
        )

    def messages(
        self, service_id: str, correlation_id: str | None = None, amount: int = 10
    ) -> list[Delivered]:
        """`getMessages`: what the bus keeps for us of a service, or in answer to a message of ours."""
        response = self._call(
            "getMessages",
            {
                "correlationId": correlation_id,
                "requestDate": datetime.now(UTC),
                "serviceId": service_id,
                "sender": self._sender(),
                "amount": amount,
            },
        )
        return [_delivered(each) for each in children(response, "messages")]

    def acknowledge(self, message_id: str, service_id: str, refused: str | None = None) -> None:
        """`sendDeliveryNotification`: we have a message of the bus, or do not want it, and why."""
        now = datetime.now(UTC)
        error = {"errorCode": "ESB002", "errorMessage": refused, "errorDate": now} if refused else None
        self._call(
            "sendDeliveryNotification",
            {
                "notification": {
                    "messageId": message_id,
                    "serviceId": service_id,
                    "notificationDate": now,
                    "deliveryStatus": {
                        "receiveStatus": "MESSAGE_NOT_ACCTEPTED" if refused else "MESSAGE_ACCEPTED",
                        "statusDate": now,
                        "resendMessage": "NOT_RESEND",
                        "error": error,
                    },
                },
                "requestDate": now,
                "sender": self._sender(),
            },
        )

    def _sender(self) -> Mapping[str, str | None]:
        return {"senderId": self._access.sender_id, "password": self._access.password}

    def _call(self, operation: str, request: Mapping[str, Any], data: Element | None = None) -> Element:
        envelope = self._client.create_message(self._service, operation, request=request)  # type: ignore[no-untyped-call]  # as above
        if data is not None:
            place = envelope.find(".//messageData/data")
            place.text = None
            place.append(data)
        answer: HttpAnswer = self._transport.post(self._access.url, etree.tostring(envelope), _HEADERS)
        return answered(answer, f"{operation}Response/response", "asynchronous")


def _delivered(message: Element) -> Delivered:
    info, data = descend(message, "messageInfo"), descend(message, "messageData/data")
    return Delivered(
        message_id=text_at(info, "messageId"),
        correlation_id=text_at(info, "correlationId"),
        service_id=text_at(info, "serviceId"),
        message_type=text_at(info, "messageType"),
        data=b"" if data is None else etree.tostring(data, with_tail=False),
    )
