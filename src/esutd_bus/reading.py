"""The way in: from bytes to a command of the register."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from esutd_bus.lockstep import Lockstep, Steps
from esutd_bus.mapping.compile import MappedOperation
from esutd_bus.mapping.entries import EntryMapping
from esutd_bus.mapping.request_mapping import Landed
from esutd_bus.passage import Channel, MessageRefused, Opened, Passage, Request
from esutd_bus.register.answer_codes import AnswerText
from esutd_bus.register.command import Command, Entry
from esutd_bus.register.partners import Partners
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.speaker import Speaker
from esutd_bus.signature.explanation import explain
from esutd_bus.signature.payload import payload_digest
from esutd_bus.signature.profile import ALL_PROFILES, DOCUMENT
from esutd_bus.signature.reason import Reason
from esutd_bus.signature.report import MessageReport, SignatureRefused
from esutd_bus.signature.role import Role
from esutd_bus.signature.signer import Signer
from esutd_bus.signature.verifier import VerifiedMessage, Verifier
from esutd_bus.soap.contract import ServiceContract
from esutd_bus.soap.envelope import Envelope, SoapError, open_envelope
from esutd_bus.soap.problem import Decoded
from esutd_bus.store.ids import uuid7
from esutd_bus.store.work import RequestKey
from esutd_bus.wrapping import DIRECT

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from lxml.etree import _Element as Element

STORED_READS_HOLD = timedelta(hours=24)


class DirectChannel:
    """Straight to a service: what is asked is the body's element."""

    name = "direct"
    wrapping = DIRECT

    def __init__(self, contract: ServiceContract) -> None:
        self.contract = contract

    def open(self, envelope: Envelope, passage: Passage) -> Opened:
        """The payload as it stands there."""
        del passage
        return Opened(self.contract.name, envelope.payload)

    def asked_in(self, envelope: Envelope) -> str:
        """The body's element."""
        return envelope.payload.tag

    def takes(self, tags: AbstractSet[str]) -> bool:
        """Whether one of these is an operation of the service."""
        return not tags.isdisjoint(self.contract.operations)


class Reader:
    """Opens, verifies, decodes and maps messages, in step; what it finds is noted on the passage."""

    def __init__(
        self,
        operations: Mapping[str, MappedOperation],
        verifier: Verifier,
        partners: Callable[[], Partners],
        reading: Lockstep,
    ) -> None:
        """`partners`: the entries in force; `reading`: what is being read, by whatever reader."""
        self._operations = operations
        self._verifier = verifier
        self._partners = partners
        self._reading = reading

    async def read(self, passage: Passage, channel: Channel, now: datetime) -> Request | Speaker:
        """What a message asks a service for; who speaks, where it asks none. Raises MessageRefused."""
        return await self._reading.do(self.reading(passage, channel, now))

    def reading(self, passage: Passage, channel: Channel, now: datetime) -> Steps[Request | Speaker]:
        """The same, stage by stage."""
        try:
            envelope = open_envelope(passage.record.body)
        except SoapError as error:
            raise MessageRefused(Refusal(error.code, reason=error.detail)) from error
        yield
        opened = channel.open(envelope, passage)
        payload = opened.payload
        if payload is None:
            message = yield from self._verify(passage, envelope, envelope.payload, ALL_PROFILES, now)
            return _speaker(message.signer)
        passage.record.service = opened.service
        operation = self._operations.get(payload.tag)
        if operation is None or operation.contract.service != opened.service:
            raise MessageRefused(Refusal("ESB003", reason=payload.tag))
        passage.record.operation = operation.contract.name
        message = yield from self._verify(passage, envelope, payload, operation.profiles, now)
        yield
        if opened.needs_document:
            self._require_document(passage, message)
        decoded = operation.contract.request_plan.decode(message.payload)
        yield
        return _request(passage, operation, message, decoded)

    def _require_document(self, passage: Passage, message: VerifiedMessage) -> None:
        entry = self._partners().entry(message.signer.employer_id)
        if DOCUMENT.name not in message.profiles and (entry is None or entry.document_required):
            detail = "the document has no signature of its own, and its sender's entry does not spare it one"
            raise _refused(passage, message.report.refused(Reason.ABSENT, detail))

    def _verify(
        self,
        passage: Passage,
        envelope: Envelope,
        payload: Element,
        accepted: Collection[str],
        now: datetime,
    ) -> Steps[VerifiedMessage]:
        try:
            message = yield from self._verifier.verification(envelope, now, accepted, payload)
        except SignatureRefused as refused:
            raise _refused(passage, refused.report) from refused
        report = message.report
        passage.record.report = report.to_dict()
        passage.record.sender = message.signer.employer_id
        passage.correspondent = (message.system or message.signer).employer_id
        for signature in report.signatures:
            signer = signature.signer
            if signer is not None and signature.profile not in self._partners().profiles_of(
                signer.employer_id
            ):
                detail = f"{signature.profile} is not accepted from its signer"
                raise _refused(passage, report.refused(Reason.PROFILE, detail))
        return message


def _refused(passage: Passage, report: MessageReport) -> MessageRefused:
    """The fault of a signature: its reason, and what the sender can do about it."""
    passage.record.report = report.to_dict()
    if report.reason is None:
        return MessageRefused(Refusal("SCSE001"))
    told = explain(report.reason)
    words = AnswerText(ru=told.ru, kk=told.kk, en=told.en)
    return MessageRefused(Refusal("SCSE001", reason=report.reason, words=words))


def _request(
    passage: Passage, operation: MappedOperation, message: VerifiedMessage, decoded: Decoded
) -> Request:
    many = operation.entries
    decoded, entries = many.split(decoded) if many is not None else (decoded, [])
    landed = operation.request.land(decoded.values, decoded.problems)
    passage.record.said = landed.values.pop("message", {})
    passage.request_id = passage.record.said.get("request_id")
    sender = message.signer.employer_id
    employer_path = operation.request.path_of("message.employer", decoded.values)
    _judge_sender(landed, passage.record.said.get("employer"), sender, employer_path)
    command = Command(
        operation=operation.command,
        values=landed.values,
        speaker=_speaker(
            message.signer,
            via=_speaker(message.system) if message.system else None,
            cosigners=tuple(map(_speaker, message.cosigners)) if message.cosigners else (),
        ),
        serves=operation.serves,
        message_id=passage.id,
        received_at=passage.record.recorded_at,
        new_id=uuid7(),
        refusals=tuple(landed.refusals),
        malformed=landed.malformed,
    )
    if many is not None:
        command = command._replace(entries=_entries(command, many, entries))
    if landed.refusals or passage.request_id is None:
        return Request(operation, command, key=None)
    key = RequestKey(
        sender=sender,
        request_id=passage.request_id,
        payload_sha256=payload_digest(message.payload),
        operation=f"{operation.contract.service}.{operation.contract.name}",
        keeps=STORED_READS_HOLD if operation.is_read else None,
    )
    return Request(operation, command, key)


def _entries(message: Command, many: EntryMapping, entries: Iterable[Landed]) -> tuple[Entry, ...]:
    """Each entry of a message as the command it would be alone."""
    return tuple(
        Entry(
            message._replace(
                operation=many.command,
                values=landed.values,
                new_id=uuid7(),
                refusals=tuple(landed.refusals),
                malformed=landed.malformed,
            ),
            partial(many.told, place),
        )
        for place, landed in enumerate(entries, start=1)
    )


def _speaker(signer: Signer, via: Speaker | None = None, cosigners: tuple[Speaker, ...] = ()) -> Speaker:
    return Speaker(
        number=signer.employer_id,
        person=signer.iin,
        roles=_words(signer.roles),
        certificate=signer.certificate,
        via=via,
        cosigners=cosigners,
    )


def _judge_sender(landed: Landed, employer: str | None, sender: str, employer_path: str | None) -> None:
    """The order of judgement: the form of the identifiers, then the signer against the employer.

    Who is not the employer learns nothing more, not even what else is wrong.
    """
    if employer == sender or (employer is None and not landed.misidentified):
        return
    if landed.misidentified:
        raise MessageRefused(*landed.misidentified)
    raise MessageRefused(Refusal("SCSE046", path=employer_path))


@lru_cache(maxsize=64)
def _words(roles: frozenset[Role]) -> frozenset[str]:
    return frozenset(role.value for role in roles)
