"""SubmitBatch: many contracts in one message (order 353, clause 7).

Each is judged as a RegisterContract message that came by itself, in the message's order: of two that collide the later
one is told. Only work in heavy, harmful or dangerous conditions cannot come in a batch (SCSE175). What is accepted
happens in the one transaction of the message, so that a batch is there whole or not at all, and a retry of it gets the
answer of before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from esutd_bus.register import register_contract
from esutd_bus.register.case import Case, Decider, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted, ContractEvent, Event, Refused, RowAdded
from esutd_bus.register.judgement import judge
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules import conditions
from esutd_bus.register.state import Needs, Row, State

_ENTRY = replace(
    register_contract.DECIDER,
    rules=(*register_contract.DECIDER.rules, conditions.conditions_are_not_of_a_batch),
)
"""An entry is judged as a message by itself, but for what may not come in a batch."""


def needs(command: Command) -> Needs:
    """Whatever may stand in the way of each new contract."""
    entries = tuple(register_contract.needs(entry.command) for entry in command.entries)
    return Needs(entries=entries, expects_nothing=True)


def accept(case: Case) -> Accepted:
    """Every entry is judged; the good ones are registered, and what became of each is kept."""
    registered = _Registered()
    judged = []
    for entry, state in zip(case.command.entries, case.state.entries, strict=True):
        alone = case.beside(_with_headcount(entry.command, case), registered.beside(state, entry.command))
        decision = judge(_ENTRY, alone)
        if isinstance(decision, Refused):
            result: Mapping[str, Any] = {
                "errors": [_error(refusal) for refusal in entry.told(decision.refusals)]
            }
        else:
            result = registered.add(decision)
        judged.append({"external_id": alone.value("contract.external_id"), **result})
    command = case.command
    batch = {
        "id": command.new_id,
        "employer": command.employer,
        "headcount": case.value("batch.headcount"),
        "entries": judged,
        "message_id": command.message_id,
        "recorded_at": case.now,
    }
    return Accepted(events=(*registered.events, RowAdded("batch", batch)), answer={"batch": batch})


class _Registered:
    """What a batch has registered so far: the entries that follow find it in the register."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._by_external_id: dict[str | None, Row] = {}
        self._by_number: dict[str | None, Row] = {}

    def beside(self, state: State, command: Command) -> State:
        """What an entry meets: the register as it was before the batch, and what the batch has added."""
        said = command.values.get("contract", {})
        there = self._by_external_id.get(said.get("external_id"))
        numbered = self._by_number.get(said.get("number"))
        if there is None and numbered is None:
            return state
        return state._replace(
            contract_by_external_id=there or state.contract_by_external_id,
            contract_by_number=numbered or state.contract_by_number,
        )

    def add(self, decision: Accepted) -> Mapping[str, Any]:
        """Takes in what follows from an entry; returns what is kept of it."""
        for event in decision.events:
            self.events.append(event)
            if isinstance(event, ContractEvent):
                self._by_external_id[event.contract["external_id"]] = event.contract
                self._by_number[event.contract["number"]] = event.contract
        warning = decision.deadline.warning if decision.deadline else None
        return {"contract_id": str(decision.contract_id), "warnings": [warning] if warning else []}


def _with_headcount(command: Command, case: Case) -> Command:
    """An entry as if it had told by itself how many people the employer has."""
    return command._replace(values={**command.values, "batch": case.table("batch")})


def _error(refusal: Refusal) -> Mapping[str, str | None]:
    return {"code": refusal.code, "reason": refusal.reason, "field": refusal.path}


DECIDER = Decider(
    needs,
    (),
    accept,
    Sources(tables=frozenset({"batch"})),
    creates="batch",
    judges_entries_as="RegisterContract",
)
