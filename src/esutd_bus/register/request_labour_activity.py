"""RequestLabourActivity: an employer asks for a person's labour activity (order 353, clauses 18 and 19)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from esutd_bus.register import deadlines
from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted, RowAdded
from esutd_bus.register.identifiers import is_iin
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules import completeness
from esutd_bus.register.state import Needs

_IIN = "labour_request.employee_iin"


def needs(command: Command) -> Needs:
    """The consents that the person has given this employer."""
    return Needs(consents_of=command.values.get("labour_request", {}).get("employee_iin"))


def iin_is_right(case: Case) -> Iterator[Refusal]:
    """SCSE045: the IIN has a possible date of birth and the right check digit. Source: code text."""
    iin = case.value(_IIN)
    if iin is not None and not is_iin(iin):
        yield Refusal("SCSE045", _IIN)


def accept(case: Case) -> Accepted:
    """The request waits for its answer (`work.labour_activity`), due within five working days."""
    command, said = case.command, case.table("labour_request")
    row = {
        "id": command.new_id,
        "employer": command.employer,
        "employee_iin": said["employee_iin"],
        "purpose": said["purpose"],
        "consent_id": said["consent_id"],
        "paper_number": None,
        "paper_date": None,
        "paper_consent": None,
        "entered_by": command.employer,
        "requested_at": case.now,
        "due_on": deadlines.answer_due_on(case.today, case.rules.calendar),
        "message_id": command.message_id,
    }
    return Accepted(events=(RowAdded("labour_request", row),), answer={"requested": row})


DECIDER = Decider(
    needs,
    (completeness.labour_request_is_complete, iin_is_right),
    accept,
    Sources(rows={"requested": Shape(always={"id": UUID, "due_on": date})}),
    creates="labour_request",
    requires=("labour_request.consent_id",),
    consented=True,
)
