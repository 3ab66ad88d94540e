from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from register_cases import (
    AMENDMENT,
    BY_ID,
    CONTRACT,
    CONTRACT_ID,
    DELEGATE,
    IIN,
    OTHER_IIN,
    RECORDED,
    REGISTERED,
    TODAY,
    accepted,
    amendment,
    changed,
    command,
    entered,
    happened,
    judge,
    recorded,
    refusals,
)

from esutd_bus.register.command import Command
from esutd_bus.register.contract import ENTERED
from esutd_bus.register.decide import needs
from esutd_bus.register.event import ContractEvent, Deadline
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Needs, State
from support.replacing import replace

DAY = timedelta(days=1)
ENTERED_YESTERDAY = {**REGISTERED, "registered_at": datetime(2025, 6, 10, 5, 0, tzinfo=UTC), "version": 1}
FOUND = State(contract_by_id=ENTERED_YESTERDAY)
HERE = "reference.contract_id"


def correction(**columns: Any) -> Command:
    return command("CorrectContract", {"reference": BY_ID, "contract": columns})


def told(state: State = FOUND, **columns: Any) -> list[tuple[str, str | None]]:
    return refusals(judge(correction(**columns), state))


def holding(**columns: Any) -> State:
    return State(contract_by_id={**ENTERED_YESTERDAY, **columns})


def amended(changes: dict[str, Any], state: State = FOUND, **columns: Any) -> State:
    """The state after an amendment."""
    return entered(amendment(changes, **columns), state)


@pytest.mark.clause("353/9")
def test_a_leaf_is_put_right() -> None:
    decision = accepted(judge(correction(established_post="Аналитик"), FOUND))
    event = happened(decision)
    assert event.kind == "ContractCorrected"
    assert event.contract == {**ENTERED_YESTERDAY, "established_post": "Аналитик", "version": 2}
    assert event.changes == {"established_post": ("Системный аналитик", "Аналитик")}
    assert event.entered == {"established_post": "Аналитик"}
    assert event.effective_on == REGISTERED["starts_on"]
    assert event.amendment is None
    assert decision.answer == {"contract": event.contract}
    assert decision.contract_id == CONTRACT_ID


@pytest.mark.clause("353/9")
@pytest.mark.parametrize("column", [column for column in ENTERED if column in CONTRACT])
def test_everything_that_was_entered_can_be_put_right(column: str) -> None:
    """The other leaves of its group are given too, as in a registration; what was right stays right."""
    assert told(**changed(CONTRACT)) == []
    given = {column: CONTRACT[column]}
    if column in {"working_hours_code", "country_code", "kato_code", "address"}:
        given = {
            name: CONTRACT[name] for name in ("working_hours_code", "country_code", "kato_code", "address")
        }
    wrong = {name: None for name in given if name != "country_code"}
    assert happened(judge(correction(**given), holding(**wrong))).contract[column] == CONTRACT[column]


def test_a_corrected_start_is_that_from_which_the_contract_holds() -> None:
    event = happened(judge(correction(starts_on=date(2024, 1, 16)), FOUND))
    assert event.effective_on == event.contract["starts_on"] == date(2024, 1, 16)


def test_groups_are_replaced_as_a_whole() -> None:
    state = holding(
        term_code="2",
        ends_on=date(2026, 1, 14),
        employee_surname="Тестов",
        working_hours_code="3",
        tariff_rate=Decimal("0.5"),
    )
    given = {"term_code": "1", "employee_iin": IIN, "working_hours_code": "2"}
    event = happened(judge(correction(**given), state))
    assert event.changes == {
        "term_code": ("2", "1"),
        "ends_on": (date(2026, 1, 14), None),
        "employee_surname": ("Тестов", None),
        "working_hours_code": ("3", "2"),
        "tariff_rate": (Decimal("0.5"), None),
    }


def test_what_may_stand_in_the_way_is_asked_for() -> None:
    asked = correction(number="18", external_id="e" * 32)
    assert needs(asked) == Needs(
        contract_id=CONTRACT_ID,
        contract_number="18",
        new_external_id="e" * 32,
        amendments=True,
        history=True,
        leaves=True,
    )


@pytest.mark.clause("353/9")
@pytest.mark.code("SCSE090")
@pytest.mark.parametrize(
    ("entered_at", "open_"),
    [
        # Thursday 24 April 2025: 25; 28–30; 2, 5, 6, 8, 12–16, 19–23, 26–30 May; 2–5, 9, 10, 11 June.
        (datetime(2025, 4, 24, 5, 0, tzinfo=UTC), True),
        # The day is Kazakhstan's: here 24 April has begun.
        (datetime(2025, 4, 23, 19, 0, tzinfo=UTC), True),
        (datetime(2025, 4, 23, 18, 59, tzinfo=UTC), False),
        (datetime(2025, 4, 23, 5, 0, tzinfo=UTC), False),
    ],
)
def test_an_entry_is_put_right_within_thirty_working_days(entered_at: datetime, open_: bool) -> None:
    state = holding(registered_at=entered_at)
    assert told(state, number="18") == ([] if open_ else [("SCSE090", HERE)])


@pytest.mark.clause("353/9")
def test_the_receipt_tells_until_when() -> None:
    state = holding(registered_at=datetime(2025, 4, 24, 5, 0, tzinfo=UTC))
    decision = accepted(judge(correction(number="18"), state))
    assert decision.deadline == Deadline("353/9", TODAY, 0, None)


@pytest.mark.clause("353/13")
@pytest.mark.code("SCSE092")
def test_a_terminated_contract_is_not_corrected() -> None:
    assert told(holding(status="terminated"), number="18") == [("SCSE092", HERE)]


@pytest.mark.code("SCSE138")
def test_a_correction_corrects_something() -> None:
    assert told() == [("SCSE138", "correction")]
    unread = replace(correction(), refusals=(Refusal("ESB004"),), malformed=frozenset({"contract.starts_on"}))
    assert refusals(judge(unread, FOUND)) == [("ESB004", None)]


@pytest.mark.code("SCSE025")
@pytest.mark.parametrize("state", [State(), holding(status="deleted")])
def test_a_contract_that_is_not_there_is_not_corrected(state: State) -> None:
    assert told(state, number="18", starts_on=TODAY) == [("SCSE025", HERE)]


@pytest.mark.code("SCSE014")
def test_a_number_is_still_used_once() -> None:
    other = {**REGISTERED, "id": UUID(int=9)}
    assert told(replace(FOUND, contract_by_number=other), number="18") == [("SCSE014", "contract.number")]
    assert told(replace(FOUND, contract_by_number={**other, "status": "deleted"}), number="18") == []
    assert told(replace(FOUND, contract_by_number=ENTERED_YESTERDAY), number="17") == []


@pytest.mark.code("SCSE086")
def test_an_external_id_is_still_used_once() -> None:
    other = {**REGISTERED, "id": UUID(int=9)}
    for holder in (other, {**other, "status": "deleted"}):
        state = replace(FOUND, contract_by_new_external_id=holder)
        assert told(state, external_id="e" * 32) == [("SCSE086", "contract.external_id")]
    own = replace(FOUND, contract_by_new_external_id=ENTERED_YESTERDAY)
    assert told(own, external_id="a" * 32) == []


@pytest.mark.parametrize(
    ("given", "code", "column"),
    [
        pytest.param(
            {"concluded_on": TODAY + DAY}, "SCSE059", "concluded_on", marks=pytest.mark.code("SCSE059")
        ),
        pytest.param(
            {"concluded_on": date(1955, 6, 10)}, "SCSE053", "concluded_on", marks=pytest.mark.code("SCSE053")
        ),
        pytest.param(
            {"starts_on": date(1955, 6, 10)}, "SCSE139", "starts_on", marks=pytest.mark.code("SCSE139")
        ),
        pytest.param(
            {"starts_on": date(2075, 6, 12)}, "SCSE140", "starts_on", marks=pytest.mark.code("SCSE140")
        ),
        pytest.param(
            {"employee_iin": "850101100019"}, "SCSE045", "employee_iin", marks=pytest.mark.code("SCSE045")
        ),
        pytest.param({"term_code": "9"}, "SCSE038", "term_code", marks=pytest.mark.code("SCSE038")),
        pytest.param({"term_code": "2"}, "SCSE054", "ends_on", marks=pytest.mark.code("SCSE054")),
        pytest.param(
            {"term_code": "1", "ends_on": TODAY}, "SCSE057", "ends_on", marks=pytest.mark.code("SCSE057")
        ),
        pytest.param(
            {"term_code": "2", "ends_on": date(2024, 1, 1)},
            "SCSE061",
            "ends_on",
            marks=pytest.mark.code("SCSE061"),
        ),
        pytest.param(
            {"term_code": "2", "ends_on": date(2024, 12, 31)},
            "SCSE068",
            "ends_on",
            marks=pytest.mark.code("SCSE068"),
        ),
        pytest.param(
            {"term_code": "2", "ends_on": date(2075, 6, 12)},
            "SCSE141",
            "ends_on",
            marks=pytest.mark.code("SCSE141"),
        ),
        pytest.param(
            {"term_code": "8", "ends_on": TODAY}, "SCSE151", "term_code", marks=pytest.mark.code("SCSE151")
        ),
        pytest.param(
            {"position_code": "9999-9-999"}, "SCSE007", "position_code", marks=pytest.mark.code("SCSE007")
        ),
        pytest.param(
            {"position_code": "2511"}, "SCSE083", "position_code", marks=pytest.mark.code("SCSE083")
        ),
        pytest.param(
            {"employment_type_code": "9"},
            "SCSE104",
            "employment_type_code",
            marks=pytest.mark.code("SCSE104"),
        ),
        pytest.param(
            {"working_hours_code": "9"}, "SCSE075", "working_hours_code", marks=pytest.mark.code("SCSE075")
        ),
        pytest.param(
            {"working_hours_code": "1", "tariff_rate": Decimal("0.5")},
            "SCSE076",
            "tariff_rate",
            marks=pytest.mark.code("SCSE076"),
        ),
        pytest.param(
            {"working_hours_code": "3"}, "SCSE077", "tariff_rate", marks=pytest.mark.code("SCSE077")
        ),
        pytest.param(
            {"working_hours_code": "3", "tariff_rate": Decimal(2)},
            "SCSE078",
            "tariff_rate",
            marks=pytest.mark.code("SCSE078"),
        ),
        pytest.param(
            {"tariff_rate": Decimal("0.5")},
            "SCSE074",
            "working_hours_code",
            marks=pytest.mark.code("SCSE074"),
        ),
        pytest.param(
            {"remote_work_code": "9"}, "SCSE150", "remote_work_code", marks=pytest.mark.code("SCSE150")
        ),
        pytest.param(
            {"country_code": "999", "address": "…"},
            "SCSE107",
            "country_code",
            marks=pytest.mark.code("SCSE107"),
        ),
        pytest.param(
            {"country_code": "398", "address": "…"}, "SCSE105", "kato_code", marks=pytest.mark.code("SCSE105")
        ),
        pytest.param(
            {"country_code": "398", "address": "…", "kato_code": "9"},
            "SCSE073",
            "kato_code",
            marks=pytest.mark.code("SCSE073"),
        ),
        pytest.param(
            {"country_code": "643", "address": "…", "kato_code": "711210000"},
            "SCSE108",
            "kato_code",
            marks=pytest.mark.code("SCSE108"),
        ),
    ],
)
def test_the_rules_of_registration_hold(given: dict[str, Any], code: str, column: str) -> None:
    assert told(**given) == [(code, f"contract.{column}")]


@pytest.mark.code("SCSE061")
@pytest.mark.code("SCSE068")
def test_what_is_put_right_must_agree_with_what_stays() -> None:
    """The contract has a year from 15 January 2024; a start that is moved leaves less, or nothing."""
    state = holding(term_code="2", ends_on=date(2025, 1, 14))
    assert told(state, starts_on=date(2024, 1, 15)) == []
    assert told(state, starts_on=date(2024, 1, 16)) == [("SCSE068", "contract.ends_on")]
    assert told(state, starts_on=date(2025, 1, 15)) == [("SCSE061", "contract.ends_on")]
    assert told(state, starts_on=date(2024, 1, 16), term_code="1") == []


@pytest.mark.code("SCSE068")
def test_what_is_put_right_must_agree_with_what_amendments_made_of_it() -> None:
    """The registration alone would suit: an indefinite term. The amendment's year from the start would not."""
    state = amended({"term_code": "2", "ends_on": date(2025, 6, 10)}, concluded_on=date(2024, 12, 1))
    assert told(state, starts_on=date(2024, 6, 11)) == []
    assert told(state, starts_on=date(2024, 6, 12)) == [("SCSE068", "contract.ends_on")]


@pytest.mark.code("SCSE068")
def test_what_is_put_right_must_agree_with_what_was_registered() -> None:
    """The amendment has made the term indefinite; the registration's own year must be one all the same."""
    state = holding(term_code="2", ends_on=date(2025, 1, 14))
    state = amended({"term_code": "1"}, state)
    assert told(state, starts_on=date(2024, 1, 15)) == []
    assert told(state, starts_on=date(2024, 1, 16)) == [("SCSE068", "contract.ends_on")]


@pytest.mark.code("SCSE063")
def test_a_start_is_not_put_after_an_amendment() -> None:
    state = amended({"established_post": "Главный аналитик"})
    signed = AMENDMENT["concluded_on"]
    assert told(state, starts_on=signed) == []
    assert told(state, starts_on=signed + DAY) == [("SCSE063", "contract.starts_on")]
    deleted = replace(state, amendments=[{**state.amendments[0], "status": "deleted"}])
    assert told(deleted, starts_on=signed + DAY) == []


@pytest.mark.code("SCSE147")
def test_a_start_is_not_put_after_a_leave() -> None:
    state = replace(FOUND, leaves=[RECORDED])
    began = RECORDED["starts_on"]
    assert told(state, starts_on=began) == []
    assert told(state, starts_on=began + DAY) == [("SCSE147", "contract.starts_on")]
    deleted = replace(state, leaves=[{**RECORDED, "status": "deleted"}])
    assert told(deleted, starts_on=began + DAY) == []


def test_what_could_not_be_read_is_not_judged_by_what_was_there() -> None:
    state = holding(term_code="2", ends_on=date(2025, 1, 14))
    unread = replace(
        correction(starts_on=date(2025, 1, 15)),
        refusals=(Refusal("ESB004"),),
        malformed=frozenset({"contract.ends_on"}),
    )
    assert refusals(judge(unread, state)) == [("ESB004", None)]


# ── amendments stand above the registration, corrected or not


def test_an_amended_term_stays_as_amended() -> None:
    state = amended({"established_post": "Главный аналитик"})
    event = happened(judge(correction(established_post="Аналитик", number="18"), state))
    assert event.contract["established_post"] == "Главный аналитик"
    assert event.changes == {"number": ("17", "18")}
    assert event.entered == {"number": "18", "established_post": "Аналитик"}


def test_a_second_correction_stands_above_the_first() -> None:
    state = entered(correction(established_post="Аналитик"), FOUND)
    second = happened(judge(correction(established_post="Программист"), state))
    assert second.changes == {"established_post": ("Аналитик", "Программист")}
    assert second.contract["version"] == 3


def test_a_correction_names_the_employee_whatever_iin_came_before() -> None:
    """Who gets another IIN was not the employee at all: the correction tells who is."""
    changing = command("ChangeEmployeeIin", {"iin_change": {"former_iin": IIN, "iin": OTHER_IIN}})
    changed_iin = accepted(judge(changing, State(contracts_of_employee=[ENTERED_YESTERDAY]))).events[0]
    assert isinstance(changed_iin, ContractEvent)
    state = State(contract_by_id=changed_iin.contract, history=[recorded(changed_iin)])
    event = happened(judge(correction(employee_iin=DELEGATE), state))
    assert event.changes == {"employee_iin": (OTHER_IIN, DELEGATE)}
