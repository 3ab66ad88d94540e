from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from register_cases import NOW, accepted, command, judge, refusals

from esutd_bus.register.decide import needs
from esutd_bus.register.search import Found, RequestSearch
from esutd_bus.register.state import Needs, State

REQUEST_ID = UUID(int=42)
ASKED = command("GetRequestStatus", {"search": {"request_id": REQUEST_ID}})
FIELD = "search.request_id"

STORED: dict[str, Any] = {
    "operation": "EmploymentContracts.RegisterContract",
    "bound_at": NOW,
    "code": "SCSS001",
    "status": 200,
    "envelope": "<soap:Envelope/>",
}


def knowing(*rows: Any) -> State:
    return State(found=Found(rows, len(rows)))


@pytest.mark.parametrize(("code", "outcome"), [("SCSS001", "accepted"), ("SCSE014", "refused")])
def test_the_answer_of_then_is_told(code: str, outcome: str) -> None:
    decision = accepted(judge(ASKED, knowing({**STORED, "code": code})))
    assert decision.answer == {
        "asked": {"outcome": outcome},
        "stored": {**STORED, "code": code, "operation": "RegisterContract"},
    }
    assert decision.events == ()


def test_what_came_and_was_not_bound_can_be_sent_again() -> None:
    assert accepted(judge(ASKED, knowing({"operation": None}))).answer == {
        "asked": {"outcome": "notProcessed"}
    }


@pytest.mark.clause("353/14")
def test_a_personal_file_is_not_disclosed_once_more() -> None:
    file = {**STORED, "operation": "PersonalFile.GetPersonalFile"}
    stored = accepted(judge(ASKED, knowing(file))).answer["stored"]
    assert (stored["operation"], stored["envelope"]) == ("GetPersonalFile", None)


@pytest.mark.code("SCSE199")
def test_a_message_that_never_came_is_not_known() -> None:
    assert refusals(judge(ASKED, knowing())) == [("SCSE199", FIELD)]


@pytest.mark.code("SCSE195")
def test_the_message_asked_about_is_named() -> None:
    nameless = command("GetRequestStatus", {})
    assert refusals(judge(nameless)) == [("SCSE195", FIELD)]
    assert needs(nameless) == Needs()
    assert needs(ASKED) == Needs(search=RequestSearch(REQUEST_ID))
