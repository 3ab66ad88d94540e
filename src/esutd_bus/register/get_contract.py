"""GetContract: an employer reads its contract and the contract's history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from esutd_bus.register.case import Case, Decider, referred
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import completeness, reference
from esutd_bus.register.state import Needs, Row

_TOLD = (
    "version",
    "event",
    "effective_on",
    "recorded_at",
    "recorded_by",
    "message_id",
    "due_on",
    "days_late",
)


def needs(command: Command) -> Needs:
    """The contract and its history."""
    return referred(command, history=True)


def accept(case: Case) -> Accepted:
    """Nothing happens to the register; the answer tells what it holds."""
    contract = case.found
    history = [_entry(row) for row in sorted(case.state.history, key=lambda row: row["version"])]
    return Accepted(answer={"contract": contract, "history": history}, contract_id=contract["id"])


def _entry(row: Row) -> Mapping[str, Any]:
    """A row of `contract_event` as the answer tells it."""
    return {**{column: row[column] for column in _TOLD}, "change": row["changes"]}


DECIDER = Decider(needs, (completeness.contract_is_named, reference.contract_exists), accept)
