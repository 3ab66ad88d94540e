"""Answers and faults as bytes: texts of the codes, envelopes, the service's signature."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from esutd_bus.answer_signers import Sign
from esutd_bus.passage import Channel, Passage
from esutd_bus.register import answer_codes
from esutd_bus.register.event import Accepted
from esutd_bus.register.refusal import Refusal
from esutd_bus.signature.keys import KeyUnavailableError
from esutd_bus.soap.fault import FaultError, RegisterFault
from esutd_bus.store.ids import uuid7
from esutd_bus.store.journal import Record
from esutd_bus.store.work import StoredAnswer
from esutd_bus.wrapping import (
    BUSY,
    DIRECT,
    FAULT,
    LATER,
    Blame,
    Told,
    Wrapped,
    fault_text,
    is_bare,
    unwrapped,
)

_log = structlog.get_logger(__name__)

SERVER_CODES = frozenset({"ESB007", "ESB008", "ESB009", "ESB099"})
"""Not the sender's fault: `soap:Server`, never stored as an answer, worth another try."""


RETRY_AFTER_SECONDS = 2
_RETRY = (("Retry-After", str(RETRY_AFTER_SECONDS)),)


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
        told = Told(body)
        wrapped = _wrapped(passage, told)
        return _record(passage, self._signed(wrapped, passage.correspondent), told.code)

    def fault(self, passage: Passage, refusals: Sequence[Refusal]) -> Record:
        """The fault that carries every refusal, in the order of the message."""
        told = self._told(refusals, passage.id, passage.request_id)
        wrapped = _wrapped(passage, told)
        return _record(passage, self._signed_if_possible(wrapped, passage.correspondent), told.code)

    def again(self, passage: Passage, stored: StoredAnswer) -> Record:
        """The answer of before, byte for byte; around it may stand something else than then, signed anew.

        Raises `KeyUnavailableError`.
        """
        if passage.wrapping.is_direct and is_bare(stored.body):
            return _record(passage, Wrapped(stored.status, stored.body), stored.code)
        told = unwrapped(stored.body, stored.code)
        return _record(passage, self._signed(_wrapped(passage, told), passage.correspondent), told.code)

    def acknowledgement(self, passage: Passage, code: str, before: Any = None) -> Record:
        """What goes back at once where the answer goes later. `before`: what was kept when the same came first.

        Raises `KeyUnavailableError`.
        """
        envelope = passage.wrapping.acknowledgement(passage.record, before)
        return _record(passage, self._signed(Wrapped(200, envelope), passage.correspondent), code)

    def over_http(self, record: Record) -> Answer:
        """A record of the journal as it goes back to the sender."""
        status = record.status or FAULT
        return Answer(
            status=status,
            body=record.body,
            code=record.code or "",
            headers=_RETRY if status == BUSY else (),
            operation=record.operation,
            correlation_id=record.reply_to,
        )

    def transport_fault(self, status: int, code: str, reason: str, channel: Channel | None = None) -> Answer:
        """A fault of HTTP itself, said as a SOAP fault, in the words of the channel it came by."""
        asked = Record(uuid7(), "in", datetime.now(UTC), "", "", b"")
        told = self._told([Refusal(code, reason=reason)], asked.id, None)
        wrapping = DIRECT if channel is None else channel.wrapping
        wrapped = self._signed_if_possible(wrapping.wrap(told, asked, verified=False), None)
        headers = _RETRY if status == BUSY else ()
        return Answer(status, wrapped.envelope, code, headers, correlation_id=asked.id)

    def _told(self, refusals: Sequence[Refusal], correlation_id: UUID, request_id: UUID | None) -> Told:
        errors = [_error(refusal) for refusal in refusals]
        detail = self._register_fault.encode(correlation_id, errors, str(request_id) if request_id else None)
        first = errors[0]
        text = fault_text(first.code, first.message_ru, len(errors))
        return Told(detail, first.code, text, first.reason, blame(refusals))

    def _signed_if_possible(self, wrapped: Wrapped, sender: str | None) -> Wrapped:
        try:
            return self._signed(wrapped, sender)
        except KeyUnavailableError as error:
            # No sender is left without an answer; a fault without a signature acknowledges nothing.
            _log.error("fault_not_signed", reason=str(error))
            return wrapped

    def _signed(self, wrapped: Wrapped, sender: str | None) -> Wrapped:
        sign = None if wrapped.later else self._signer_of(sender)
        return wrapped._replace(envelope=sign(wrapped.envelope)) if sign else wrapped


def _wrapped(passage: Passage, told: Told) -> Wrapped:
    return passage.wrapping.wrap(told, passage.record, verified=passage.correspondent is not None)


def _record(passage: Passage, wrapped: Wrapped, code: str) -> Record:
    asked = passage.record
    return Record(
        id=uuid7(),
        direction="out",
        recorded_at=datetime.now(UTC),
        channel=LATER if wrapped.later else asked.channel,
        service=asked.service,
        body=wrapped.envelope,
        reply_to=asked.id,
        operation=asked.operation,
        sender=asked.sender,
        status=wrapped.status,
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
