from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from register_cases import (
    DISCLOSURE,
    EMPLOYER,
    GIVEN,
    IIN,
    TODAY,
    accepted,
    command,
    judge,
    refusals,
)

from esutd_bus.register.decide import needs
from esutd_bus.register.event import Disclosed
from esutd_bus.register.state import Needs, State

ENTRIES = {
    f"{entry}_{part}": part
    for entry in ("sex", "nationality", "citizenship", "life_status")
    for part in ("code", "name_ru", "name_kk")
}
PERSON = {"iin": IIN, "surname": "Тестов", "birth_date": date(1885, 1, 1), **ENTRIES, "life_status_code": "0"}
CARD = {"type_code": "002", "number": "1", "status_code": "00", "begin_date": date(2020, 1, 1)}
PASSPORT = {**CARD, "type_code": "001", "number": "2", "begin_date": date(2024, 1, 1)}
ORGANISATION = {
    "bin": EMPLOYER,
    "full_name_ru": "ТОО",
    "is_liquidated": False,
    "head_surname": "Руководителев",
    "head_iin": "the head's own affair",
    "city_ru": "АСТАНА",
    "founders": (),
}
ASKED = command("PrefillContract", {"disclosure": DISCLOSURE})


def state(person: Any = PERSON, employer: Any = None, documents: Any = (CARD, PASSPORT)) -> State:
    found = {"person": person, "documents": list(documents), "address": {"city": "ОРАЛ"}} if person else None
    fetched = {"person": found, "employer_data": employer or {"organisation": ORGANISATION}}
    return State(fetched=fetched, consents=[GIVEN])


@pytest.mark.clause("slides/prefill")
@pytest.mark.clause("353/14")
def test_a_draft_is_filled_with_what_is_known_of_both_sides() -> None:
    decision = accepted(judge(ASKED, state()))
    assert needs(ASKED) == Needs(consents_of=IIN)
    assert decision.answer["draft_employer"] == {"bin": EMPLOYER, "name_ru": "ТОО"}
    assert decision.answer["head"] == {"surname": "Руководителев"}
    assert decision.answer["employer_address"] == {"city_ru": "АСТАНА"}
    employee = decision.answer["employee"]
    assert (employee["iin"], employee["surname"], employee["birth_date"]) == (IIN, "Тестов", date(1885, 1, 1))
    assert "nationality_code" not in employee
    assert decision.answer["document"] == CARD
    (event,) = decision.events
    assert isinstance(event, Disclosed)
    assert (event.disclosure["employee_iin"], event.disclosure["consent_id"]) == (IIN, GIVEN["id"])


def test_an_individual_employer_is_its_own_head() -> None:
    found = {"individual": {"iin": IIN, "surname": "Тестов"}}
    answer = accepted(judge(ASKED, state(employer=found))).answer
    assert (answer["draft_employer"], answer["head"]) == ({"iin": IIN}, {"surname": "Тестов"})


@pytest.mark.parametrize(
    ("documents", "number"),
    [
        pytest.param([PASSPORT, {**CARD, "end_date": date(2025, 6, 10)}], "2", id="expired yesterday"),
        pytest.param([PASSPORT, {**CARD, "end_date": TODAY}], "1", id="valid to the end of today"),
        pytest.param([PASSPORT, {**CARD, "status_code": "01"}], "2", id="not valid"),
        pytest.param([CARD, {**CARD, "number": "3", "begin_date": TODAY}], "3", id="the newest"),
        pytest.param([{**CARD, "type_code": "015"}], None, id="another kind"),
        pytest.param([], None, id="none"),
    ],
)
def test_the_document_is_one_that_is_valid(documents: list[Any], number: str | None) -> None:
    answer = accepted(judge(ASKED, state(documents=documents))).answer
    assert answer.get("document", {}).get("number") == number


@pytest.mark.code("SCSE012")
@pytest.mark.parametrize(
    "person", [None, {**PERSON, "life_status_code": "3"}, {**PERSON, "death_date": TODAY}]
)
def test_nobody_who_is_not_known_to_live_gets_a_draft(person: Any) -> None:
    assert refusals(judge(ASKED, state(person))) == [("SCSE012", "disclosure.employee_iin")]


@pytest.mark.code("ESB012")
def test_a_liquidated_employer_gets_no_draft() -> None:
    liquidated = {"organisation": {**ORGANISATION, "is_liquidated": True}}
    assert refusals(judge(ASKED, state(employer=liquidated))) == [("ESB012", None)]
    nobody = State(fetched={"person": None, "employer_data": None}, consents=[GIVEN])
    assert [code for code, _ in refusals(judge(ASKED, nobody))] == ["SCSE012", "ESB012"]
