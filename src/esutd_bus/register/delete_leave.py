"""DeleteLeave: a leave that was entered by mistake no longer counts (order 353, clause 6)."""

from __future__ import annotations

from esutd_bus.register.case import Case, Decider, Sources, referred
from esutd_bus.register.command import Command
from esutd_bus.register.contract import DELETED
from esutd_bus.register.event import Accepted
from esutd_bus.register.leave import accepted, found_leave, next_version
from esutd_bus.register.rules import completeness, employee, leave, reference
from esutd_bus.register.state import Needs


def needs(command: Command) -> Needs:
    """The contract and its leaves."""
    return referred(command, leaves=True)


def accept(case: Case) -> Accepted:
    """The leave is marked as deleted: nothing is erased, its id is not given out again."""
    before = found_leave(case)
    return accepted(case, "LeaveDeleted", before, next_version(case, before, {"status": DELETED}))


DECIDER = Decider(
    needs,
    (
        completeness.contract_is_named,
        leave.leave_is_named,
        employee.employee_is_named,
        reference.contract_exists,
        reference.contract_is_not_terminated,
        leave.leave_exists,
        employee.named_iin_is_right,
        leave.leave_is_the_named_employees,
    ),
    accept,
    Sources(tables=frozenset({"contract", "leave"})),
    requires=("reference", "leave_reference", "employee_reference.iin"),
)
