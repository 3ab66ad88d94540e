"""DeleteAmendment: an additional agreement that was entered by mistake was never there (order 353, clause 9)."""

from __future__ import annotations

from esutd_bus.register.amendment import changes_of, found_amendment, next_version
from esutd_bus.register.case import Case, Decider, Sources, referred
from esutd_bus.register.command import Command
from esutd_bus.register.contract import DELETED
from esutd_bus.register.entering import entered
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import amendment_correction, completeness, employee, reference, window
from esutd_bus.register.state import Needs
from esutd_bus.register.timeline import AMENDMENT_REMOVED


def needs(command: Command) -> Needs:
    """The contract, its timeline and amendments."""
    return referred(command, amendments=True, history=True)


def accept(case: Case) -> Accepted:
    """The contract's terms are those of its registration and the amendments and extensions that remain.

    Nothing is erased: the amendment is marked. Its number and date are free again, its id is not.
    """
    before = found_amendment(case)
    after = next_version(before, {"status": DELETED})
    return entered(
        case,
        AMENDMENT_REMOVED,
        before["starts_on"],
        {},
        deadline=window.amendment_window(case, before),
        amendment=after,
        beside=changes_of(before, after),
    )


DECIDER = Decider(
    needs,
    (
        completeness.contract_is_named,
        amendment_correction.amendment_is_named,
        employee.employee_is_named,
        reference.contract_exists,
        reference.contract_is_not_terminated,
        amendment_correction.amendment_to_delete_exists,
        amendment_correction.employer_is_not_changed_by_it,
        window.amendment_may_still_be_mended,
        employee.named_iin_is_right,
        amendment_correction.amendment_is_the_named_employees,
    ),
    accept,
    Sources(tables=frozenset({"contract", "amendment"})),
    requires=("reference", "amendment_reference", "employee_reference.iin"),
)
