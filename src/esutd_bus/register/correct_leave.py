"""CorrectLeave: what was entered of a leave is replaced (order 353, clause 6)."""

from __future__ import annotations

from esutd_bus.register.case import Case, Decider, Sources, referred
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted
from esutd_bus.register.leave import accepted, found_leave, next_version, said
from esutd_bus.register.rules import codes, completeness, leave, reference
from esutd_bus.register.state import Needs


def needs(command: Command) -> Needs:
    """The contract and its leaves."""
    return referred(command, leaves=True)


def accept(case: Case) -> Accepted:
    """The leave is what the message says; what it was before stands in the history."""
    before = found_leave(case)
    return accepted(case, "LeaveCorrected", before, next_version(case, before, said(case)))


DECIDER = Decider(
    needs,
    (
        completeness.contract_is_named,
        completeness.leave_is_complete,
        reference.contract_exists,
        reference.contract_is_not_terminated,
        leave.leave_exists,
        codes.codes_are_in_dictionaries,
        leave.corrected_leave_begins_once,
        *leave.RIGHT_DATES,
    ),
    accept,
    Sources(tables=frozenset({"contract", "leave"})),
    requires=(
        "reference",
        "leave.external_id",
        "leave.leave_type_code",
        "leave.personnel_number",
        "leave.starts_on",
        "leave.ends_on",
    ),
)
