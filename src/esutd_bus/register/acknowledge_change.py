"""AcknowledgeChange: an employee has seen what was entered about the own contract (order 353, clause 11)."""

from __future__ import annotations

from datetime import datetime

from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted, RowAdded
from esutd_bus.register.rules import cabinet, employee, search
from esutd_bus.register.search import OneChangeSearch
from esutd_bus.register.state import Needs, Row


def needs(command: Command) -> Needs:
    """The change, if it is the person's; and who has acknowledged it."""
    iin, change = cabinet.iin(command), cabinet.change(command)
    if iin is None or change is None:
        return Needs()
    return Needs(search=OneChangeSearch(iin, change), acknowledgements_of=change)


def accept(case: Case) -> Accepted:
    """What the person acknowledged before, under whichever number, stays as it was acknowledged first."""
    (change,) = search.found(case).rows
    before = [row for row in case.state.acknowledgements if row["employee_iin"] in change["numbers"]]
    if before:
        first = min(before, key=lambda row: row["acknowledged_at"])
        return Accepted(answer={"acknowledged": first})
    row = _row(case)
    return Accepted(events=(RowAdded("acknowledgement", row),), answer={"acknowledged": row})


def _row(case: Case) -> Row:
    command = case.command
    return {
        "id": command.new_id,
        "change_id": cabinet.change(command),
        "employee_iin": cabinet.iin(command),
        "acknowledged_at": case.now,
        "acknowledged_by": command.speaker.recorded_by,
        "message_id": command.message_id,
    }


DECIDER = Decider(
    needs,
    (
        employee.employee_is_named,
        employee.named_iin_is_right,
        cabinet.change_is_named,
        cabinet.change_is_the_persons,
    ),
    accept,
    Sources(rows={"acknowledged": Shape(always={"change_id": str, "acknowledged_at": datetime})}),
    requires=("employee_reference.iin", "change_reference.id"),
)
