"""The way of a message: bytes in, an answer out; each step once, each in its own room.

    bytes ─ envelope ─ signature ─ schema ─ mapping ─ decide ─ store ─ mapping ─ envelope ─ bytes

The engine knows every room below it and does none of their work. It never raises: whatever happens, the sender
gets an answer, and an answer leaves only when what it tells is durable.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog

from esutd_bus.answers import Answer, Answers, receipt
from esutd_bus.mapping.compile import MappedOperation
from esutd_bus.mapping.request_mapping import Landed
from esutd_bus.register.command import Command
from esutd_bus.register.decide import decide, needs
from esutd_bus.register.event import Refused
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rulebook import Rulebook
from esutd_bus.register.state import State
from esutd_bus.signature.payload import payload_digest
from esutd_bus.signature.report import SignatureRefused
from esutd_bus.signature.verifier import VerifiedMessage, Verifier
from esutd_bus.soap.contract import ServiceContract, ServiceContracts
from esutd_bus.soap.envelope import SoapError, open_envelope
from esutd_bus.store.ids import uuid7
from esutd_bus.store.journal import Record
from esutd_bus.store.store import Store
from esutd_bus.store.work import Outcome, RequestKey, StoredAnswer, StoreRejected, StoreUnavailable, Work

STORED_READS_HOLD = timedelta(hours=24)
RETRY_AFTER_SECONDS = 2

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as the edge hands it over."""

    service_path: str
    """The path of a service (`/soap/contracts`)."""

    body: bytes
    channel: str = "direct"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a registry said, and the bytes that were exchanged for it."""

    value: Any = None
    refusal: Refusal | None = None
    """Why there is no value, where the registry failed or refused."""

    records: Sequence[Record] = ()


Port = Callable[[str, UUID], Awaitable[Fetched]]
"""Asks a registry by a key, on behalf of the message with this id."""


class Clock(Protocol):
    """The present, for rules and certificates."""

    def __call__(self) -> datetime:
        """An instant with zone."""


class MessageRefused(Exception):  # noqa: N818  # an outcome, not a mistake of ours
    """A message ends here with a fault that no retry of the same message is bound to."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(", ".join(refusal.code for refusal in refusals))
        self.refusals = refusals


@dataclass(slots=True)
class Passage:
    """What is known of a message on its way; grows from room to room."""

    record: Record
    request_id: UUID | None = None
    records: list[Record] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        """The journal's id: `messageId` of the receipt, `correlationId` of a fault."""
        return self.record.id


@dataclass(frozen=True, slots=True)
class Request:
    """A verified, decoded message: what the store is asked to do."""

    operation: MappedOperation
    command: Command
    key: RequestKey | None
    """None where the message did not pass the schema: no answer is bound to its requestId."""

    fetched: Mapping[str, Any] = field(default_factory=dict)


class Engine:
    """One per process; used by one event loop."""

    def __init__(
        self,
        *,
        contracts: ServiceContracts,
        operations: Mapping[str, MappedOperation],
        verifier: Verifier,
        answers: Answers,
        store: Store,
        ports: Mapping[str, Port],
        rulebook: Callable[[], Rulebook],
        clock: Clock,
    ) -> None:
        self.contracts = contracts
        self._operations = operations
        self._verifier = verifier
        self._answers = answers
        self._store = store
        self._ports = ports
        self._rulebook = rulebook
        self._clock = clock

    async def handle(self, incoming: Incoming) -> Answer:
        """The answer to a message. Never raises."""
        service = self.contracts.by_path[incoming.service_path]
        passage = Passage(
            Record(
                id=uuid7(),
                direction="in",
                recorded_at=datetime.now(UTC),
                channel=incoming.channel,
                service=service.name,
                body=incoming.body,
            )
        )
        try:
            return await self._pass(passage, service)
        except StoreUnavailable:
            return self._answer(passage, self._fault(passage, [Refusal("ESB009")], status=503))
        except Exception as error:
            # The type alone: an exception's text may quote the message.
            _log.exception("internal error", correlation_id=str(passage.id), error=type(error).__name__)
            return self._answer(passage, self._fault(passage, [Refusal("ESB099")]))

    async def _pass(self, passage: Passage, service: ServiceContract) -> Answer:
        try:
            request = await self._fetch(passage, self._read(passage, service))
        except MessageRefused as refused:
            answer = self._fault(passage, refused.refusals)
            work = Work([passage.record, *passage.records], lambda _state, _stored: Outcome(answer))
        else:
            work = Work(
                [passage.record, *passage.records],
                lambda state, stored: self._decide(passage, request, state, stored),
                employer=request.command.employer,
                needs=needs(request.command),
                key=request.key,
            )
        try:
            outcome = await self._store.submit(work)
        except StoreRejected:
            answer = self._fault(passage, [Refusal("ESB099")])
            outcome = await self._store.submit(Work(work.records, lambda _state, _stored: Outcome(answer)))
        return self._answer(passage, outcome.answer)

    def _read(self, passage: Passage, service: ServiceContract) -> Request:
        """From bytes to a command. Raises MessageRefused."""
        now = self._clock()
        try:
            envelope = open_envelope(passage.record.body)
        except SoapError as error:
            raise MessageRefused(Refusal(error.code, reason=error.detail)) from error
        operation = self._operations.get(envelope.payload.tag)
        if operation is None or operation.contract.service != service.name:
            raise MessageRefused(Refusal("ESB003", reason=envelope.payload.tag))
        passage.record.operation = operation.contract.name
        try:
            message = self._verifier.verify(envelope, now)
        except SignatureRefused as refused:
            passage.record.report = refused.report.to_dict()
            raise MessageRefused(Refusal("SCSE001", reason=refused.report.reason)) from refused
        passage.record.report = message.report.to_dict()
        passage.record.sender = message.signer.employer_id
        return self._command(passage, operation, message)

    def _command(self, passage: Passage, operation: MappedOperation, message: VerifiedMessage) -> Request:
        decoded = operation.contract.request_plan.decode(message.payload)
        landed = operation.request.land(decoded.values, decoded.problems)
        passage.record.said = landed.values.pop("message", {})
        passage.request_id = passage.record.said.get("request_id")
        sender = message.signer.employer_id
        self._identify(passage, landed, operation.request.path_of("message.employer", decoded.values))
        command = Command(
            operation=operation.command,
            values=landed.values,
            employer=sender,
            message_id=passage.id,
            received_at=passage.record.recorded_at,
            new_id=uuid7(),
            recorded_by=message.signer.recorded_by,
            refusals=tuple(landed.refusals),
            malformed=landed.malformed,
        )
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

    def _identify(self, passage: Passage, landed: Landed, employer_path: str | None) -> None:
        """The order of judgement: the form of the identifiers, then the signer against the employer.

        Who is not the employer learns nothing more (design: answers to questions the tables leave open).
        """
        employer = passage.record.said.get("employer")
        if employer == passage.record.sender or (employer is None and not landed.misidentified):
            return
        if landed.misidentified:
            raise MessageRefused(*landed.misidentified)
        raise MessageRefused(Refusal("SCSE046", path=employer_path))

    async def _fetch(self, passage: Passage, request: Request) -> Request:
        """Asks the registries what the register must know; not for a message that is refused or answered already."""
        operation, command = request.operation, request.command
        if not operation.fetch or request.key is None:
            return request
        if await self._store.answered(request.key):
            return request
        fetched: dict[str, Any] = {}
        for port, (table, column) in operation.fetch.items():
            found = await self._ports[port](command.values[table][column], passage.id)
            passage.records.extend(found.records)
            if found.refusal is not None:
                raise MessageRefused(found.refusal)
            fetched[port] = found.value
        return replace(request, fetched=fetched)

    def _decide(
        self, passage: Passage, request: Request, state: State, stored: StoredAnswer | None
    ) -> Outcome:
        """The outcome of a request on a state. Pure: the unit of work may ask again on a newer state."""
        operation, command, key = request.operation, request.command, request.key
        if stored is not None and key is not None:
            if (stored.operation, stored.payload_sha256) == (key.operation, key.payload_sha256):
                return Outcome(self._record(passage, stored.body, stored.status, stored.code))
            return Outcome(self._fault(passage, [Refusal("ESB006", path="requestHeader/requestId")]))
        if operation.fetch and key is not None and not request.fetched:
            # The stored answer for which no registry was asked has just ceased to hold.
            return Outcome(self._fault(passage, [Refusal("ESB009")], status=503))
        now = self._clock()
        decision = decide(command, replace(state, fetched=request.fetched), now, self._rulebook())
        if isinstance(decision, Refused):
            refusals = operation.in_order(decision.refusals)
            return Outcome(self._fault(passage, refusals), binds=key is not None)
        sources = {
            **decision.answer,
            "message": {
                "id": passage.id,
                "request_id": passage.request_id,
                "received_at": passage.record.recorded_at,
            },
            "receipt": receipt(decision),
        }
        body = operation.contract.answer_plan.encode(operation.answer.gather(sources))
        return Outcome(
            self._record(passage, self._answers.success(body), 200, "SCSS001"),
            events=decision.events,
            decided_at=now,
            recorded_by=command.recorded_by,
            binds=True,
        )

    def _fault(self, passage: Passage, refusals: Sequence[Refusal], *, status: int = 500) -> Record:
        body = self._answers.fault(refusals, passage.id, passage.request_id)
        return self._record(passage, body, status, refusals[0].code)

    def _record(self, passage: Passage, body: bytes, status: int, code: str) -> Record:
        return Record(
            id=uuid7(),
            direction="out",
            recorded_at=datetime.now(UTC),
            channel=passage.record.channel,
            service=passage.record.service,
            body=body,
            reply_to=passage.id,
            operation=passage.record.operation,
            sender=passage.record.sender,
            status=status,
            code=code,
        )

    def _answer(self, passage: Passage, record: Record) -> Answer:
        status = record.status or 500
        return Answer(
            status=status,
            body=record.body,
            code=record.code or "",
            headers=(("Retry-After", str(RETRY_AFTER_SECONDS)),) if status == 503 else (),  # noqa: PLR2004  # RFC 9110
            operation=record.operation,
            correlation_id=passage.id,
        )

    def transport_fault(self, status: int, code: str, reason: str) -> Answer:
        """A fault of HTTP itself, said as a SOAP fault (design: faults); never journaled."""
        correlation_id = uuid7()
        body = self._answers.fault([Refusal(code, reason=reason)], correlation_id, None)
        headers = (("Retry-After", str(RETRY_AFTER_SECONDS)),) if status == 503 else ()  # noqa: PLR2004  # RFC 9110
        return Answer(status, body, code, headers, correlation_id=correlation_id)

    async def ready(self) -> bool:
        """Whether the database answers."""
        return await self._store.ready()

    async def close(self) -> None:
        """Finishes what is under way."""
        await self._store.close()
