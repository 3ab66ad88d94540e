"""Answers and faults as bytes: texts of the codes, envelopes, the service's signature."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from esutd_bus.register import answer_codes
from esutd_bus.register.event import Accepted
from esutd_bus.register.refusal import Refusal
from esutd_bus.soap.envelope import answer_envelope, fault_envelope
from esutd_bus.soap.fault import FaultError, RegisterFault

Sign = Callable[[bytes], bytes]
Blame = Literal["Client", "Server"]

SERVER_CODES = frozenset({"ESB007", "ESB008", "ESB009", "ESB099"})
"""Not the sender's fault: `soap:Server`, never stored as an answer, worth another try."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    body: bytes
    """A whole SOAP envelope."""

    code: str = answer_codes.SUCCESS
    """`SCSS001`, or the first of the fault's codes."""

    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "text/xml; charset=utf-8"
    operation: str | None = None
    correlation_id: UUID | None = None
    """The journal's id of the message, as the receipt or the fault tells it."""


class Answers:
    """Makes the envelopes that leave."""

    def __init__(self, register_fault: RegisterFault, sign: Sign | None) -> None:
        self._register_fault = register_fault
        self._sign = sign

    def success(self, body: bytes) -> bytes:
        """The envelope of an answer's body element."""
        return self._signed(answer_envelope(body))

    def fault(self, refusals: Iterable[Refusal], correlation_id: UUID, request_id: UUID | None) -> bytes:
        """The envelope of a fault that carries every refusal (design: faults)."""
        told = list(refusals)
        errors = [_error(refusal) for refusal in told]
        detail = self._register_fault.encode(correlation_id, errors, str(request_id) if request_id else None)
        more = f" (ошибок всего: {len(errors)})" if len(errors) > 1 else ""
        text = f"{errors[0].code}: {errors[0].message_ru}{more}"
        return self._signed(fault_envelope(blame(told), text, detail))

    def _signed(self, envelope: bytes) -> bytes:
        return self._sign(envelope) if self._sign else envelope


def blame(refusals: Iterable[Refusal]) -> Blame:
    """Whose fault it is: `Server` as soon as one of the refusals is ours or an upstream's silence."""
    return "Server" if any(refusal.code in SERVER_CODES for refusal in refusals) else "Client"


def receipt(accepted: Accepted) -> Mapping[str, Any]:
    """The source `receipt` of an answer's mapping: code, text, deadline, warnings."""
    row: dict[str, Any] = {
        "code": answer_codes.SUCCESS,
        "message": answer_codes.text(answer_codes.SUCCESS).ru,
    }
    if accepted.deadline is not None:
        row["due_on"] = accepted.deadline.due_on
        row["days_late"] = accepted.deadline.days_late
        if accepted.deadline.warning is not None:
            row["warnings"] = [_warning(accepted.deadline.warning)]
    return row


def _warning(code: str) -> dict[str, str]:
    text = answer_codes.text(code)
    return {"code": code, "message_ru": text.ru, "message_kk": text.kk, "message_en": text.en}


def _error(refusal: Refusal) -> FaultError:
    text = answer_codes.text(refusal.code)
    return FaultError(
        code=refusal.code,
        message_ru=text.ru,
        message_kk=text.kk,
        message_en=text.en,
        reason=refusal.reason,
        field=refusal.path,
        upstream_code=refusal.upstream_code,
        upstream_message=refusal.upstream_message,
    )
