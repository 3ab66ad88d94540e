from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from register_cases import (
    AMENDMENT,
    BY_ID,
    CONTRACT_ID,
    EMPLOYER,
    FOUND,
    MESSAGE_ID,
    NEW_ID,
    NOW,
    REGISTERED,
    RULES,
    TERMINATION,
    TODAY,
    accepted,
    amendment,
    command,
    happened,
    judge,
    refusals,
)

from esutd_bus.register.decide import needs
from esutd_bus.register.event import Deadline
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Needs, State
from support.replacing import replace

DAY = timedelta(days=1)
START = REGISTERED["starts_on"]


def told(
    changes: dict[str, Any] | None = None,
    state: State = FOUND,
    **columns: Any,
) -> list[tuple[str, str | None]]:
    return refusals(judge(amendment(changes, **columns), state))


def holding(**columns: Any) -> State:
    return State(contract_by_id={**REGISTERED, **columns})


@pytest.mark.clause("slides/amend")
def test_an_amendment_makes_a_new_version() -> None:
    decision = accepted(judge(amendment({"established_post": "Главный аналитик"}), FOUND))
    event = happened(decision)
    assert event.kind == "ContractAmended"
    assert event.contract == {**REGISTERED, "established_post": "Главный аналитик", "version": 5}
    assert event.changes == {"established_post": ("Системный аналитик", "Главный аналитик")}
    assert event.effective_on == AMENDMENT["starts_on"]
    assert event.amendment == {
        **AMENDMENT,
        "id": NEW_ID,
        "contract_id": CONTRACT_ID,
        "employer": EMPLOYER,
        "terms": {"established_post": "Главный аналитик"},
        "status": "active",
        "version": 1,
        "message_id": MESSAGE_ID,
        "recorded_at": NOW,
    }
    assert decision.answer == {"contract": event.contract, "amendment": event.amendment}
    assert decision.contract_id == CONTRACT_ID


def test_the_contract_and_what_may_stand_in_the_way_are_asked_for() -> None:
    common = {"amendments": True, "history": True, "amendment_external_id": AMENDMENT["external_id"]}
    assert needs(amendment()) == Needs(contract_id=CONTRACT_ID, **common)
    by_external_id = {"reference": {"external_id": "e" * 32}, "amendment": AMENDMENT}
    assert needs(command("AmendContract", by_external_id)) == Needs(contract_external_id="e" * 32, **common)
    assert needs(command("AmendContract", {})) == Needs(amendments=True, history=True)


@pytest.mark.clause("353/8")
@pytest.mark.code("SCSE089")
def test_a_late_entry_is_accepted_and_told_so() -> None:
    in_time = accepted(judge(amendment(concluded_on=date(2025, 5, 27)), FOUND))
    late = accepted(judge(amendment(concluded_on=date(2025, 5, 25)), FOUND))
    assert in_time.deadline == Deadline("353/8", date(2025, 6, 11), 0, None)
    assert late.deadline == Deadline("353/8", date(2025, 6, 9), 2, "SCSE089")


# ── groups are replaced as a whole


def test_a_term_is_replaced_with_its_end() -> None:
    state = holding(term_code="2", ends_on=date(2026, 1, 14))
    event = happened(judge(amendment({"term_code": "1"}), state))
    assert event.contract["ends_on"] is None
    assert event.changes == {"term_code": ("2", "1"), "ends_on": (date(2026, 1, 14), None)}
    assert event.amendment is not None
    assert event.amendment["terms"] == {"term_code": "1", "ends_on": None}


def test_working_time_is_replaced_with_its_rate_and_note() -> None:
    state = holding(working_hours_code="1", rest_note="обед с 13:00")
    rate = Decimal("0.50")
    event = happened(judge(amendment({"working_hours_code": "3", "tariff_rate": rate}), state))
    assert event.changes == {
        "working_hours_code": ("1", "3"),
        "tariff_rate": (None, rate),
        "rest_note": ("обед с 13:00", None),
    }
    assert event.amendment is not None
    assert event.amendment["terms"] == {"working_hours_code": "3", "tariff_rate": "0.50", "rest_note": None}


def test_a_work_place_is_replaced_with_its_territory() -> None:
    event = happened(judge(amendment({"country_code": "643", "address": "Москва"}), FOUND))
    assert event.contract["kato_code"] is None
    assert set(event.changes) == {"country_code", "kato_code", "address"}


def test_false_is_a_change() -> None:
    event = happened(
        judge(amendment({"liable_for_military_service": False}), holding(liable_for_military_service=True))
    )
    assert event.changes == {"liable_for_military_service": (True, False)}
    assert event.amendment is not None
    assert event.amendment["terms"] == {"liable_for_military_service": False}


def test_only_what_differs_is_a_change() -> None:
    state = holding(working_hours_code="3", tariff_rate=Decimal("0.50"))
    event = happened(judge(amendment({"working_hours_code": "3", "tariff_rate": Decimal("0.5")}), state))
    assert event.changes == {}
    assert event.contract["version"] == 5
    assert event.entered == {"working_hours_code": "3", "tariff_rate": Decimal("0.5"), "rest_note": None}


# ── the reference


@pytest.mark.code("SCSE025")
@pytest.mark.parametrize(
    ("reference", "field"),
    [(BY_ID, "contract_id"), ({"external_id": "e" * 32}, "external_id")],
)
@pytest.mark.parametrize("operation", ["AmendContract", "TerminateContract", "GetContract"])
def test_a_contract_the_employer_does_not_have_is_not_found(
    operation: str, reference: dict[str, Any], field: str
) -> None:
    asked = command(operation, {"reference": reference}, refusals=(Refusal("ESB004", path="somewhere"),))
    expected = [("ESB004", None), ("SCSE025", f"reference.{field}")]
    assert [r for r in refusals(judge(asked)) if r[0] != "SCSE080"] == expected


@pytest.mark.code("SCSE025")
def test_a_deleted_contract_is_not_found() -> None:
    assert told(state=holding(status="deleted")) == [("SCSE025", "reference.contract_id")]


@pytest.mark.code("SCSE026")
@pytest.mark.parametrize(
    ("operation", "values"),
    [
        ("AmendContract", {"amendment": AMENDMENT, "contract": {"established_post": "А"}}),
        ("TerminateContract", {"contract": TERMINATION}),
        ("GetContract", {}),
    ],
)
def test_a_message_names_its_contract(operation: str, values: dict[str, Any]) -> None:
    asked = command(operation, values)
    assert refusals(judge(asked, FOUND)) == [("SCSE026", "reference.external_id")]
    by_schema = replace(asked, refusals=(Refusal("SCSE026", path="contractRef"),))
    assert refusals(judge(by_schema, FOUND)) == [("SCSE026", None)]


def test_a_contract_is_referred_to_by_its_external_id_too() -> None:
    reference = {"external_id": REGISTERED["external_id"]}
    values = {"reference": reference, "amendment": AMENDMENT, "contract": {"established_post": "А"}}
    state = State(contract_by_external_id=REGISTERED)
    assert happened(judge(command("AmendContract", values), state)).contract["id"] == CONTRACT_ID


@pytest.mark.clause("353/13")
@pytest.mark.code("SCSE092")
def test_a_terminated_contract_is_not_amended() -> None:
    assert told(state=holding(status="terminated")) == [("SCSE092", "reference.contract_id")]


# ── the agreement


@pytest.mark.code("SCSE086")
def test_an_external_id_is_used_once() -> None:
    state = replace(FOUND, amendment_by_external_id={"id": UUID(int=9)})
    assert told(state=state) == [("SCSE086", "amendment.external_id")]


@pytest.mark.code("SCSE070")
def test_a_number_and_date_are_used_once_on_a_contract() -> None:
    other = {"number": AMENDMENT["number"], "concluded_on": AMENDMENT["concluded_on"], "status": "active"}
    assert told(state=replace(FOUND, amendments=[other])) == [("SCSE070", "amendment.number")]
    for column, value in (("number", "17/2"), ("concluded_on", AMENDMENT["concluded_on"] - DAY)):
        assert told(state=replace(FOUND, amendments=[{**other, column: value}])) == []


@pytest.mark.code("SCSE062")
def test_an_amendment_is_signed_today_at_the_latest() -> None:
    tomorrow = TODAY + DAY
    assert told(concluded_on=TODAY, starts_on=tomorrow) == []
    assert told(concluded_on=tomorrow, starts_on=tomorrow) == [("SCSE062", "amendment.concluded_on")]


@pytest.mark.code("SCSE053")
def test_an_amendment_is_not_signed_much_earlier() -> None:
    bound = date(1955, 6, 11)
    state = holding(starts_on=date(1950, 1, 1))
    assert told(state=state, concluded_on=bound) == []
    assert told(state=state, concluded_on=bound - DAY) == [("SCSE053", "amendment.concluded_on")]


@pytest.mark.code("SCSE063")
def test_an_amendment_is_not_signed_before_the_contract_starts() -> None:
    assert told(concluded_on=START) == []
    assert told(concluded_on=START - DAY) == [("SCSE063", "amendment.concluded_on")]


@pytest.mark.code("SCSE064")
def test_an_amendment_is_signed_before_it_starts() -> None:
    concluded_on = AMENDMENT["concluded_on"]
    assert told(starts_on=concluded_on) == []
    assert told(starts_on=concluded_on - DAY) == [("SCSE064", "amendment.concluded_on")]


@pytest.mark.code("SCSE065")
def test_an_amendment_does_not_start_after_the_end_it_sets() -> None:
    starts_on = AMENDMENT["starts_on"]
    assert told({"term_code": "4", "ends_on": starts_on}) == []
    assert told({"term_code": "4", "ends_on": starts_on - DAY}) == [("SCSE065", "amendment.starts_on")]


@pytest.mark.code("SCSE080")
def test_an_amendment_changes_something() -> None:
    assert told({}) == [("SCSE080", "amendment.changes")]
    unread = replace(
        amendment({}), refusals=(Refusal("ESB004"),), malformed=frozenset({"contract.position_code"})
    )
    assert refusals(judge(unread, FOUND)) == [("ESB004", None)]


@pytest.mark.parametrize(
    ("column", "code"),
    [
        pytest.param(column, code, marks=pytest.mark.code(code))
        for column, code in RULES.fields.required["amendment"].items()
    ],
)
def test_an_amendment_is_complete(column: str, code: str) -> None:
    spoilt: dict[str, Any] = {column: ...}
    assert told(**spoilt) == [(code, f"amendment.{column}")]


# ── the terms it changes


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"position_code": "9999-9-999"}, "SCSE007", "position_code"),
        ({"position_code": "2511"}, "SCSE083", "position_code"),
        ({"employment_type_code": "9"}, "SCSE104", "employment_type_code"),
        ({"remote_work_code": "9"}, "SCSE150", "remote_work_code"),
        ({"term_code": "9"}, "SCSE038", "term_code"),
        ({"term_code": "2"}, "SCSE054", "ends_on"),
        ({"term_code": "1", "ends_on": date(2027, 1, 1)}, "SCSE057", "ends_on"),
        ({"term_code": "2", "ends_on": date(2075, 6, 12)}, "SCSE142", "ends_on"),
        ({"working_hours_code": "9"}, "SCSE075", "working_hours_code"),
        ({"working_hours_code": "3"}, "SCSE077", "tariff_rate"),
        ({"working_hours_code": "1", "tariff_rate": Decimal(1)}, "SCSE076", "tariff_rate"),
        ({"working_hours_code": "3", "tariff_rate": Decimal(0)}, "SCSE078", "tariff_rate"),
        ({"tariff_rate": Decimal("0.5")}, "SCSE074", "working_hours_code"),
        ({"country_code": "398", "address": "А"}, "SCSE105", "kato_code"),
        ({"country_code": "643", "kato_code": "711210000", "address": "А"}, "SCSE108", "kato_code"),
        ({"country_code": "398", "kato_code": "710000000", "address": "А"}, "SCSE073", "kato_code"),
        ({"country_code": "999", "address": "А"}, "SCSE107", "country_code"),
    ],
)
def test_changed_terms_are_judged_like_new_ones(changes: dict[str, Any], code: str, column: str) -> None:
    assert told(changes) == [(code, f"contract.{column}")]


@pytest.mark.code("SCSE142")
def test_an_amended_contract_does_not_end_too_late() -> None:
    assert told({"term_code": "2", "ends_on": date(2075, 6, 11)}) == []


@pytest.mark.code("SCSE068")
def test_the_period_counts_from_the_contracts_start() -> None:
    state = holding(starts_on=date(2024, 6, 15))
    assert told({"term_code": "2", "ends_on": date(2025, 6, 14)}, state) == []
    assert told({"term_code": "2", "ends_on": date(2025, 6, 13)}, state) == [("SCSE068", "contract.ends_on")]


@pytest.mark.code("SCSE061")
def test_the_new_end_is_not_before_the_contracts_start() -> None:
    assert ("SCSE061", "contract.ends_on") in told({"term_code": "4", "ends_on": START - DAY})
    assert ("SCSE061", "contract.ends_on") not in told({"term_code": "4", "ends_on": START})


def test_terms_that_stay_are_not_judged_anew() -> None:
    """The contract names codes retired since, and a rate nobody may have today."""
    state = holding(position_code="gone", term_code="2", ends_on=None, tariff_rate=Decimal(9), kato_code=None)
    assert told({"established_post": "А"}, state) == []
