"""Judging rows before anything is sent: by the schema, the mapping and the rules that the register itself judges by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from esutd_bus.mapping.compile import MappedOperation
from esutd_bus.personnel.messages import Texts, written
from esutd_bus.register import register_contract
from esutd_bus.register.case import Case
from esutd_bus.register.command import Command
from esutd_bus.register.event import ContractEvent, Refused
from esutd_bus.register.judgement import judge
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rulebook import Rulebook
from esutd_bus.register.speaker import Speaker
from esutd_bus.register.state import Row, State

_NOBODY = UUID(int=0)


@dataclass
class Judge:
    """Judges the contracts of one employer in their order; of two with one number the later one is refused.

    What only the register knows (a number that is taken there, a right) it tells itself, later.
    """

    operation: MappedOperation
    """RegisterContract."""

    employer: str
    headcount: int | None
    now: datetime
    rules: Rulebook
    _by_number: dict[str | None, Row] = field(default_factory=dict)
    _by_external_id: dict[str | None, Row] = field(default_factory=dict)

    def refusals(self, contract: Texts) -> list[Refusal]:
        """All that is wrong with a contract, each with its path (`contract/number`), in the message's order."""
        decoded = self.operation.contract.request_plan.decode(written(self.operation.contract, contract))
        inside = [problem for problem in decoded.problems if problem.path.partition("/")[0] == "contract"]
        landed = self.operation.request.land(decoded.values, inside)
        values = {**landed.values, "batch": {"headcount": self.headcount} if self.headcount else {}}
        told: Mapping[str, Any] = values.get("contract", {})
        command = Command(
            operation=self.operation.command,
            values=values,
            speaker=Speaker(self.employer, self.employer, frozenset(), ""),
            serves=self.operation.serves,
            message_id=_NOBODY,
            received_at=self.now,
            new_id=_NOBODY,
            refusals=tuple(landed.refusals),
            malformed=landed.malformed,
        )
        state = State(
            contract_by_external_id=self._by_external_id.get(told.get("external_id")),
            contract_by_number=self._by_number.get(told.get("number")),
        )
        decision = judge(register_contract.DECIDER, Case.of(command, state, self.now, self.rules))
        if isinstance(decision, Refused):
            return self.operation.in_order(decision.refusals)
        for event in decision.events:
            if isinstance(event, ContractEvent):
                self._by_number[event.contract["number"]] = event.contract
                self._by_external_id[event.contract["external_id"]] = event.contract
        return []
