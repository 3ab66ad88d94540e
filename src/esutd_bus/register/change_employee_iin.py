"""ChangeEmployeeIin: an employee has been given another IIN; the employer's contracts follow the person."""

from __future__ import annotations

from uuid import UUID

from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.contract import ACTIVE
from esutd_bus.register.event import Accepted, ContractEvent, Event, RowAdded
from esutd_bus.register.rules import completeness, iin_change
from esutd_bus.register.state import Needs, Row
from esutd_bus.register.timeline import IIN_CHANGED


def needs(command: Command) -> Needs:
    """The contracts with the employee, and what is known of the new number."""
    given = command.values.get("iin_change", {})
    return Needs(employee_iin=given.get("former_iin"), new_iin=given.get("iin"))


def accept(case: Case) -> Accepted:
    """Every contract in force names the new number; terminated ones stay as they ended (order 353, clause 13).

    That both numbers are one person's is kept once, whichever employer tells it first.
    """
    contracts = [row for row in case.state.contracts_of_employee if row["status"] == ACTIVE]
    events: list[Event] = [_changed(case, row) for row in contracts]
    if case.state.iin_change is None:
        events.append(RowAdded("iin_change", _link(case)))
    return Accepted(events=tuple(events), answer={"contracts": contracts})


def _changed(case: Case, contract: Row) -> ContractEvent:
    iin = case.value("iin_change.iin")
    return ContractEvent(
        kind=IIN_CHANGED,
        contract={**contract, "employee_iin": iin, "version": contract["version"] + 1},
        changes={"employee_iin": (contract["employee_iin"], iin)},
        effective_on=case.today,
    )


def _link(case: Case) -> Row:
    command, given = case.command, case.table("iin_change")
    return {
        "id": command.new_id,
        "employer": command.employer,
        "former_iin": given["former_iin"],
        "iin": given["iin"],
        "message_id": command.message_id,
        "recorded_at": case.now,
    }


DECIDER = Decider(
    needs,
    (
        completeness.iin_change_is_complete,
        iin_change.both_iins_are_right,
        iin_change.iins_differ,
        iin_change.employee_works_here,
        iin_change.employee_has_a_contract_in_force,
        iin_change.new_iin_was_nobody_elses,
    ),
    accept,
    Sources(lists={"contracts": Shape(always={"id": UUID}, filled=True)}),
    requires=("iin_change.former_iin", "iin_change.iin"),
)
