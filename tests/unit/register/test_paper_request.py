"""Requests on paper, entered by the authority (order 353, clause 15)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from register_cases import EMPLOYER, IIN, MESSAGE_ID, NEW_ID, NOW, TODAY, accepted, command, judge, refusals

from esutd_bus.register.command import Command
from esutd_bus.register.event import Disclosed, RowAdded
from esutd_bus.register.state import State

APPLICANT = "940340000421"


def entering(**more: Any) -> Command:
    said = {
        "applicant": APPLICANT,
        "number": "17",
        "received_on": TODAY,
        "employee_iin": IIN,
        "purpose": "приём на работу",
        "consent": "от руки, на листе 2",
    }
    return command("EnterPaperRequest", {"paper_request": {**said, **more}})


@pytest.mark.clause("353/15")
def test_it_is_kept_as_the_applicants_with_the_papers_particulars() -> None:
    decision = accepted(judge(entering()))
    row = {
        "id": NEW_ID,
        "employer": APPLICANT,
        "employee_iin": IIN,
        "purpose": "приём на работу",
        "consent_id": None,
        "paper_number": "17",
        "paper_date": TODAY,
        "paper_consent": "от руки, на листе 2",
        "entered_by": EMPLOYER,
        "requested_at": NOW,
        "due_on": date(2025, 6, 18),
        "message_id": MESSAGE_ID,
    }
    assert decision.events == (RowAdded("labour_request", row),)
    assert decision.answer == {"requested": row}


@pytest.mark.clause("353/15")
def test_the_days_count_from_the_papers_receipt() -> None:
    earlier = accepted(judge(entering(received_on=TODAY - timedelta(days=2))))
    assert earlier.answer["requested"]["due_on"] == date(2025, 6, 16)


@pytest.mark.clause("353/15")
@pytest.mark.parametrize(
    ("more", "code", "column"),
    [
        ({"applicant": None}, "SCSE009", "applicant"),
        ({"number": None}, "ESB004", "number"),
        ({"received_on": None}, "ESB004", "received_on"),
        ({"received_on": TODAY + timedelta(days=1)}, "ESB004", "received_on"),
        ({"employee_iin": None}, "SCSE011", "employee_iin"),
        ({"employee_iin": "850101100010"}, "SCSE045", "employee_iin"),
        ({"purpose": None}, "ESB004", "purpose"),
        ({"consent": None}, "ESB004", "consent"),
    ],
)
def test_its_parts(more: Mapping[str, Any], code: str, column: str) -> None:
    assert refusals(judge(entering(**more))) == [(code, f"paper_request.{column}")]


@pytest.mark.clause("353/14")
def test_what_the_authority_hands_out_is_disclosed_to_the_applicant() -> None:
    known = {
        "id": UUID(int=8),
        "employer": APPLICANT,
        "employee_iin": IIN,
        "purpose": "приём на работу",
        "consent_id": None,
        "status": "answered",
        "document": b"<signed/>",
        "reason": None,
    }
    asked = command("ReadRequestResult", {"labour_reference": {"request_id": known["id"]}})
    (event,) = accepted(judge(asked, State(labour_request=known))).events
    assert isinstance(event, Disclosed)
    assert event.disclosure["employer"] == APPLICANT
