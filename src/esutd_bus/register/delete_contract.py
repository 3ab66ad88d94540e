"""DeleteContract: a contract with the wrong employee or employer was never there (order 353, clause 9)."""

from __future__ import annotations

from esutd_bus.register.case import Case, Decider, Sources, referred
from esutd_bus.register.command import Command
from esutd_bus.register.entering import entered
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import completeness, deletion, employee, reference, window
from esutd_bus.register.state import Needs
from esutd_bus.register.timeline import REMOVED


def needs(command: Command) -> Needs:
    """The contract and its timeline."""
    return referred(command, history=True)


def accept(case: Case) -> Accepted:
    """The contract is marked as deleted, from its start on.

    Nothing is erased. The employer does not find it any more, its number is free again, its id is not.
    """
    contract = case.found
    window_of_entry = window.contract_window(case, contract)
    return entered(case, REMOVED, contract["starts_on"], {}, deadline=window_of_entry)


DECIDER = Decider(
    needs,
    (
        completeness.contract_is_named,
        employee.employee_is_named,
        reference.contract_exists,
        reference.contract_is_not_terminated,
        window.contract_may_still_be_mended,
        employee.named_iin_is_right,
        deletion.contract_is_the_named_employees,
    ),
    accept,
    Sources(tables=frozenset({"contract"})),
    requires=("reference", "employee_reference.iin"),
)
