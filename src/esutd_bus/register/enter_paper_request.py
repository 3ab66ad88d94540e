"""EnterPaperRequest: the labour authority enters a request that came on paper (order 353, clause 15).

From then on it goes the way of a request by message: the same answer, by the same day.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from esutd_bus.register import deadlines
from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted, RowAdded
from esutd_bus.register.rules import completeness, paper_request
from esutd_bus.register.state import Needs


def needs(_command: Command) -> Needs:
    """Nothing: the authority has seen the consent."""
    return Needs()


def accept(case: Case) -> Accepted:
    """The request waits for its answer (`work.labour_activity`), due five working days after the paper came."""
    command, said = case.command, case.table("paper_request")
    row = {
        "id": command.new_id,
        "employer": said["applicant"],
        "employee_iin": said["employee_iin"],
        "purpose": said["purpose"],
        "consent_id": None,
        "paper_number": said["number"],
        "paper_date": said["received_on"],
        "paper_consent": said["consent"],
        "entered_by": command.employer,
        "requested_at": case.now,
        "due_on": deadlines.answer_due_on(said["received_on"], case.rules.calendar),
        "message_id": command.message_id,
    }
    return Accepted(events=(RowAdded("labour_request", row),), answer={"requested": row})


DECIDER = Decider(
    needs,
    (completeness.paper_request_is_complete, paper_request.iin_is_right, paper_request.paper_has_come),
    accept,
    Sources(rows={"requested": Shape(always={"id": UUID, "due_on": date})}),
    requires=tuple(
        f"paper_request.{column}"
        for column in ("applicant", "number", "received_on", "employee_iin", "purpose", "consent")
    ),
)
