"""The country's messages as works of the store, with the outcomes that the engine gives such messages.

The engine judges one message of each kind and day; of another contract of that day its outcome differs in what the
message says, and in ids and moments, for every rule that looks at these says yes to all of them (a test compares).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from random import getrandbits
from typing import TYPE_CHECKING, Final
from uuid import UUID

from benchmarks.country.form import Form
from benchmarks.country.messages import (
    EXAMPLE_BIN,
    EXAMPLE_SIGNER,
    Envelopes,
    Registration,
    registration,
    unsigned,
)
from benchmarks.country.plan import NODE, Plan, id_at
from esutd_bus.lockstep import at_once
from esutd_bus.node import open_node
from esutd_bus.passage import Passage, Request
from esutd_bus.register.decide import needs
from esutd_bus.register.event import ContractEvent
from esutd_bus.register.state import State
from esutd_bus.settings import Settings
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.store.journal import Record
from esutd_bus.store.work import Outcome, RequestKey, Work

if TYPE_CHECKING:
    from esutd_bus.engine import Engine
    from esutd_bus.testbed.test_ca import TestCa

_SERVICE: Final = "/soap/contracts"
_KINDS_REMEMBERED: Final = 64

VERIFIED: Final = timedelta(microseconds=200)
DECIDED: Final = timedelta(microseconds=600)
ANSWERED: Final = timedelta(microseconds=900)
"""After the message has come."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What came of one message of a kind."""

    outcome: Outcome
    event: ContractEvent
    answer: Form
    message: Record
    key: RequestKey


class Works:
    """Makes works; one for each process. The database gives the dictionaries, and is not written."""

    def __init__(self, plan: Plan, ca: TestCa, database: str) -> None:
        self._plan = plan
        self._signer = ca.identity(EXAMPLE_SIGNER)
        settings = Settings(
            database_url=database,
            trust_dir=ca.trust_dir,
            node=NODE,
            believe_sent_at=True,
            log_level="ERROR",
        )
        self._engine: Engine = asyncio.run(_opened(settings))
        self._envelopes = Envelopes(self._signer)
        self._kinds: dict[tuple[str, int], _Kind] = {}
        self._learn()

    def work(self, contract: int) -> tuple[Work, Outcome]:
        """The work that brought a contract of the plan, and what came of it."""
        told = registration(self._plan, contract)
        return self._like(self._kind(told), told)

    def _like(self, kind: _Kind, told: Registration) -> tuple[Work, Outcome]:
        values, message, answer = told.values, kind.message, kind.outcome.answer
        signed = self._envelopes.sign(told, told.at + VERIFIED)
        message_id, contract_id, answer_id = (
            id_at(told.at + later, getrandbits(62)) for later in (timedelta(), VERIFIED, ANSWERED)
        )
        request_id = UUID(values["request_id"])
        record = Record(
            id=message_id,
            direction=message.direction,
            recorded_at=told.at,
            channel=message.channel,
            service=message.service,
            body=signed.raw,
            operation=message.operation,
            sender=told.signed_by,
            report=signed.report,
            said={
                **message.said,
                "employer": told.signed_by,
                "request_id": request_id,
                "sent_at": values["sent_at"],
            },
        )
        filled = {
            b"request_id": values["request_id"].encode(),
            b"message_id": str(message_id).encode(),
            b"received_at": told.at.isoformat().encode(),
            b"contract_id": str(contract_id).encode(),
        }
        outcome = Outcome(
            Record(
                id=answer_id,
                direction=answer.direction,
                recorded_at=told.at + ANSWERED,
                channel=answer.channel,
                service=answer.service,
                body=kind.answer.fill(filled),
                reply_to=message_id,
                operation=answer.operation,
                sender=told.signed_by,
                status=answer.status,
                code=answer.code,
            ),
            events=(_event(kind.event, told, contract_id),),
            decided_at=told.at + DECIDED,
            recorded_by=f"{told.signed_by}/{signed.head}",
            channel=kind.outcome.channel,
            binds=kind.outcome.binds,
        )
        key = RequestKey(
            told.signed_by, request_id, signed.payload_sha256, kind.key.operation, kind.key.keeps
        )
        return Work([record], lambda _state, _stored: outcome, employer=told.signed_by, key=key), outcome

    def _learn(self) -> None:
        message, _, _ = self._read(registration(self._plan, 0))
        if not isinstance(message.report, dict):
            raise TypeError(message.report)
        self._envelopes.learn(message.report)

    def _kind(self, told: Registration) -> _Kind:
        key = told.values["concluded_on"], told.late_by
        if key not in self._kinds:
            if len(self._kinds) == _KINDS_REMEMBERED:
                self._kinds.clear()  # days pass
            self._kinds[key] = self._judge(told)
        return self._kinds[key]

    def _judge(self, told: Registration) -> _Kind:
        """What the engine makes of a message, but for its signer, who is that of the example."""
        message, work, outcome = self._read(told)
        (event,) = outcome.events
        if not isinstance(event, ContractEvent) or work.key is None:
            raise TypeError(event)
        gaps = {
            "request_id": told.values["request_id"].encode(),
            "message_id": str(message.id).encode(),
            "received_at": message.recorded_at.isoformat().encode(),
            "contract_id": str(event.contract["id"]).encode(),
        }
        return _Kind(outcome, event, Form(outcome.answer.body, gaps), message, work.key)

    def _read(self, told: Registration) -> tuple[Record, Work, Outcome]:
        """The message of the example's signer, verified and judged as if it had come then."""
        theirs = replace(told, values={**told.values, "employer": EXAMPLE_BIN})
        channel = self._engine.channels[_SERVICE]
        record = Record(
            id=id_at(told.at, 0),
            direction="in",
            recorded_at=told.at,
            channel=channel.name,
            service=channel.contract.name,
            body=sign_wsse(unsigned(theirs), self._signer),
        )
        passage = Passage(record, channel.wrapping)
        # The engine's own steps, without the store: nothing is to be written here.
        request = at_once(self._engine._reader.reading(passage, channel, told.at + VERIFIED))  # noqa: SLF001
        if not isinstance(request, Request):
            raise TypeError(request)
        work = self._engine._work(passage, request, needs(request.command))  # noqa: SLF001
        outcome = work.decide(State(), None)
        if not outcome.events:
            raise ValueError(outcome.answer.body.decode())
        return record, work, outcome


def _event(like: ContractEvent, told: Registration, contract_id: UUID) -> ContractEvent:
    """The entry of another contract of that day."""
    values = told.values
    row = {
        **like.contract,
        "id": contract_id,
        "employer": told.signed_by,
        "external_id": values["external_id"],
        "number": values["number"],
        "employee_iin": values["iin"],
        "employee_surname": values["surname"],
        "employee_name": values["name"],
        "employee_patronymic": values["patronymic"],
        "position_code": values["position_code"],
        "established_post": values["post"],
        "kato_code": values["kato"],
        "address": values["address"],
        "registered_at": told.at + DECIDED,
    }
    return ContractEvent(like.kind, row, like.changes, like.effective_on, like.deadline)


async def _opened(settings: Settings) -> Engine:
    """An engine that has read what is in force, and has let go of the database again."""
    engine = await open_node(settings)
    await engine.close()
    return engine
