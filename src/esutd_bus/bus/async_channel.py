"""The asynchronous channel as its client serves it, `/shep/async`: the bus delivers, and tells what became of ours.

    REQUEST      the service is asked; at once an acknowledgement goes back, later the answer, as a RESPONSE
    RESPONSE     an answer to what was asked by the bus: kept, for whoever waits for it
    …Status…     what became of a message of ours: kept, for the outbox

Whatever is acknowledged is durable, and has one effect however often it is delivered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from esutd_bus.bus.channel import BusChannel
from esutd_bus.bus.faults import BUSES_OWN, error_info
from esutd_bus.bus.rows import answer_notice, message_row, response, status_notice
from esutd_bus.bus.wrapper import BrokenWrapperError, in_braces, octets_of
from esutd_bus.passage import Opened, Passage
from esutd_bus.soap.envelope import answer_envelope
from esutd_bus.soap.lexical import escape
from esutd_bus.store.outbox_message import REQUEST, RESPONSE
from esutd_bus.wrapping import DIRECT, LATER, Wrapped

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from esutd_bus.bus.wrapper import Wrapper
    from esutd_bus.register.event import Event
    from esutd_bus.store.journal import Record
    from esutd_bus.wrapping import Told

_INFO = "messageInfo"


class AsyncChannelClient(BusChannel):
    """`sendMessage` and `changeMassageStatusNotification`, spelt as the bus spells it."""

    def _open(self, wrapper: Wrapper, element: Element, passage: Passage) -> Opened:
        if wrapper.operation.name != "sendMessage":
            passage.wrapping = StatusWrapping(wrapper)
            return Opened(self.contract.name, None)
        message_type = wrapper.text(f"{_INFO}/messageType")
        if message_type == RESPONSE:
            if wrapper.text(f"{_INFO}/correlationId") is None:
                raise BrokenWrapperError("ESB002", "a RESPONSE needs a correlationId", wrapper.session_id)
            passage.wrapping = ResponseWrapping(wrapper, octets_of(element))
            return Opened(self.contract.name, None)
        if message_type != REQUEST:
            reason = f"messageType {message_type} asks nothing of a service here"
            raise BrokenWrapperError("ESB003", reason, wrapper.session_id)
        passage.wrapping = RequestWrapping(wrapper)
        return self._asked(wrapper, wrapper.text(f"{_INFO}/serviceId") or "", element)


class _Acknowledged:
    """What is acknowledged at once; where that cannot be, the bus is told by a fault, and may deliver again."""

    is_direct = False
    id_path = f"{_INFO}/messageId"

    def __init__(self, wrapper: Wrapper) -> None:
        self._wrapper = wrapper

    def wrap(self, told: Told, asked: Record, *, verified: bool) -> Wrapped:
        """An `ErrorInfo`."""
        del asked, verified
        return error_info(told, self._wrapper.operation, self._wrapper.session_id, datetime.now(UTC))

    def delivery(self, correspondent: str | None) -> tuple[str, str] | None:
        """By the bus's own id of what it delivers; what bears none is new each time."""
        known = self._wrapper.text(self.id_path)
        if correspondent is None or known is None:
            return None
        return correspondent, f"{self._wrapper.operation.name} {known}"

    def acknowledgement(self, asked: Record, before: Mapping[str, Any] | None) -> bytes:
        """The ids of the message, and when it was acknowledged."""
        wrapper = self._wrapper
        fields = [*self._told(asked, before), ("responseDate", datetime.now(UTC).isoformat())]
        if (session := self._session()) is not None:
            fields.append(("sessionId", session))
        element = f"bus:{wrapper.operation.response}"
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields)
        return answer_envelope(
            f'<{element} xmlns:bus="{wrapper.operation.namespace}"><response>{inner}</response></{element}>'.encode()
        )

    def _told(self, asked: Record, before: Mapping[str, Any] | None) -> Sequence[tuple[str, str]]:
        """The bus's own ids; of a message that bore none, ours."""
        first = str(before["message_id"] if before else asked.id)
        message_id = self._wrapper.text(f"{_INFO}/messageId") or first
        return [
            ("messageId", message_id),
            ("correlationId", self._wrapper.text(f"{_INFO}/correlationId") or message_id),
        ]

    def _session(self) -> str | None:
        return self._wrapper.session_in_braces

    def _delivered(self, correspondent: str | None) -> str | None:
        found = self.delivery(correspondent)
        return None if found is None else found[1]


class RequestWrapping(_Acknowledged):
    """Around the answer to a REQUEST: of one who is known, it goes later; a stranger's is refused at once."""

    def wrap(self, told: Told, asked: Record, *, verified: bool) -> Wrapped:
        """The answer as a direct one would be, to be sent later; or an `ErrorInfo`."""
        if not verified or told.code in BUSES_OWN:
            return super().wrap(told, asked, verified=verified)
        wrapped = DIRECT.wrap(told, asked, verified=verified)
        return Wrapped(wrapped.status, wrapped.envelope, later=True)

    def kept(self, asked: Record, answer: Record, correspondent: str | None) -> Sequence[Event]:
        """What the wrapper says; and the answer to be sent, if it is one."""
        later = answer.channel == LATER
        delivery = self._delivered(correspondent) if later else None
        row = message_row(self._wrapper, _INFO, asked, correspondent, delivery)
        if not later:
            return (row,)
        ((_, _), (_, correlation_id)) = self._told(asked, None)
        return row, response(self._wrapper, asked, answer, correlation_id)


class ResponseWrapping(_Acknowledged):
    """Around the acknowledgement of a RESPONSE."""

    def __init__(self, wrapper: Wrapper, answer: bytes) -> None:
        super().__init__(wrapper)
        self._answer = answer

    def kept(self, asked: Record, answer: Record, correspondent: str | None) -> Sequence[Event]:
        """What it says, and the answer: the correlationId tells who waits for it."""
        if answer.status != 200:  # noqa: PLR2004  # HTTP
            return ()
        row = message_row(self._wrapper, _INFO, asked, correspondent, self._delivered(correspondent))
        return row, answer_notice(self._wrapper, asked, self._answer)


class StatusWrapping(_Acknowledged):
    """Around the acknowledgement of a `changeMassageStatusNotification`."""

    id_path = "notification/notificationId"

    def kept(self, asked: Record, answer: Record, correspondent: str | None) -> Sequence[Event]:
        """What became of a message of ours; nothing of a notification that is refused."""
        if answer.status != 200:  # noqa: PLR2004  # HTTP
            return ()
        delivery = self._delivered(correspondent)
        row = message_row(self._wrapper, "notification", asked, correspondent, delivery)
        return row, status_notice(self._wrapper, asked)

    def _told(self, asked: Record, before: Mapping[str, Any] | None) -> Sequence[tuple[str, str]]:
        del asked, before
        return []

    def _session(self) -> str:
        return in_braces(self._wrapper.session_id)
