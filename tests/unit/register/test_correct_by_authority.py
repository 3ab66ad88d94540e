from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from register_cases import (
    BY_ID,
    CONTRACT_ID,
    EMPLOYER,
    NOW,
    REGISTERED,
    TERMINATION,
    TODAY,
    amendment,
    changed,
    command,
    entered,
    happened,
    judge,
    refusals,
    reinstatement,
    termination,
)

from esutd_bus.register.command import Command
from esutd_bus.register.decide import needs
from esutd_bus.register.partners import PartnerKind
from esutd_bus.register.speaker import Speaker
from esutd_bus.register.state import Needs, State
from esutd_bus.register.timeline import Timeline
from support.replacing import replace

DAY = timedelta(days=1)
HERE = "reference.contract_id"
OFFICER = Speaker("020140000046", "810505200187", frozenset({"organisation", "employee"}), certificate="a0")
APPLICATION: Mapping[str, Any] = {
    "whose": "employee",
    "number": "ЖТ-118",
    "date": TODAY,
    "reason": "основание указано неверно",
}
LONG_AGO = {**REGISTERED, "registered_at": datetime(2024, 1, 11, 5, 0, tzinfo=UTC), "version": 1}
ENDED = entered(termination(), State(contract_by_id=LONG_AGO))
"""A contract whose window of correction closed long ago, and whose termination was entered today."""

ENDED_ON = TERMINATION["terminated_on"]


def correction(
    application: Mapping[str, Any] = APPLICATION, owner: str | None = EMPLOYER, **columns: Any
) -> Command:
    values = {"reference": BY_ID, "application": application, "contract": columns}
    if owner is not None:
        values["owner"] = {"employer": owner}
    return command("CorrectByAuthority", values, speaker=OFFICER, serves=frozenset({PartnerKind.AUTHORITY}))


def told(state: State = ENDED, **columns: Any) -> list[tuple[str, str | None]]:
    return refusals(judge(correction(**columns), state))


def now_of(state: State) -> Timeline:
    assert state.contract_by_id is not None
    return Timeline.of(state.contract_by_id, state.history)


@pytest.mark.clause("353/13")
def test_after_a_termination_the_authority_puts_an_entry_right() -> None:
    event = happened(judge(correction(established_post="Аналитик"), ENDED))
    assert event.kind == "ContractCorrectedByAuthority"
    assert event.contract == {**(ENDED.contract_by_id or {}), "established_post": "Аналитик", "version": 3}
    assert event.contract["status"] == "terminated"
    assert event.effective_on == REGISTERED["starts_on"]
    assert event.deadline is None


@pytest.mark.clause("353/13")
def test_history_tells_on_whose_application_and_why() -> None:
    event = happened(judge(correction(established_post="Аналитик"), ENDED))
    assert event.changes == {
        "application.whose": (None, "employee"),
        "application.number": (None, "ЖТ-118"),
        "application.date": (None, TODAY),
        "application.reason": (None, "основание указано неверно"),
        "established_post": ("Системный аналитик", "Аналитик"),
    }
    assert event.entered == {"established_post": "Аналитик"}


@pytest.mark.clause("353/13")
def test_a_termination_gets_another_day_and_ground() -> None:
    given = {"terminated_on": ENDED_ON - 5 * DAY, "termination_reason_code": "05"}
    event = happened(judge(correction(**given), ENDED))
    assert {column: event.contract[column] for column in given} == given
    assert event.contract["status"] == "terminated"
    assert event.effective_on == given["terminated_on"]
    assert event.changes["terminated_on"] == (ENDED_ON, given["terminated_on"])
    assert event.changes["termination_reason_code"] == ("03-002", "05")


def test_a_note_that_is_left_out_goes_with_the_old_termination() -> None:
    state = entered(termination(termination_note="по заявлению"), State(contract_by_id=LONG_AGO))
    event = happened(judge(correction(**TERMINATION), state))
    assert event.changes["termination_note"] == ("по заявлению", None)


@pytest.mark.clause("353/13")
def test_what_was_known_before_stays_known() -> None:
    """A contract ended on the 10th, as was believed until the authority said: on the 5th."""
    later = NOW + DAY
    earlier = ENDED_ON - 5 * DAY
    corrected = correction(terminated_on=earlier, termination_reason_code="05")
    line = now_of(entered(corrected, ENDED, later))
    between = earlier + DAY
    believed = line.as_of(NOW, between)
    known = line.as_of(later, between)
    assert believed is not None
    assert known is not None
    assert (believed["status"], believed["terminated_on"]) == ("active", None)
    assert (known["status"], known["terminated_on"]) == ("terminated", earlier)
    before = line.as_of(NOW, ENDED_ON)
    assert before is not None
    assert before["termination_reason_code"] == "03-002"


def test_a_later_amendment_still_stands_above_what_the_authority_corrects() -> None:
    state = entered(amendment({"established_post": "Главный аналитик"}), State(contract_by_id=LONG_AGO))
    state = entered(termination(), state)
    event = happened(judge(correction(established_post="Аналитик"), state))
    assert event.contract["established_post"] == "Главный аналитик"
    line = now_of(entered(correction(established_post="Аналитик"), state))
    before = line.as_of(NOW, date(2025, 6, 9))
    assert before is not None
    assert before["established_post"] == "Аналитик"


def test_of_two_terminations_the_newest_is_corrected() -> None:
    state = entered(termination(terminated_on=date(2025, 5, 20)), State(contract_by_id=LONG_AGO))
    state = entered(reinstatement(reinstated_on=date(2025, 6, 1)), state)
    state = entered(termination(), state)
    corrected = entered(correction(**changed(TERMINATION, terminated_on=date(2025, 6, 5))), state)
    line = now_of(corrected)
    first, between, again = (
        line.as_of(NOW, day) for day in (date(2025, 5, 21), date(2025, 6, 4), date(2025, 6, 6))
    )
    assert first is not None
    assert between is not None
    assert again is not None
    assert first["terminated_on"] == date(2025, 5, 20)
    assert between["status"] == "active"
    assert again["terminated_on"] == date(2025, 6, 5)


def test_a_corrected_termination_can_be_undone_by_a_reinstatement() -> None:
    corrected = entered(correction(**changed(TERMINATION, terminated_on=date(2025, 6, 5))), ENDED)
    asked = reinstatement(terminated_on=date(2025, 6, 5))
    assert happened(judge(asked, corrected)).contract["status"] == "active"


@pytest.mark.clause("353/13")
def test_no_window_closes_for_the_authority() -> None:
    """The employer's 30 working days are long over."""
    assert told(established_post="Аналитик") == []
    ours = command("CorrectContract", {"reference": BY_ID, "contract": {"established_post": "Аналитик"}})
    assert ("SCSE090", HERE) in refusals(judge(ours, State(contract_by_id=LONG_AGO)))


@pytest.mark.clause("353/13")
@pytest.mark.code("SCSE092")
def test_until_a_termination_the_entry_is_the_employers() -> None:
    assert told(State(contract_by_id=LONG_AGO), established_post="Аналитик") == [("SCSE092", HERE)]


def test_after_a_reinstatement_too() -> None:
    state = entered(reinstatement(terminated_on=ENDED_ON, reinstated_on=TODAY), ENDED)
    assert told(state, established_post="Аналитик") == [("SCSE092", HERE)]


@pytest.mark.code("SCSE025")
@pytest.mark.parametrize("state", [State(), State(contract_by_id={**LONG_AGO, "status": "deleted"})])
def test_nothing_is_corrected_where_there_is_no_contract(state: State) -> None:
    assert told(state, established_post="Аналитик") == [("SCSE025", HERE)]


def test_without_the_employer_nothing_is_said_of_the_contract() -> None:
    asked = correction(owner=None, established_post="Аналитик")
    assert refusals(judge(asked, State())) == [("SCSE009", "owner.employer")]


@pytest.mark.clause("353/13")
@pytest.mark.parametrize("missing", list(APPLICATION))
def test_the_authority_acts_on_an_application(missing: str) -> None:
    asked = correction(changed(APPLICATION, **{missing: ...}), established_post="Аналитик")
    assert refusals(judge(asked, ENDED)) == [("ESB004", f"application.{missing}")]


def test_an_application_comes_before_the_change() -> None:
    asked = correction(changed(APPLICATION, date=TODAY + DAY), established_post="Аналитик")
    assert refusals(judge(asked, ENDED)) == [("ESB004", "application.date")]


@pytest.mark.code("SCSE138")
def test_something_is_corrected() -> None:
    assert told() == [("SCSE138", "correction")]


@pytest.mark.parametrize(
    ("columns", "code", "field"),
    [
        ({"position_code": "9999-9-999"}, "SCSE007", "contract.position_code"),
        ({"concluded_on": TODAY + DAY}, "SCSE059", "contract.concluded_on"),
        ({"term_code": "3"}, "SCSE054", "contract.ends_on"),
        ({"term_code": "3", "ends_on": date(2024, 1, 14)}, "SCSE061", "contract.ends_on"),
        ({**TERMINATION, "terminated_on": TODAY + DAY}, "SCSE066", "contract.terminated_on"),
        ({**TERMINATION, "terminated_on": date(2024, 1, 14)}, "SCSE067", "contract.terminated_on"),
        ({"starts_on": ENDED_ON + DAY}, "SCSE067", "contract.terminated_on"),
        ({**TERMINATION, "termination_reason_code": "99-999"}, "SCSE022", "contract.termination_reason_code"),
        ({**TERMINATION, "termination_reason_code": "03"}, "SCSE084", "contract.termination_reason_code"),
    ],
)
def test_its_content_is_judged_like_an_employers(columns: dict[str, Any], code: str, field: str) -> None:
    assert told(**columns) == [(code, field)]


@pytest.mark.code("SCSE056")
@pytest.mark.code("SCSE181")
def test_a_corrected_termination_is_judged_like_an_employers() -> None:
    by_machines = {**TERMINATION, "termination_reason_code": "05", "termination_by_new_technology": True}
    assert told(**by_machines) == [("SCSE056", "contract.termination_by_new_technology")]
    assert ENDED.contract_by_id is not None
    harmful = {**ENDED.contract_by_id, "working_conditions": "harmful"}
    state = replace(ENDED, contract_by_id=harmful)
    assert told(state, **TERMINATION) == [("SCSE181", "contract.termination_payment_employee_agrees")]
    assert told(state, established_post="Аналитик") == []


def test_start_and_termination_are_judged_as_both_are_corrected() -> None:
    moved = {"starts_on": date(2023, 6, 1), "terminated_on": date(2023, 7, 1)}
    assert told(**moved, termination_reason_code="05", concluded_on=date(2023, 5, 31)) == []


def test_the_owners_contracts_are_asked_for() -> None:
    assert needs(correction(number="18")) == Needs(
        contract_id=CONTRACT_ID,
        contract_number="18",
        amendments=True,
        history=True,
        leaves=True,
        owner=EMPLOYER,
        delegation_to=OFFICER.person,
    )
