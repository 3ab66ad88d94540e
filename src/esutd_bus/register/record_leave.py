"""RecordLeave: an employee goes on a leave for a child (order 353, clause 6)."""

from __future__ import annotations

from esutd_bus.register.case import Case, Decider, Sources, referred
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted
from esutd_bus.register.leave import accepted, first_version
from esutd_bus.register.rules import codes, completeness, leave, reference
from esutd_bus.register.state import Needs


def needs(command: Command) -> Needs:
    """The contract, its leaves, and whatever may stand in the new leave's way."""
    external_id = command.values.get("leave", {}).get("external_id")
    return referred(command, leaves=True)._replace(leave_external_id=external_id)


def accept(case: Case) -> Accepted:
    """The contract has one more leave."""
    return accepted(case, "LeaveRecorded", None, first_version(case))


DECIDER = Decider(
    needs,
    (
        completeness.contract_is_named,
        completeness.leave_is_complete,
        reference.contract_exists,
        reference.contract_is_not_terminated,
        leave.leave_id_is_new,
        codes.codes_are_in_dictionaries,
        leave.leave_begins_once,
        *leave.RIGHT_DATES,
    ),
    accept,
    Sources(tables=frozenset({"contract", "leave"})),
    creates="leave",
    requires=("reference",),
)
