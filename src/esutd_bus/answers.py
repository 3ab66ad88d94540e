"""Answers and faults as bytes: texts of the codes, envelopes, the service's signature."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import structlog

from esutd_bus.answer_signers import Sign
from esutd_bus.passage import Passage
from esutd_bus.register import answer_codes
from esutd_bus.register.event import Accepted
from esutd_bus.register.refusal import Refusal
from esutd_bus.signature.keys import KeyUnavailableError
from esutd_bus.soap.envelope import answer_envelope, fault_envelope
from esutd_bus.soap.fault import FaultError, RegisterFault
from esutd_bus.store.ids import uuid7
from esutd_bus.store.journal import Record
from esutd_bus.store.work import StoredAnswer

Blame = Literal["Client", "Server"]

_log = structlog.get_logger(__name__)

SERVER_CODES = frozenset({"ESB007", "ESB008", "ESB009", "ESB099"})
"""Not the sender's fault: `soap:Server`, never stored as an answer, worth another try."""


RETRY_AFTER_SECONDS = 2
_RETRY = (("Retry-After", str(RETRY_AFTER_SECONDS)),)
_FAULT = 500
_BUSY = 503


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
    """Makes what leaves: as records for the journal, and from these what goes over HTTP."""

    def __init__(self, register_fault: RegisterFault, signer_of: Callable[[str | None], Sign | None]) -> None:
        """`signer_of`: what signs the answers to a sender (none: one who is not known), if they are to be signed."""
        self._register_fault = register_fault
        self._signer_of = signer_of

    def success(self, passage: Passage, body: bytes) -> Record:
        """The answer whose body element is this. Raises `KeyUnavailableError`."""
        signed = self._signed(answer_envelope(body), passage.correspondent)
        return _record(passage, signed, 200, answer_codes.SUCCESS)

    def fault(self, passage: Passage, refusals: Sequence[Refusal]) -> Record:
        """The fault that carries every refusal, in the order of the message."""
        code = refusals[0].code
        status = _BUSY if code == "ESB009" else _FAULT
        fault = self._fault(refusals, passage.id, passage.request_id, passage.correspondent)
        return _record(passage, fault, status, code)

    def again(self, passage: Passage, stored: StoredAnswer) -> Record:
        """The answer of before, byte for byte."""
        return _record(passage, stored.body, stored.status, stored.code)

    def over_http(self, record: Record) -> Answer:
        """A record of the journal as it goes back to the sender."""
        status = record.status or _FAULT
        return Answer(
            status=status,
            body=record.body,
            code=record.code or "",
            headers=_RETRY if status == _BUSY else (),
            operation=record.operation,
            correlation_id=record.reply_to,
        )

    def transport_fault(self, status: int, code: str, reason: str) -> Answer:
        """A fault of HTTP itself, said as a SOAP fault."""
        correlation_id = uuid7()
        body = self._fault([Refusal(code, reason=reason)], correlation_id, None, None)
        headers = _RETRY if status == _BUSY else ()
        return Answer(status, body, code, headers, correlation_id=correlation_id)

    def _fault(
        self,
        refusals: Sequence[Refusal],
        correlation_id: UUID,
        request_id: UUID | None,
        correspondent: str | None,
    ) -> bytes:
        errors = [_error(refusal) for refusal in refusals]
        detail = self._register_fault.encode(correlation_id, errors, str(request_id) if request_id else None)
        more = f" (ошибок всего: {len(errors)})" if len(errors) > 1 else ""
        text = f"{errors[0].code}: {errors[0].message_ru}{more}"
        envelope = fault_envelope(blame(refusals), text, detail)
        try:
            return self._signed(envelope, correspondent)
        except KeyUnavailableError as error:
            # No sender is left without an answer; a fault without a signature acknowledges nothing.
            _log.error("fault_not_signed", reason=str(error))
            return envelope

    def _signed(self, envelope: bytes, sender: str | None) -> bytes:
        sign = self._signer_of(sender)
        return sign(envelope) if sign else envelope


def _record(passage: Passage, body: bytes, status: int, code: str) -> Record:
    asked = passage.record
    return Record(
        id=uuid7(),
        direction="out",
        recorded_at=datetime.now(UTC),
        channel=asked.channel,
        service=asked.service,
        body=body,
        reply_to=asked.id,
        operation=asked.operation,
        sender=asked.sender,
        status=status,
        code=code,
    )


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
            row["warnings"] = [answer_codes.told(accepted.deadline.warning)]
    return row


def _error(refusal: Refusal) -> FaultError:
    text = answer_codes.text(refusal.code)
    if refusal.words is not None:
        text = text.followed_by(refusal.words)
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
