"""The asynchronous channel of the simulated bus: what it has received, what became of it, what waits for a client."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from lxml import etree

from esutd_bus.testbed.async_contract import session_id
from esutd_bus.testbed.fault_script import DELIVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element as Element

    from esutd_bus.testbed.async_contract import AsyncContract
    from esutd_bus.testbed.bus_deliveries import BusDeliveries
    from esutd_bus.testbed.fault_script import Fault, State

SENDERS_ID: Final = "senderMessageId"
"""The property by which a sender tells its own id: what comes with the same once more has no second effect."""

_ACCEPTED = "{urn:esutd-bus:simulated}accepted"
_BUS = {"senderId": "simulated-bus"}
_TEXTS: dict[State, str] = {
    "ON_DELIVERY": "Доставляется",
    "DELIVERED": "Доставлено",
    "NOT_DELIVERED": "Не доставлено",
    "DELIVERY_STOPPED": "Доставка прекращена",
}


class UnknownMessageError(LookupError):
    """The bus knows no message of this id."""


@dataclass(slots=True)
class Received:
    """A message that a client has sent."""

    id: str
    """The bus's."""
    sender_message_id: str | None
    """The sender's, where it told one."""
    service_id: str
    type: str
    correlation_id: str
    data: bytes = field(repr=False)
    """The business data: the document within `data`, canonical; where there is none, `data` itself."""
    states: tuple[State, ...]
    """What becomes of it, told and to be asked step by step."""
    count: int = 1
    """How many times it came."""
    asked: int = 0
    """How many times its status was asked."""

    @property
    def state(self) -> State:
        """What the next question for its status hears; the last state stays."""
        return self.states[min(self.asked, len(self.states) - 1)]

    @property
    def is_deliverable(self) -> bool:
        """Whether it is delivered sooner or later; what is not may be sent once more."""
        return "DELIVERED" in self.states

    def told(self) -> dict[str, Any]:
        """As the page for testers lists it."""
        return {
            "id": self.id,
            "senderMessageId": self.sender_message_id,
            "serviceId": self.service_id,
            "type": self.type,
            "correlationId": self.correlation_id,
            "count": self.count,
            "state": self.state,
        }


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message for a client, until it acknowledges it."""

    id: str
    values: dict[str, Any]
    """`messageInfo` and `messageData`."""
    copies: int


class SimulatedAsyncChannel:
    """Keeps messages by id. Safe to use from many threads.

    Args:
        contract: of the channel.
        meets: which scripted fault meets a call (serviceId, operation).
        deliver: takes what the bus sends to the client; `None`: the client asks for everything itself.
    """

    def __init__(
        self,
        contract: AsyncContract,
        meets: Callable[[str | None, str], Fault | None],
        deliver: BusDeliveries | None = None,
    ) -> None:
        self._contract = contract
        self._meets = meets
        self._deliver = deliver
        self.answers_requests = True
        """Whether each REQUEST that is delivered gets a RESPONSE, which says no more than that it was accepted."""
        self.knows_senders_ids = True
        """Whether it can be asked for a message by the sender's id too, or by its own alone."""
        self._lock = threading.Lock()
        self._received: dict[str, Received] = {}
        """By the bus's id."""
        self._by_senders_id: dict[str, Received] = {}
        self._waiting: dict[str, Waiting] = {}
        self.acknowledged: Counter[str] = Counter()
        """Ids of messages for a client → how many times it said that it has them."""

    @property
    def received(self) -> list[Received]:
        """What came, each message once, in the order in which the bus took them.

        One that could not be delivered, and came again, stands where it came again.
        """
        with self._lock:
            return list(self._received.values())

    def forget(self) -> None:
        """As if nothing had come."""
        with self._lock:
            self._received.clear()
            self._by_senders_id.clear()
            self._waiting.clear()
            self.acknowledged.clear()

    def answer(self, message: Element, fault: Fault | None) -> Element:
        """The envelope that answers a valid operation."""
        operation, request = etree.QName(message).localname, message[0]
        handle = {
            "sendMessage": lambda asked: self._send(asked, fault),
            "getMessages": self._messages,
            "getMessageStatus": self._status,
            "sendDeliveryNotification": self._acknowledge,
        }[operation]
        try:
            return self._contract.answer(operation, handle(request))
        except UnknownMessageError as error:
            return self._contract.fault(operation, "UNKNOWN_MESSAGE", f"Сообщение не найдено: {error}")

    def service_of(self, message: Element) -> str | None:
        """The serviceId that an operation is about: what it says, or that of the message it asks about."""
        said = message.findtext(".//serviceId")
        asked = message.findtext(".//messageId")
        with self._lock:
            known = self._known(asked)
        return said or (None if known is None else known.service_id)

    def post(self, service_id: str, kind: str, data: Element, correlation_id: str | None = None) -> str:
        """Sends a message to the client, or keeps it until it is asked for; its id."""
        message_id = str(uuid4())
        info = {
            "messageId": message_id,
            "correlationId": correlation_id or message_id,
            "serviceId": service_id,
            "messageType": kind,
            "messageDate": datetime.now(UTC),
            "sender": _BUS,
            "sessionId": session_id(),
        }
        values = {"messageInfo": info, "messageData": {"data": data}}
        fault = self._meets(service_id, DELIVER)
        with self._lock:
            self._waiting[message_id] = Waiting(message_id, values, _copies(fault))
        self._call("sendMessage", values, fault)
        return message_id

    def _send(self, request: Element, fault: Fault | None) -> dict[str, Any]:
        deed = None if fault is None else fault.deed
        states = (deed.statuses if deed else None) or ("DELIVERED",)
        message = _read(request, states)
        if fault is None or fault.word != "lost":
            with self._lock:
                message, is_taken = self._kept(message)
            if is_taken:
                self._work_on(message)
        return {
            "messageId": message.id,
            "correlationId": message.correlation_id,
            "responseDate": datetime.now(UTC),
            "sessionId": session_id(),
        }

    def _kept(self, message: Received) -> tuple[Received, bool]:
        """(the message as it is kept, whether the bus is to deliver it): what it has delivered only counts."""
        known = self._by_senders_id.get(message.sender_message_id or "")
        if known is None:
            self._received[message.id] = message
            if message.sender_message_id is not None:
                self._by_senders_id[message.sender_message_id] = message
            return message, True
        known.count += 1
        if known.is_deliverable:
            return known, False
        known.states, known.asked = message.states, 0
        self._received[known.id] = self._received.pop(known.id)
        return known, True

    def _known(self, called: str | None) -> Received | None:
        """The message of the bus's or the sender's id."""
        of_sender = self._by_senders_id.get(called or "") if self.knows_senders_ids else None
        return self._received.get(called or "") or of_sender

    def _work_on(self, message: Received) -> None:
        """Tells what becomes of a message, and answers a request."""
        if self._deliver is not None:
            for state in message.states:
                self._tell(message, state)
        if self.answers_requests and message.type == "REQUEST" and message.is_deliverable:
            self.post(message.service_id, "RESPONSE", etree.Element(_ACCEPTED), message.correlation_id)

    def _status(self, request: Element) -> dict[str, Any]:
        asked = request.findtext("messageId", "")
        with self._lock:
            found = self._known(asked)
            if found is None:
                raise UnknownMessageError(asked)
            state = found.state
            found.asked += 1
        return {
            "messageState": state,
            "status": _status(state),
            "responseDate": datetime.now(UTC),
            "sessionId": session_id(),
        }

    def _messages(self, request: Element) -> dict[str, Any]:
        wanted = {name: request.findtext(name) for name in ("messageId", "correlationId", "serviceId")}
        amount = int(request.findtext("amount") or 0)
        with self._lock:
            found = [
                waiting.values
                for waiting in self._waiting.values()
                if all(
                    value in {None, "", waiting.values["messageInfo"][name]} for name, value in wanted.items()
                )
                for _ in range(waiting.copies)
            ]
        return {
            "responseDate": datetime.now(UTC),
            "sessionId": session_id(),
            "messages": found[: amount or len(found)],
        }

    def _acknowledge(self, request: Element) -> dict[str, Any]:
        message_id = request.findtext("notification/messageId", "")
        again = request.findtext("notification/deliveryStatus/resendMessage") == "RESEND"
        with self._lock:
            self.acknowledged[message_id] += 1
            if not again:
                self._waiting.pop(message_id, None)
        return {
            "notificationId": str(uuid4()),
            "responseDate": datetime.now(UTC),
            "sessionId": session_id(),
        }

    def _tell(self, message: Received, state: State) -> None:
        notification = {
            "notificationId": str(uuid4()),
            "messageId": message.id,
            "notificationDate": datetime.now(UTC),
            "messageState": state,
            "status": _status(state),
        }
        values = {"notification": notification, "requestDate": datetime.now(UTC), "sessionId": session_id()}
        self._call("changeMassageStatusNotification", values, self._meets(message.service_id, DELIVER))

    def _call(self, operation: str, values: dict[str, Any], fault: Fault | None) -> None:
        if self._deliver is not None:
            envelope = self._contract.to_client(operation, values)
            for _ in range(_copies(fault)):
                self._deliver(envelope, spoilt=fault is not None and fault.word == "wrong-signature")


def _copies(fault: Fault | None) -> int:
    return 2 if fault is not None and fault.word == "duplicate" else 1


def _read(request: Element, states: tuple[State, ...]) -> Received:
    """A message as it comes."""
    properties = {x.findtext("key"): x.findtext("value") for x in request.iterfind("messageInfo/properties")}
    bus_id = str(uuid4())
    data = request.find("messageData/data")
    document = data if data is None or not len(data) else data[0]
    return Received(
        id=bus_id,
        sender_message_id=properties.get(SENDERS_ID),
        service_id=request.findtext("messageInfo/serviceId", ""),
        type=request.findtext("messageInfo/messageType", ""),
        correlation_id=request.findtext("messageInfo/correlationId") or bus_id,
        data=b""
        if document is None
        else etree.tostring(document, method="c14n", exclusive=True, with_tail=False),
        states=states,
    )


def _status(state: State) -> dict[str, Any]:
    return {"statusCode": state, "statusMessage": _TEXTS[state], "statusDate": datetime.now(UTC)}
