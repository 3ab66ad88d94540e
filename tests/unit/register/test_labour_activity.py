"""Requests for labour activity: on what consent, by when they are answered, what is told (order 353, clauses 17–20)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from register_cases import (
    EMPLOYER,
    IIN,
    MESSAGE_ID,
    NEW_ID,
    NOW,
    RULES,
    TODAY,
    accepted,
    command,
    judge,
    refusals,
)

from esutd_bus.register import labour_answer
from esutd_bus.register.command import Command
from esutd_bus.register.decide import missing_right, needs
from esutd_bus.register.event import Disclosed, RowAdded
from esutd_bus.register.state import Needs, State

CONSENT_ID, REQUEST_ID = UUID(int=7), UUID(int=8)
NAMED, ASKED = "labour_request.consent_id", "labour_reference.request_id"

Row = Mapping[str, Any]


def given(**more: Any) -> Row:
    """A consent, with whether it was withdrawn."""
    known = {"id": CONSENT_ID, "purpose": "приём на работу", "valid_to": TODAY, "withdrawn_at": None}
    return {**known, **more}


def request(**more: Any) -> Row:
    """A request that the store has, with its answer."""
    known = {
        "id": REQUEST_ID,
        "employer": EMPLOYER,
        "employee_iin": IIN,
        "purpose": "приём на работу",
        "consent_id": CONSENT_ID,
    }
    return {**known, "status": None, "document": None, "reason": None, **more}


def requesting(**more: Any) -> Command:
    said = {"employee_iin": IIN, "purpose": "приём на работу", "consent_id": CONSENT_ID, **more}
    return command("RequestLabourActivity", {"labour_request": said})


def asking(request_id: UUID | None = REQUEST_ID) -> Command:
    return command("GetRequestResult", {"labour_reference": {"request_id": request_id}} if request_id else {})


def result(**more: Any) -> Mapping[str, Any]:
    return accepted(judge(asking(), State(labour_request=request(**more)))).answer


def test_what_is_loaded() -> None:
    assert needs(requesting()) == Needs(consents_of=IIN)
    assert needs(asking()) == Needs(labour_request_id=REQUEST_ID)
    assert needs(asking(None)) == Needs()


class TestRequest:
    """RequestLabourActivity."""

    @pytest.mark.clause("353/18")
    def test_it_is_kept_with_its_consent_and_its_term(self) -> None:
        decision = accepted(judge(requesting(), State(consents=[given()])))
        row = {
            "id": NEW_ID,
            "employer": EMPLOYER,
            "employee_iin": IIN,
            "purpose": "приём на работу",
            "consent_id": CONSENT_ID,
            "paper_number": None,
            "paper_date": None,
            "paper_consent": None,
            "entered_by": EMPLOYER,
            "requested_at": NOW,
            "due_on": date(2025, 6, 18),
            "message_id": MESSAGE_ID,
        }
        assert decision.events == (RowAdded("labour_request", row),)
        assert decision.answer == {"requested": row}
        assert decision.deadline is None

    @pytest.mark.clause("353/19")
    @pytest.mark.parametrize(
        ("received_at", "due_on"),
        [
            # Wednesday to Wednesday.
            (NOW, date(2025, 6, 18)),
            # A Friday before Nauryz: 21–23 March, the two on the weekend moved to 24 and 25.
            (datetime.fromisoformat("2025-03-14T12:00:00+05:00"), date(2025, 3, 26)),
            # Late in the evening of UTC it is the next day in Kazakhstan.
            (datetime.fromisoformat("2025-06-11T20:00:00+00:00"), date(2025, 6, 19)),
        ],
    )
    def test_five_working_days_after_it_came(self, received_at: datetime, due_on: date) -> None:
        state = State(consents=[given(valid_to=date(2030, 1, 1))])
        assert accepted(judge(requesting(), state, received_at)).answer["requested"]["due_on"] == due_on

    @pytest.mark.clause("353/17")
    @pytest.mark.clause("353/18")
    @pytest.mark.code("ESB005")
    @pytest.mark.parametrize(
        ("consents", "told"),
        [
            ([], "consent"),
            ([given(id=UUID(int=70))], "consent"),
            ([given(valid_to=TODAY - timedelta(days=1))], "consent-expired"),
            ([given(withdrawn_at=NOW)], "consent-withdrawn"),
            ([given(withdrawn_at=NOW), given(id=UUID(int=70))], "consent-withdrawn"),
            ([given(purpose="проверка")], "consent-purpose"),
            ([given()], None),
        ],
        ids=[
            "none",
            "another",
            "expired",
            "withdrawn",
            "withdrawn beside another",
            "another purpose",
            "in force",
        ],
    )
    def test_the_consent_named_holds(self, consents: list[Row], told: str | None) -> None:
        refusal = missing_right(requesting(), State(consents=consents), NOW, RULES)
        assert (refusal and (refusal.code, refusal.reason)) == (told and ("ESB005", told))

    @pytest.mark.code("SCSE011", "SCSE045", "ESB004")
    @pytest.mark.parametrize(
        ("more", "code", "field"),
        [
            ({"employee_iin": None}, "SCSE011", "labour_request.employee_iin"),
            ({"employee_iin": "850101100010"}, "SCSE045", "labour_request.employee_iin"),
            ({"purpose": None}, "ESB004", "labour_request.purpose"),
            ({"consent_id": None}, "ESB004", NAMED),
        ],
    )
    def test_its_parts(self, more: Row, code: str, field: str) -> None:
        assert refusals(judge(requesting(**more), State(consents=[given()]))) == [(code, field)]

    def test_of_nobodys_consent_nothing_is_said(self) -> None:
        assert refusals(judge(requesting(employee_iin=None), State())) == [
            ("SCSE011", "labour_request.employee_iin")
        ]


class TestResult:
    """GetRequestResult."""

    @pytest.mark.clause("353/19")
    def test_it_is_in_progress_until_there_is_an_answer(self) -> None:
        decision = accepted(judge(asking(), State(labour_request=request())))
        assert decision.answer == {"result": {"status": "in-progress"}}
        assert decision.events == ()

    @pytest.mark.clause("353/19")
    @pytest.mark.parametrize("named", [CONSENT_ID, None])
    def test_the_document_goes_out_on_record(self, named: UUID | None) -> None:
        answered = request(status="answered", document=b"<signed/>", consent_id=named)
        decision = accepted(judge(asking(), State(labour_request=answered)))
        assert decision.answer == {"result": {"status": "answered", "document": b"<signed/>"}}
        (event,) = decision.events
        assert isinstance(event, Disclosed)
        assert event.disclosure == {
            "id": NEW_ID,
            "employer": EMPLOYER,
            "employee_iin": IIN,
            "purpose": "приём на работу",
            "consent_id": named,
            "message_id": MESSAGE_ID,
            "disclosed_at": NOW,
        }

    @pytest.mark.clause("353/20")
    def test_absence_is_told(self) -> None:
        told = result(status="absent")
        assert told["result"] == {"status": "absent"}
        assert "нет сведений" in told["notice"]["ru"]

    @pytest.mark.clause("353/20")
    @pytest.mark.parametrize(
        ("reason", "told"), [("consent-withdrawn", "отозвал"), ("consent-expired", "истёк")]
    )
    def test_a_refusal_gives_its_reason_and_names_the_court(self, reason: str, told: str) -> None:
        notice = result(status="refused", reason=reason)["notice"]
        assert told in notice["ru"]
        assert all(
            court in notice[tongue] for tongue, court in {"ru": "суд", "kk": "сот", "en": "court"}.items()
        )

    @pytest.mark.code("ESB004")
    def test_a_request_that_is_not_the_employers_is_unknown(self) -> None:
        assert refusals(judge(asking(), State())) == [("ESB004", ASKED)]

    @pytest.mark.code("ESB004")
    def test_the_request_is_named(self) -> None:
        assert refusals(judge(asking(None))) == [("ESB004", ASKED)]


@pytest.mark.clause("353/20")
def test_the_consent_is_judged_anew_when_the_answer_is_made() -> None:
    assert labour_answer.why_refused(request(), given(), TODAY) is None
    assert labour_answer.why_refused(request(), given(), TODAY + timedelta(days=1)) == "consent-expired"
    assert labour_answer.why_refused(request(), given(withdrawn_at=NOW), TODAY) == "consent-withdrawn"
    assert labour_answer.why_refused(request(consent_id=None), None, TODAY) is None
