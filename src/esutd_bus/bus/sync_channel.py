"""The synchronous channel, `/shep/sync`: the answer goes back inside of `SendMessageResponse`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from esutd_bus.bus.channel import BusChannel
from esutd_bus.bus.faults import BUSES_OWN, error_info
from esutd_bus.bus.rows import message_row
from esutd_bus.passage import Opened, Passage
from esutd_bus.register import answer_codes
from esutd_bus.soap.envelope import answer_envelope
from esutd_bus.soap.lexical import escape, only_xml_text
from esutd_bus.wrapping import Wrapped

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from esutd_bus.bus.wrapper import Wrapper
    from esutd_bus.register.event import Event
    from esutd_bus.store.journal import Record
    from esutd_bus.wrapping import Told

STATUS_MESSAGE_LENGTH = 250
"""What the bus takes as `status/message`; the whole text is in the data."""


class SyncChannel(BusChannel):
    """`SendMessage`."""

    def _open(self, wrapper: Wrapper, element: Element, passage: Passage) -> Opened:
        passage.wrapping = SyncWrapping(wrapper)
        return self._asked(wrapper, wrapper.text("requestInfo/serviceId") or "", element)


class SyncWrapping:
    """Around the answer to one `SendMessage`. A refusal is a status like success is, with its data."""

    is_direct = False

    def __init__(self, wrapper: Wrapper) -> None:
        self._wrapper = wrapper

    def wrap(self, told: Told, asked: Record, *, verified: bool) -> Wrapped:
        """`SendMessageResponse`; an `ErrorInfo` where the service itself has failed."""
        del verified
        wrapper, now = self._wrapper, datetime.now(UTC)
        if told.code in BUSES_OWN:
            return error_info(told, wrapper.operation, wrapper.session_id, now)
        text = told.text.removeprefix(f"{told.code}: ") or answer_codes.text(told.code).ru
        info = "".join(
            f"<{name}>{escape(value)}</{name}>"
            for name, value in (
                ("messageId", str(asked.id)),
                ("correlationId", wrapper.text("requestInfo/correlationId")),
                ("responseDate", now.isoformat()),
            )
            if value is not None
        )
        session = wrapper.session_in_braces
        ending = "" if session is None else f"<sessionId>{session}</sessionId>"
        element = f"bus:{wrapper.operation.response}"
        before = (
            f'<{element} xmlns:bus="{wrapper.operation.namespace}"><response><responseInfo>{info}<status>'
            f"<code>{told.code}</code><message>{escape(only_xml_text(shortened(text)))}</message></status>{ending}</responseInfo>"
            "<responseData><data>"
        )
        after = f"</data></responseData></response></{element}>"
        return Wrapped(200, answer_envelope(b"".join((before.encode(), told.content, after.encode()))))

    def delivery(self, correspondent: str | None) -> None:
        """None: who asks and waits asks again by the same requestId."""

    def kept(self, asked: Record, answer: Record, correspondent: str | None) -> Sequence[Event]:
        """What the wrapper says."""
        del answer
        row = message_row(self._wrapper, "requestInfo", asked, correspondent)
        return (row,)

    def acknowledgement(self, asked: Record, before: Any) -> bytes:
        """Never: the answer itself goes back."""
        raise NotImplementedError


def shortened(text: str) -> str:
    """A text as long as a status may be."""
    return text if len(text) <= STATUS_MESSAGE_LENGTH else f"{text[: STATUS_MESSAGE_LENGTH - 1]}…"
