from __future__ import annotations

from datetime import date, timedelta

import pytest
from register_cases import (
    CONTRACT_ID,
    FOUND,
    REGISTERED,
    RULES,
    TODAY,
    accepted,
    happened,
    judge,
    refusals,
    termination,
)

from esutd_bus.register.decide import needs
from esutd_bus.register.event import Deadline
from esutd_bus.register.state import Needs, State

DAY = timedelta(days=1)


@pytest.mark.clause("slides/terminate")
def test_a_termination_ends_a_contract() -> None:
    decision = accepted(judge(termination(termination_note="приказ 12"), FOUND))
    event = happened(decision)
    entered = {
        "status": "terminated",
        "terminated_on": date(2025, 6, 10),
        "termination_reason_code": "03-002",
        "termination_note": "приказ 12",
    }
    assert event.kind == "ContractTerminated"
    assert event.contract == {**REGISTERED, **entered, "version": 5}
    assert event.changes == {
        "status": ("active", "terminated"),
        "terminated_on": (None, date(2025, 6, 10)),
        "termination_reason_code": (None, "03-002"),
        "termination_note": (None, "приказ 12"),
    }
    assert event.effective_on == date(2025, 6, 10)
    assert decision.answer == {"contract": event.contract}
    assert decision.contract_id == CONTRACT_ID


def test_a_note_is_not_needed() -> None:
    assert happened(judge(termination(), FOUND)).contract["termination_note"] is None


def test_the_contract_is_asked_for() -> None:
    assert needs(termination()) == Needs(contract_id=CONTRACT_ID)


@pytest.mark.clause("353/12")
@pytest.mark.code("SCSE091")
def test_a_late_entry_is_accepted_and_told_so() -> None:
    in_time = accepted(judge(termination(terminated_on=date(2025, 6, 6)), FOUND))
    late = accepted(judge(termination(terminated_on=date(2025, 6, 5)), FOUND))
    assert in_time.deadline == Deadline("353/12", date(2025, 6, 11), 0, None)
    # 6 June is Kurban Ait.
    assert late.deadline == Deadline("353/12", date(2025, 6, 11), 0, None)
    later = accepted(judge(termination(terminated_on=date(2025, 6, 3)), FOUND))
    assert later.deadline == Deadline("353/12", date(2025, 6, 9), 2, "SCSE091")


@pytest.mark.code("SCSE066")
def test_a_contract_ends_today_at_the_latest() -> None:
    assert refusals(judge(termination(terminated_on=TODAY), FOUND)) == []
    late = termination(terminated_on=TODAY + DAY)
    assert refusals(judge(late, FOUND)) == [("SCSE066", "contract.terminated_on")]


@pytest.mark.code("SCSE067")
def test_a_contract_does_not_end_before_it_starts() -> None:
    start = REGISTERED["starts_on"]
    assert refusals(judge(termination(terminated_on=start), FOUND)) == []
    early = termination(terminated_on=start - DAY)
    assert refusals(judge(early, FOUND)) == [("SCSE067", "contract.terminated_on")]


@pytest.mark.parametrize(
    ("ground", "code"),
    [
        pytest.param("99", "SCSE022", marks=pytest.mark.code("SCSE022")),
        pytest.param("03-026", "SCSE022", id="retired"),
        pytest.param("03", "SCSE084", marks=pytest.mark.code("SCSE084")),
        pytest.param("01", None, id="a ground without others below it"),
    ],
)
def test_the_ground_is_one_of_the_labour_codes(ground: str, code: str | None) -> None:
    found = refusals(judge(termination(termination_reason_code=ground), FOUND))
    assert found == ([(code, "contract.termination_reason_code")] if code else [])


@pytest.mark.clause("353/13")
@pytest.mark.code("SCSE092")
def test_a_contract_ends_once() -> None:
    state = State(contract_by_id={**REGISTERED, "status": "terminated"})
    assert refusals(judge(termination(), state)) == [("SCSE092", "reference.contract_id")]


@pytest.mark.parametrize(
    ("column", "code"),
    [
        pytest.param(column, code, marks=pytest.mark.code(code))
        for column, code in RULES.fields.required["termination"].items()
    ],
)
def test_a_termination_is_complete(column: str, code: str) -> None:
    assert refusals(judge(termination(**{column: ...}), FOUND)) == [(code, f"contract.{column}")]
