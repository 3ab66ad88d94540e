"""Faults in the bus's own words: `ErrorInfo` in the detail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esutd_bus.bus.wrapper import in_braces
from esutd_bus.soap.envelope import fault_envelope
from esutd_bus.soap.lexical import escape, only_xml_text
from esutd_bus.wrapping import BUSY, FAULT, Told, Wrapped

if TYPE_CHECKING:
    from datetime import datetime

    from esutd_bus.bus.channel_contract import ChannelOperation

BUSES_OWN = frozenset({"ESB009", "ESB099"})
"""Where this service itself has failed, the bus is told so, in a fault, and may try again: no answer was made."""


def error_info(told: Told, operation: ChannelOperation, session_id: str | None, now: datetime) -> Wrapped:
    """The fault of an operation of a channel. `session_id`: without braces."""
    text = only_xml_text(told.text.removeprefix(f"{told.code}: "))
    data = "" if told.reason is None else f"<errorData>{escape(only_xml_text(told.reason))}</errorData>"
    session = "" if session_id is None else f"<sessionId>{in_braces(session_id)}</sessionId>"
    detail = (
        f'<bus:{operation.fault} xmlns:bus="{operation.namespace}"><errorCode>{told.code}</errorCode>'
        f"<errorMessage>{escape(text)}</errorMessage>{data}<errorDate>{now.isoformat()}</errorDate>{session}"
        f"</bus:{operation.fault}>"
    )
    status = BUSY if told.code == "ESB009" else FAULT
    return Wrapped(status, fault_envelope(told.blame or "Server", told.text, detail.encode()))
