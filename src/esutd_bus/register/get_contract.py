"""GetContract: an employer reads its contract, its employee's leaves, and the history of both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from esutd_bus.register.case import Case, Decider, Shape, Sources, referred
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted
from esutd_bus.register.leave import active_leaves
from esutd_bus.register.rules import completeness, reference
from esutd_bus.register.state import Needs, Row

_ENTRY = Shape(
    always={
        "version": int,
        "event": str,
        "effective_on": date,
        "recorded_at": datetime,
        "recorded_by": str,
        "message_id": UUID,
    },
    sometimes={"amendment_id": UUID, "leave_id": UUID, "due_on": date, "days_late": int},
    lists={"change": Shape(always={"field": str}, sometimes={"before": object, "after": object})},
    filled=True,
)


def needs(command: Command) -> Needs:
    """The contract, its leaves and its history."""
    return referred(command, history=True, leaves=True)


def accept(case: Case) -> Accepted:
    """Nothing happens to the register; the answer tells what it holds."""
    return told(case, case.found)


def told(case: Case, contract: Row) -> Accepted:
    """What the register holds of a contract, its leaves in force and its whole history with it."""
    history = [_entry(row) for row in sorted(case.state.history, key=lambda row: row["version"])]
    leaves = sorted(active_leaves(case), key=lambda row: row["starts_on"])
    answer = {"contract": contract, "leaves": leaves, "history": history}
    return Accepted(answer=answer, contract_id=contract["id"])


def _entry(row: Row) -> Mapping[str, Any]:
    """A row of `contract_event` as the answer tells it."""
    columns = (*_ENTRY.always, *_ENTRY.sometimes)
    return {**{column: row[column] for column in columns}, "change": row["changes"]}


ANSWER = Sources(tables=frozenset({"contract"}), lists={"history": _ENTRY}, table_lists={"leaves": "leave"})

DECIDER = Decider(
    needs,
    (completeness.contract_is_named, reference.contract_exists),
    accept,
    ANSWER,
    requires=("reference",),
)
