"""The way of a message: bytes in, an answer out; each step once, each in its own room.

    bytes ─ envelope ─ signature ─ schema ─ mapping ─ rights ─ decide ─ store ─ mapping ─ envelope ─ bytes

The engine never raises: whatever happens, the sender gets an answer, and an answer leaves only when what it
tells is durable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from esutd_bus.answers import Answer, Answers, receipt
from esutd_bus.logs import trace
from esutd_bus.passage import Channel, Incoming, MessageRefused, Passage, Port, Question, Request
from esutd_bus.reading import DirectChannel, Reader
from esutd_bus.register import answer_codes
from esutd_bus.register.calendar import ALMATY
from esutd_bus.register.decide import decide, missing_right, needs
from esutd_bus.register.event import Accepted, ContractEvent, Decision, Refused
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rights import missing_carriage, missing_standing
from esutd_bus.register.rulebook import Rulebook
from esutd_bus.register.speaker import Speaker
from esutd_bus.register.state import Needs, State
from esutd_bus.signature.key_ring import KeyRing
from esutd_bus.signature.keys import KeyUnavailableError
from esutd_bus.soap.contract import ServiceContracts
from esutd_bus.soap.envelope import Envelope
from esutd_bus.store.ids import uuid7
from esutd_bus.store.journal import Record
from esutd_bus.store.store import Store
from esutd_bus.store.work import Outcome, StoredAnswer, StoreRejected, StoreUnavailable, Work
from esutd_bus.wrapping import LATER

EntryVisible = Callable[[str, int, float], None]
"""An operation, how many entries about contracts it made, and the seconds from its arrival until they were visible."""

_log = structlog.get_logger(__name__)


class Engine:
    """One per process; used by one event loop."""

    def __init__(
        self,
        *,
        contracts: ServiceContracts,
        channels: Mapping[str, Channel] | None = None,
        batches: Collection[str],
        reader: Reader,
        answers: Answers,
        keys: KeyRing,
        store: Store,
        ports: Mapping[str, Port],
        rulebook: Callable[[], Rulebook],
        clock: Callable[[], datetime],
        believes_sent_at: bool = False,
    ) -> None:
        """`channels`: the bus's, by path."""
        direct = {path: DirectChannel(service) for path, service in contracts.by_path.items()}
        self.channels: Mapping[str, Channel] = {**direct, **(channels or {})}
        """By path: what messages are taken at."""

        self.batches = frozenset(batches)
        """The request elements (Clark tags) that carry many entries, and may be larger than others."""

        self.keys = keys
        self._reader = reader
        self._answers = answers
        self._store = store
        self._ports = ports
        self._rulebook = rulebook
        self._clock = clock
        self._believes_sent_at = believes_sent_at
        self._followers: list[EntryVisible] = []

    def follow(self, follower: EntryVisible) -> None:
        """Calls it for every entry about a contract, as soon as its employee can see it."""
        self._followers.append(follower)

    async def handle(self, incoming: Incoming) -> Answer:
        """The answer to a message. Never raises."""
        channel = self.channels[incoming.service_path]
        passage = Passage(
            Record(
                id=uuid7(),
                direction="in",
                recorded_at=datetime.now(UTC),
                channel=channel.name,
                service=channel.contract.name,
                body=incoming.body,
            ),
            channel.wrapping,
        )
        try:
            record = await self._pass(passage, channel)
        except StoreUnavailable:
            record = self._answers.fault(passage, [Refusal("ESB009")])
        except Exception as error:  # noqa: BLE001  # the last resort: no sender is left without an answer
            _log.error("internal_error", correlation_id=str(passage.id), trace=trace(error))
            record = await self._keep_if_possible(passage)
        return self._answers.over_http(record)

    async def _pass(self, passage: Passage, channel: Channel) -> Record:
        """The whole way. Raises StoreUnavailable."""
        try:
            request = await self._reader.read(passage, channel, self._clock())
            if isinstance(request, Speaker):
                return await self._note(passage, request)
            needed = needs(request.command)
            request = await self._fetch(passage, request, needed)
            request = await self._search(passage, request, needed)
        except MessageRefused as refused:
            return await self._keep(passage, refused.refusals)
        try:
            outcome = await self._store.submit(self._work(passage, request, needed))
        except StoreRejected:
            return await self._keep(passage, [Refusal("ESB099")])
        self._tell_of_entries(passage, outcome)
        return outcome.acknowledgement or outcome.answer

    def _tell_of_entries(self, passage: Passage, outcome: Outcome) -> None:
        """Entries are committed with what employees read, so they are visible now (order 353, clause 16)."""
        entries = sum(isinstance(event, ContractEvent) for event in outcome.events)
        lag = datetime.now(UTC) - passage.record.recorded_at
        for follower in self._followers if entries else ():
            follower(passage.record.operation or "", entries, lag.total_seconds())

    def _work(self, passage: Passage, request: Request, needed: Needs) -> Work:
        return Work(
            [passage.record, *passage.records],
            lambda state, stored: self._settle(
                passage, state, lambda: self._decide(passage, request, state, stored)
            ),
            employer=request.command.employer,
            needs=self._with_delivery(passage, needed),
            key=request.key,
        )

    def _with_delivery(self, passage: Passage, needed: Needs) -> Needs:
        delivery = passage.wrapping.delivery(passage.correspondent)
        return needed._replace(delivery=delivery) if delivery is not None else needed

    def _settle(self, passage: Passage, state: State, decide: Callable[[], Outcome]) -> Outcome:
        """The outcome, with what the way by which the message came adds to it: one effect of one delivery."""
        try:
            if state.delivery is not None:
                return Outcome(self._answers.acknowledgement(passage, answer_codes.SUCCESS, state.delivery))
            outcome = decide()
            answer = outcome.answer
            kept = passage.wrapping.kept(passage.record, answer, passage.correspondent)
            if not kept:
                return outcome
            later = answer.channel == LATER
            acknowledgement = self._answers.acknowledgement(passage, answer.code or "") if later else None
        except KeyUnavailableError:
            return Outcome(self._answers.fault(passage, [Refusal("ESB009")]))
        return outcome._replace(events=(*outcome.events, *kept), acknowledgement=acknowledgement)

    async def _keep(self, passage: Passage, refusals: Sequence[Refusal]) -> Record:
        """A message that came to nothing is journaled all the same, with its fault."""
        fault = self._answers.fault(passage, refusals)
        return await self._commit(passage, lambda: Outcome(fault))

    async def _note(self, passage: Passage, speaker: Speaker) -> Record:
        """What the channel itself was told is kept; no service is asked."""

        def decide() -> Outcome:
            missing = missing_carriage(speaker, self._rulebook().partners)
            if missing is not None:
                return Outcome(self._answers.fault(passage, [missing]))
            return Outcome(self._answers.acknowledgement(passage, answer_codes.SUCCESS))

        try:
            return await self._commit(passage, decide)
        except StoreRejected:
            return await self._keep(passage, [Refusal("ESB099")])

    async def _commit(self, passage: Passage, decide: Callable[[], Outcome]) -> Record:
        """Keeps a message that no service is asked by. Raises StoreUnavailable, StoreRejected."""
        work = Work(
            [passage.record, *passage.records],
            lambda state, _stored: self._settle(passage, state, decide),
            needs=self._with_delivery(passage, Needs()),
        )
        outcome = await self._store.submit(work)
        return outcome.acknowledgement or outcome.answer

    async def _keep_if_possible(self, passage: Passage) -> Record:
        """The fault of a message that our own mistake has stopped; in the journal, unless that fails too."""
        refusals = [Refusal("ESB099")]
        try:
            return await self._keep(passage, refusals)
        except (StoreUnavailable, StoreRejected):
            return self._answers.fault(passage, refusals)

    async def _fetch(self, passage: Passage, request: Request, needed: Needs) -> Request:
        """Asks the registries what the register must know; not for a message refused or answered already."""
        operation = request.operation
        if not operation.fetch or request.key is None:
            return request
        state = await self._asked_on(passage, request, needed)
        if state is None:
            return request
        said = {**request.command.values, "message": passage.record.said}
        fetched: dict[str, Any] = {}
        for port, (table, column) in operation.fetch.items():
            question = Question(said[table][column], request.command, state, self._present(passage))
            found = await self._ports[port](question)
            passage.records.extend(found.records)
            if found.refusal is not None:
                raise MessageRefused(found.refusal)
            fetched[port] = found.value
        return request._replace(fetched=fetched)

    async def _search(self, passage: Passage, request: Request, needed: Needs) -> Request:
        """Looks for what the register must find among many rows; not for a message refused already.

        Nor for a stranger, who would learn from how long it takes.
        """
        if needed.search is None or request.key is None:
            return request
        if await self._is_strangers(passage, request, needed):
            return request._replace(is_strangers=True)
        whose = needed.owner or request.command.employer
        return request._replace(found=await self._store.search(whose, needed.search))

    async def _is_strangers(self, passage: Passage, request: Request, needed: Needs) -> bool:
        """Whether the sender may not ask, by the partners of this moment: those in memory may be older."""
        if missing_standing(request.command, self._rulebook().partners) is None:
            return False
        await self._store.look(self._work(passage, request, needed))
        return missing_standing(request.command, self._rulebook().partners) is not None

    async def _asked_on(self, passage: Passage, request: Request, needed: Needs) -> State | None:
        """The state on which registries are asked; None where a request is answered without them.

        As before, or by a right that is missing.
        """
        state, stored = await self._store.look(self._work(passage, request, needed))
        right = missing_right(request.command, state, self._present(passage), self._rulebook())
        return state if stored is None and right is None else None

    def _decide(
        self, passage: Passage, request: Request, state: State, stored: StoredAnswer | None
    ) -> Outcome:
        """The outcome of a request on a state. Pure: the unit of work may ask again on a newer state."""
        now, rules = self._present(passage), self._rulebook()
        right = missing_right(request.command, state, now, rules)
        if right is not None:
            return Outcome(self._answers.fault(passage, [right]))
        key = request.key
        if stored is not None and key is not None:
            if stored.answers(key):
                return Outcome(self._answers.again(passage, stored))
            return Outcome(self._answers.fault(passage, [Refusal("ESB006", path="requestHeader/requestId")]))
        if key is not None and (request.is_strangers or (request.operation.fetch and not request.fetched)):
            # Nobody was asked, for the sake of a stored answer, or a missing right, that has just ceased to hold.
            return Outcome(self._answers.fault(passage, [Refusal("ESB009")]))
        known = state._replace(fetched=request.fetched, found=request.found)
        decision = decide(request.command, known, now, rules)
        return self._judge(passage, request, decision, now)

    def _judge(self, passage: Passage, request: Request, decision: Decision, now: datetime) -> Outcome:
        """What the register's decision comes to."""
        if isinstance(decision, Refused):
            refusals = request.operation.in_order(decision.refusals)
            return Outcome(self._answers.fault(passage, refusals), binds=request.key is not None)
        try:
            answer = self._answers.success(passage, self._body(passage, request, decision))
        except KeyUnavailableError:
            # Nothing is done whose answer cannot be signed; the sender's next try may find the token again.
            return Outcome(self._answers.fault(passage, [Refusal("ESB009")]))
        return Outcome(
            answer,
            events=decision.events,
            decided_at=now,
            recorded_by=request.command.speaker.recorded_by,
            channel=self._rulebook().partners.channel_of(request.command.speaker, request.command.serves),
            binds=True,
        )

    def _present(self, passage: Passage) -> datetime:
        """The present as the rules see it: the clock's; on a testbed the message's own, if it tells one."""
        said = passage.record.said.get("sent_at") if self._believes_sent_at else None
        if said is None:
            return self._clock()
        sent_at = datetime.fromisoformat(said)
        return sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=ALMATY)

    def _body(self, passage: Passage, request: Request, decision: Accepted) -> bytes:
        sources = {**decision.answer, "message": passage.source, "receipt": receipt(decision)}
        return request.operation.contract.answer_plan.encode(request.operation.answer.gather(sources))

    def transport_fault(self, status: int, code: str, reason: str, path: str = "") -> Answer:
        """A fault of HTTP itself, said as a SOAP fault in the words of what stands at the path; never journaled."""
        channel = self.channels.get(path)
        return self._answers.transport_fault(status, code, reason, channel)

    def is_batch(self, path: str, envelope: Envelope) -> bool:
        """Whether a message to a path carries many entries, and may be larger than others."""
        return self.channels[path].asked_in(envelope) in self.batches

    def may_be_batch(self, path: str) -> bool:
        """Whether a path takes such messages at all."""
        return self.channels[path].takes(self.batches)

    def is_behind(self, come: int = 0) -> bool:
        """Whether a message that comes now, after so many that are not handed over yet, had better come again.

        Safe in any thread.
        """
        return self._store.is_behind(come)

    async def ready(self) -> bool:
        """Whether the database answers."""
        return await self._store.ready()

    async def close(self) -> None:
        """Finishes what is under way."""
        try:
            await self._store.close()
        finally:
            self.keys.close()
