from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from register_cases import (
    BY_ID,
    CONTRACT_ID,
    REGISTERED,
    REINSTATEMENT,
    RULES,
    TODAY,
    accepted,
    amendment,
    command,
    entered,
    happened,
    judge,
    refusals,
    reinstatement,
    termination,
)

from esutd_bus.register.decide import COMMANDS, needs
from esutd_bus.register.event import Deadline
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules.reference import contract_exists
from esutd_bus.register.state import Needs, State
from support.replacing import replace

DAY = timedelta(days=1)
HERE = "reference.contract_id"
ENDED = REINSTATEMENT["terminated_on"]
ACTIVE = State(contract_by_id={**REGISTERED, "version": 1})
TERMINATED = entered(termination(terminated_on=ENDED, termination_note="сокращение"), ACTIVE)


def told(state: State = TERMINATED, **columns: Any) -> list[tuple[str, str | None]]:
    return refusals(judge(reinstatement(**columns), state))


@pytest.mark.clause("353/10")
def test_a_reinstatement_opens_the_contract_again() -> None:
    decision = accepted(judge(reinstatement(), TERMINATED))
    event = happened(decision)
    said = {column: value for column, value in REINSTATEMENT.items() if column != "terminated_on"}
    assert (event.kind, event.effective_on) == ("EmployeeReinstated", REINSTATEMENT["reinstated_on"])
    assert event.contract == {**REGISTERED, **said, "version": 3}
    assert event.changes == {
        "status": ("terminated", "active"),
        "terminated_on": (ENDED, None),
        "termination_reason_code": ("03-002", None),
        "termination_note": ("сокращение", None),
        **{column: (None, value) for column, value in said.items()},
    }
    assert decision.answer == {"contract": event.contract}
    assert decision.contract_id == CONTRACT_ID


def test_the_contract_and_its_history_are_asked_for() -> None:
    assert needs(reinstatement()) == Needs(contract_id=CONTRACT_ID, history=True)


@pytest.mark.clause("353/10")
@pytest.mark.code("SCSE093")
def test_a_late_entry_is_accepted_and_told_so() -> None:
    """Ten working days from 27 May 2025: 28–30; 2–5, 9–11 June, the 6th being Kurban Ait."""
    in_time = accepted(judge(reinstatement(reinstated_on=date(2025, 5, 27)), TERMINATED))
    late = accepted(judge(reinstatement(reinstated_on=date(2025, 5, 26)), TERMINATED))
    assert in_time.deadline == Deadline("353/10", TODAY, 0, None)
    assert late.deadline == Deadline("353/10", date(2025, 6, 10), 1, "SCSE093")


@pytest.mark.clause("353/13")
@pytest.mark.code("SCSE092")
@pytest.mark.parametrize(
    "operation",
    [
        name
        for name, decider in COMMANDS.items()
        if contract_exists in decider.rules
        and name not in {"ReinstateEmployee", "GetContract", "CorrectByAuthority"}
    ],
)
def test_after_a_termination_there_is_nothing_but_reinstatement(operation: str) -> None:
    asked = command(operation, {"reference": BY_ID})
    assert ("SCSE092", HERE) in refusals(judge(asked, TERMINATED))
    assert ("SCSE092", HERE) not in refusals(judge(asked, ACTIVE))


@pytest.mark.clause("353/10")
def test_a_reinstated_contract_may_be_changed_and_terminated_again() -> None:
    state = entered(reinstatement(), TERMINATED)
    state = entered(amendment(), state)
    state = entered(termination(), state)
    assert state.contract_by_id is not None
    assert (state.contract_by_id["status"], state.contract_by_id["version"]) == ("terminated", 5)
    again = {"terminated_on": date(2025, 6, 10), "reinstated_on": date(2025, 6, 11)}
    event = happened(judge(reinstatement(**again), state))
    assert event.contract["reinstated_on"] == date(2025, 6, 11)


@pytest.mark.code("SCSE067")
def test_a_second_termination_is_not_before_the_reinstatement() -> None:
    state = entered(reinstatement(), TERMINATED)
    there = REINSTATEMENT["reinstated_on"]
    assert refusals(judge(termination(terminated_on=there), state)) == []
    early = termination(terminated_on=there - DAY)
    assert refusals(judge(early, state)) == [("SCSE067", "contract.terminated_on")]


@pytest.mark.code("SCSE095")
def test_only_who_was_dismissed_is_reinstated() -> None:
    assert told(ACTIVE) == [("SCSE095", HERE)]
    assert told(entered(reinstatement(), TERMINATED)) == [("SCSE095", HERE)]


@pytest.mark.code("SCSE096")
@pytest.mark.parametrize("days", [-1, 1])
def test_the_termination_is_the_registers(days: int) -> None:
    assert told(terminated_on=ENDED + days * DAY) == [("SCSE096", "contract.terminated_on")]


@pytest.mark.code("SCSE094")
def test_a_reinstatement_is_not_of_tomorrow() -> None:
    assert told(reinstated_on=TODAY) == []
    assert told(reinstated_on=TODAY + DAY) == [("SCSE094", "contract.reinstated_on")]


@pytest.mark.code("SCSE102")
def test_nobody_is_reinstated_before_the_termination() -> None:
    assert told(reinstated_on=ENDED - DAY) == [("SCSE102", "contract.reinstated_on")]


@pytest.mark.code("SCSE182")
def test_a_termination_undone_from_its_own_day_is_explained() -> None:
    expected = [("SCSE182", "contract.reinstatement_note")]
    assert told(reinstated_on=ENDED) == expected
    assert told(reinstated_on=ENDED, reinstatement_note="приказ ошибочен") == []
    assert told(reinstated_on=ENDED + DAY) == []


@pytest.mark.code("SCSE101")
def test_of_courts_it_is_told_which() -> None:
    assert told(reinstatement_court_code=...) == [("SCSE101", "contract.reinstatement_court_code")]
    commission = {"reinstatement_organization_code": "2", "reinstatement_court_code": ...}
    assert told(**commission) == []
    unread = replace(
        reinstatement(reinstatement_court_code=...),
        refusals=(Refusal("ESB004"),),
        malformed=frozenset({"contract.reinstatement_court_code"}),
    )
    assert refusals(judge(unread, TERMINATED)) == [("ESB004", None)]


@pytest.mark.code("SCSE100")
def test_the_organization_is_in_the_dictionary() -> None:
    given = {"reinstatement_organization_code": "9", "reinstatement_court_code": ...}
    assert told(**given) == [("SCSE100", "contract.reinstatement_organization_code")]


@pytest.mark.code("SCSE148")
@pytest.mark.parametrize("court", ["9999", pytest.param("2", id="retired")])
def test_the_court_is_in_the_dictionary(court: str) -> None:
    assert told(reinstatement_court_code=court) == [("SCSE148", "contract.reinstatement_court_code")]


@pytest.mark.code("SCSE025")
def test_of_a_contract_that_is_not_there_nothing_else_is_told() -> None:
    assert told(State()) == [("SCSE025", HERE)]


@pytest.mark.clause("353/10")
@pytest.mark.parametrize(
    ("column", "code"),
    [
        pytest.param(column, code, marks=pytest.mark.code(code))
        for column, code in RULES.fields.required["reinstatement"].items()
    ],
)
def test_a_reinstatement_is_complete(column: str, code: str) -> None:
    assert told(**{column: ...}) == [(code, f"contract.{column}")]
