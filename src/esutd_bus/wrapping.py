"""What stands around an answer: a SOAP envelope alone, or the bus's own around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

from lxml import etree

from esutd_bus.register.answer_codes import SUCCESS
from esutd_bus.register.event import Event
from esutd_bus.soap.envelope import answer_envelope, fault_envelope
from esutd_bus.store.journal import Record

Blame = Literal["Client", "Server"]

BUSY = 503
FAULT = 500
LATER = "later"
"""The journal's channel of an answer that does not go back over the connection its question came by."""


class Told(NamedTuple):
    """What an answer says, whatever will stand around it."""

    content: bytes
    """An element in bytes: the operation's answer, or a `RegisterFault`."""

    code: str = SUCCESS
    """`SCSS001`, or the first of the fault's codes."""

    text: str = ""
    """Of a fault: its first code and text, and how many there are."""

    reason: str | None = None
    """Of a fault: the first one's reason."""

    blame: Blame | None = None
    """Whose fault it is; None of an answer that is none."""


class Wrapped(NamedTuple):
    """An answer in its envelope."""

    status: int
    """Of HTTP."""

    envelope: bytes
    later: bool = False
    """It does not go back over this connection; what does is an acknowledgement."""


class Wrapping(Protocol):
    """What stands around the answer to one message."""

    @property
    def is_direct(self) -> bool:
        """Whether it is an envelope and nothing else, so that an answer of before may go out byte for byte."""

    def wrap(self, told: Told, asked: Record, *, verified: bool) -> Wrapped:
        """The envelope around an answer. `verified`: whether it is known who has asked."""

    def delivery(self, correspondent: str | None) -> tuple[str, str] | None:
        """(who brought it, by which id), where the same delivery must have one effect however often it comes."""

    def kept(self, asked: Record, answer: Record, correspondent: str | None) -> Sequence[Event]:
        """What is kept of the message beside its effect, and what is to be sent because of it."""

    def acknowledgement(self, asked: Record, before: Any) -> bytes:
        """The envelope that says that the message has arrived. `before`: what was kept when it came first."""


class NothingBeside:
    """What a wrapping is that adds nothing to a message's effect: the answer goes back, and that is all."""

    def delivery(self, correspondent: str | None) -> None:
        """None: the requestId alone tells requests apart."""

    def kept(self, asked: Record, answer: Record, correspondent: str | None) -> Sequence[Event]:
        """Nothing."""
        del asked, answer, correspondent
        return ()

    def acknowledgement(self, asked: Record, before: Any) -> bytes:
        """Never: the answer itself goes back."""
        raise NotImplementedError


class _Direct(NothingBeside):
    """Straight from a sender to a service, and back."""

    is_direct = True

    def wrap(self, told: Told, asked: Record, *, verified: bool) -> Wrapped:
        """An answer, or a fault with its detail."""
        del asked, verified
        if told.blame is None:
            return Wrapped(200, answer_envelope(told.content))
        status = BUSY if told.code == "ESB009" else FAULT
        return Wrapped(status, fault_envelope(told.blame, told.text, told.content))


DIRECT = _Direct()

_DATA_IN = re.compile(rb"<responseData><data>(.*)</data></responseData>", re.DOTALL)
_DETAIL_IN = re.compile(rb"</faultstring><detail>(.*)</detail>", re.DOTALL)
_BODY_IN = re.compile(rb"<soap:Body[^>]*>(.*)</soap:Body>", re.DOTALL)


def is_bare(envelope: bytes) -> bool:
    """Whether an envelope of ours has nothing of the bus's around the answer."""
    return _DATA_IN.search(envelope) is None


def unwrapped(envelope: bytes, code: str) -> Told:
    """What an envelope of ours says, whatever stands around it. `code`: the answer's, or the first of the fault's."""
    found = _DATA_IN.search(envelope) or _DETAIL_IN.search(envelope) or _BODY_IN.search(envelope)
    if found is None:
        raise ValueError("not an envelope of this service")
    content = found[1]
    if code == SUCCESS:
        return Told(content)
    errors = etree.fromstring(content).findall("{*}error")
    text = fault_text(code, errors[0].findtext("{*}messageRu", ""), len(errors))
    return Told(content, code, text, errors[0].findtext("{*}reason"), "Client")


def fault_text(code: str, message: str, count: int) -> str:
    """What a fault says in one line, where several errors are told."""
    more = f" (ошибок всего: {count})" if count > 1 else ""
    return f"{code}: {message}{more}"
