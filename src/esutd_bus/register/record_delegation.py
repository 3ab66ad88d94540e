"""RecordDelegation: an employer's act entrusts an employee with the register's entries (order 353, clause 5).

The newest act for a person counts, and no earlier one: an act that ends before today takes the delegation back.
"""

from __future__ import annotations

from esutd_bus.register.case import Case, Decider, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted, DelegationRecorded
from esutd_bus.register.rules import completeness, delegation
from esutd_bus.register.state import Needs, Row


def needs(command: Command) -> Needs:
    """The newest act for the same person, whose number the new one follows."""
    return Needs(delegation_to=command.values.get("delegation", {}).get("delegate_iin"))


def accept(case: Case) -> Accepted:
    """The act is added to those before it."""
    row = _row(case)
    return Accepted(events=(DelegationRecorded(row),), answer={"delegation": row})


def _row(case: Case) -> Row:
    command, given, before = case.command, case.table("delegation"), case.state.delegation
    return {
        "id": command.new_id,
        "employer": command.employer,
        "delegate_iin": given["delegate_iin"],
        "version": 1 if before is None else before["version"] + 1,
        "act_number": given["act_number"],
        "act_date": given["act_date"],
        "valid_to": given.get("valid_to"),
        "message_id": command.message_id,
        "recorded_at": case.now,
        "recorded_by": command.speaker.recorded_by,
    }


DECIDER = Decider(
    needs,
    (
        completeness.delegation_is_complete,
        delegation.delegate_iin_is_right,
        delegation.act_is_made,
    ),
    accept,
    Sources(tables=frozenset({"delegation"})),
    creates="delegation",
    by_itself=True,
)
