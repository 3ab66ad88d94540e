from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from register_cases import (
    CONTRACT,
    EMPLOYER,
    FOREIGNER,
    NEW_ID,
    NOW,
    REGISTERED,
    RULES,
    TODAY,
    accepted,
    amendment,
    command,
    happened,
    judge,
    refusals,
    registration,
)

from esutd_bus.register.decide import needs
from esutd_bus.register.event import Deadline
from esutd_bus.register.limits import Limits
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Needs, State
from support.replacing import replace

DAY = timedelta(days=1)


def told(state: State = State(), **columns: Any) -> list[tuple[str, str | None]]:  # noqa: B008  # frozen
    return refusals(judge(registration(**columns), state))


def refused(code: str, field: str) -> list[tuple[str, str | None]]:
    return [(code, f"contract.{field}")]


@pytest.mark.clause("slides/register")
def test_a_contract_in_order_is_registered() -> None:
    decision = accepted(judge(registration()))
    event = happened(decision)
    row = event.contract
    assert row.items() >= CONTRACT.items()
    assert row.keys() == REGISTERED.keys()
    assert (row["id"], row["employer"], row["status"], row["version"]) == (NEW_ID, EMPLOYER, "active", 1)
    assert row["registered_at"] == NOW
    assert row["ends_on"] is row["terminated_on"] is None
    assert event.kind == "ContractRegistered"
    assert event.effective_on == CONTRACT["starts_on"]
    assert event.changes == {}
    assert decision.contract_id == NEW_ID
    assert decision.answer == {"contract": row}


def test_what_may_stand_in_the_way_is_asked_for() -> None:
    assert needs(registration()) == Needs(
        contract_external_id=CONTRACT["external_id"],
        contract_number=CONTRACT["number"],
        expects_nothing=True,
    )
    assert needs(command("RegisterContract", {})) == Needs(expects_nothing=True)


@pytest.mark.clause("353/7")
@pytest.mark.code("SCSE088")
def test_a_late_entry_is_accepted_and_told_so() -> None:
    in_time = accepted(judge(registration(concluded_on=date(2025, 6, 4))))
    late = accepted(judge(registration(concluded_on=date(2025, 6, 2))))
    assert in_time.deadline == Deadline("353/7", date(2025, 6, 12), 0, None)
    assert late.deadline == Deadline("353/7", date(2025, 6, 10), 1, "SCSE088")
    assert happened(late).deadline == late.deadline


@pytest.mark.clause("353/7")
def test_today_is_kazakhstans() -> None:
    asked = registration(concluded_on=date(2025, 6, 11))
    before_midnight = datetime(2025, 6, 10, 18, 59, tzinfo=UTC)
    assert refusals(judge(asked, now=before_midnight)) == refused("SCSE059", "concluded_on")
    assert accepted(judge(asked, now=before_midnight + timedelta(minutes=1)))


# ── the employer's other contracts


@pytest.mark.code("SCSE014")
@pytest.mark.parametrize("status", ["active", "terminated"])
def test_a_number_is_used_once(status: str) -> None:
    assert told(State(contract_by_number={**REGISTERED, "status": status})) == refused("SCSE014", "number")


def test_a_deleted_contract_gives_its_number_back() -> None:
    assert told(State(contract_by_number={**REGISTERED, "status": "deleted"})) == []


@pytest.mark.code("SCSE086")
@pytest.mark.parametrize("status", ["active", "terminated", "deleted"])
def test_an_external_id_is_used_once(status: str) -> None:
    state = State(contract_by_external_id={**REGISTERED, "status": status})
    assert told(state) == refused("SCSE086", "external_id")


# ── dates


@pytest.mark.code("SCSE059")
def test_a_contract_is_signed_today_at_the_latest() -> None:
    assert told(concluded_on=TODAY) == []
    assert told(concluded_on=TODAY + DAY) == refused("SCSE059", "concluded_on")


@pytest.mark.code("SCSE053")
def test_a_contract_is_not_signed_much_earlier() -> None:
    bound = date(1955, 6, 11)
    assert told(concluded_on=bound) == []
    assert told(concluded_on=bound - DAY) == refused("SCSE053", "concluded_on")


@pytest.mark.code("SCSE053")
def test_how_much_earlier_is_a_setting() -> None:
    rules = replace(RULES, limits=Limits(concluded_years_ago=1))
    asked = registration(concluded_on=date(2024, 6, 10))
    assert refusals(judge(asked, rules=rules)) == refused("SCSE053", "concluded_on")
    assert accepted(judge(registration(concluded_on=date(2024, 6, 11)), rules=rules))


@pytest.mark.code("SCSE139")
def test_work_does_not_start_too_early() -> None:
    bound = date(1955, 6, 11)
    assert told(starts_on=bound) == []
    assert told(starts_on=bound - DAY) == refused("SCSE139", "starts_on")


@pytest.mark.code("SCSE140")
def test_work_does_not_start_too_late() -> None:
    bound = date(2075, 6, 11)
    assert told(starts_on=bound) == []
    assert told(starts_on=bound + DAY) == refused("SCSE140", "starts_on")


def test_years_are_counted_on_29_february_too() -> None:
    leap = datetime(2028, 2, 29, 6, 0, tzinfo=UTC)
    assert refusals(judge(registration(starts_on=date(2078, 2, 28)), now=leap)) == []
    assert refusals(judge(registration(starts_on=date(2078, 3, 1)), now=leap)) == refused(
        "SCSE140", "starts_on"
    )


# ── the employee


@pytest.mark.code("SCSE045")
def test_an_iin_is_checked_whole() -> None:
    iin = CONTRACT["employee_iin"]
    wrong = f"{iin[:11]}{(int(iin[11]) + 1) % 10}"
    assert told(employee_iin=wrong) == refused("SCSE045", "employee_iin")


@pytest.mark.code("SCSE012")
def test_an_employee_the_registry_does_not_know_is_refused() -> None:
    assert told(State(fetched={"employee": None})) == refused("SCSE012", "employee_iin")
    assert told(State(fetched={"employee": {"lives": True}})) == []


# ── the term


@pytest.mark.code("SCSE054")
@pytest.mark.parametrize(("term", "needs_end"), [(c, c in "237") for c in "1234567"])
def test_some_terms_need_an_end(term: str, needs_end: bool) -> None:
    assert told(term_code=term, **FOREIGNER) == (refused("SCSE054", "ends_on") if needs_end else [])


@pytest.mark.code("SCSE057")
@pytest.mark.parametrize("term", "1234567")
def test_an_indefinite_term_has_no_end(term: str) -> None:
    found = told(term_code=term, ends_on=date(2027, 6, 10), **FOREIGNER)
    assert found == (refused("SCSE057", "ends_on") if term == "1" else [])


@pytest.mark.code("SCSE057")
def test_an_end_that_must_not_be_is_not_judged_further() -> None:
    for end in (date(2025, 6, 1), date(2099, 1, 1)):
        assert told(term_code="1", ends_on=end) == refused("SCSE057", "ends_on")


@pytest.mark.code("SCSE061")
def test_a_contract_does_not_end_before_it_starts() -> None:
    start = CONTRACT["starts_on"]
    assert told(term_code="4", ends_on=start) == []
    assert told(term_code="4", ends_on=start - DAY) == refused("SCSE061", "ends_on")
    assert told(term_code="2", ends_on=start - DAY) == refused("SCSE061", "ends_on")
    assert told(term_code="2", ends_on=start) == refused("SCSE068", "ends_on")


@pytest.mark.code("SCSE068")
@pytest.mark.parametrize(
    ("starts_on", "last_day"),
    [
        (date(2025, 1, 1), date(2025, 12, 31)),
        (date(2025, 6, 10), date(2026, 6, 9)),
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2023, 3, 1), date(2024, 2, 29)),
    ],
)
def test_term_2_lasts_a_year_at_least(starts_on: date, last_day: date) -> None:
    assert told(term_code="2", starts_on=starts_on, ends_on=last_day) == []
    short = told(term_code="2", starts_on=starts_on, ends_on=last_day - DAY)
    assert short == refused("SCSE068", "ends_on")
    assert told(term_code="3", starts_on=starts_on, ends_on=last_day - DAY) == []


@pytest.mark.code("SCSE141")
def test_a_contract_does_not_end_too_late() -> None:
    bound = date(2075, 6, 11)
    assert told(term_code="2", ends_on=bound) == []
    assert told(term_code="2", ends_on=bound + DAY) == refused("SCSE141", "ends_on")


@pytest.mark.code("SCSE151")
def test_term_8_is_for_amendments() -> None:
    given: dict[str, Any] = {"term_code": "8", "ends_on": date(2027, 1, 1)}
    assert told(**given) == refused("SCSE151", "term_code")
    state = State(contract_by_id=REGISTERED)
    assert accepted(judge(amendment(given), state))


# ── dictionaries


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        pytest.param("position_code", "9999-9-999", "SCSE007", marks=pytest.mark.code("SCSE007")),
        pytest.param("position_code", "2511-1", "SCSE083", marks=pytest.mark.code("SCSE083")),
        pytest.param("term_code", "9", "SCSE038", marks=pytest.mark.code("SCSE038")),
        pytest.param("employment_type_code", "3", "SCSE104", marks=pytest.mark.code("SCSE104")),
        pytest.param("working_hours_code", "6", "SCSE075", marks=pytest.mark.code("SCSE075")),
        pytest.param("remote_work_code", "4", "SCSE150", marks=pytest.mark.code("SCSE150")),
        pytest.param("kato_code", "999999999", "SCSE073", marks=pytest.mark.code("SCSE073")),
        pytest.param("kato_code", "110000000", "SCSE073", id="a region"),
        pytest.param("kato_code", "750000000", "SCSE073", id="a city of republican rank"),
    ],
)
def test_codes_are_in_their_dictionaries(column: str, value: str, code: str) -> None:
    spoilt: dict[str, Any] = {column: value}
    assert told(**spoilt) == refused(code, column)


@pytest.mark.parametrize("kato", ["101000000", "101010000", "751110000", "111033100"])
def test_any_territory_below_a_region_will_do(kato: str) -> None:
    levels = RULES.dictionaries.level("kato", kato)
    assert (told(kato_code=kato) == []) is (levels is not None)


@pytest.mark.code("SCSE081")
@pytest.mark.code("SCSE085")
@pytest.mark.parametrize(
    ("column", "code", "dictionary", "parent"),
    [("term_code", "SCSE081", "contract-term", "1"), ("working_hours_code", "SCSE085", "working-hours", "1")],
)
def test_a_dictionary_that_gets_a_hierarchy_is_used_by_its_leaves(
    column: str, code: str, dictionary: str, parent: str
) -> None:
    entries = dict(RULES.dictionaries.entries(dictionary))
    entries["1-1"] = replace(entries[parent], code="1-1", parent_code=parent)
    newer = {name: RULES.dictionaries.entries(name).values() for name in RULES.dictionaries.names}
    rules = replace(RULES, dictionaries=type(RULES.dictionaries)({**newer, dictionary: entries.values()}))
    assert refusals(judge(registration(), rules=rules)) == refused(code, column)


# ── working time


@pytest.mark.clause("353/6")
def test_a_contract_without_its_regime_is_accepted() -> None:
    assert told(working_hours_code=...) == []


@pytest.mark.code("SCSE074")
def test_a_rate_has_its_regime() -> None:
    found = told(working_hours_code=..., tariff_rate=Decimal("0.5"))
    assert found == refused("SCSE074", "working_hours_code")


@pytest.mark.code("SCSE076")
@pytest.mark.parametrize("regime", "12345")
def test_a_normal_regime_has_no_rate(regime: str) -> None:
    found = told(working_hours_code=regime, tariff_rate=Decimal("0.5"))
    assert found == (refused("SCSE076", "tariff_rate") if regime == "1" else [])


@pytest.mark.code("SCSE077")
@pytest.mark.parametrize("regime", "12345")
def test_a_part_time_regime_needs_a_rate(regime: str) -> None:
    found = told(working_hours_code=regime)
    assert found == (refused("SCSE077", "tariff_rate") if regime == "3" else [])


@pytest.mark.code("SCSE078")
@pytest.mark.parametrize(
    ("rate", "right"), [("0", False), ("0.001", True), ("1", True), ("1.001", False), ("-0.5", False)]
)
def test_a_rate_is_above_zero_and_one_at_most(rate: str, right: bool) -> None:
    found = told(working_hours_code="3", tariff_rate=Decimal(rate))
    assert found == ([] if right else refused("SCSE078", "tariff_rate"))


@pytest.mark.code("SCSE078")
def test_a_rate_that_must_not_be_is_not_judged_further() -> None:
    assert told(working_hours_code="1", tariff_rate=Decimal(2)) == refused("SCSE076", "tariff_rate")


# ── the place of work


@pytest.mark.code("SCSE105")
def test_a_place_in_kazakhstan_has_its_territory() -> None:
    assert told(kato_code=...) == refused("SCSE105", "kato_code")
    assert told(kato_code=..., country_code="643") == []


@pytest.mark.code("SCSE108")
def test_a_place_abroad_has_no_territory() -> None:
    assert told(country_code="643") == refused("SCSE108", "kato_code")
    assert told(country_code="643", kato_code="999999999") == refused("SCSE108", "kato_code")


@pytest.mark.code("SCSE107")
def test_of_an_unknown_country_nothing_follows() -> None:
    assert told(country_code="999") == refused("SCSE107", "country_code")
    both = [*refused("SCSE107", "country_code"), *refused("SCSE073", "kato_code")]
    assert told(country_code="999", kato_code="999999999") == both


# ── what the schema found


@pytest.mark.parametrize(
    ("column", "more"),
    [
        ("ends_on", {"term_code": "2"}),
        ("tariff_rate", {"working_hours_code": "3"}),
        ("kato_code", {}),
        ("working_hours_code", {"tariff_rate": Decimal("0.5")}),
    ],
)
def test_a_value_that_could_not_be_read_is_not_called_absent(column: str, more: dict[str, Any]) -> None:
    told_by_schema = Refusal("ESB004", path="contract/somewhere")
    asked = replace(
        registration(**{**more, column: ...}),
        refusals=(told_by_schema,),
        malformed=frozenset({f"contract.{column}"}),
    )
    assert refusals(judge(asked)) == [("ESB004", None)]


@pytest.mark.clause("353/3")
@pytest.mark.parametrize(
    ("column", "code"),
    [
        pytest.param(column, code, marks=pytest.mark.code(code))
        for column, code in RULES.fields.required["contract"].items()
    ],
)
def test_a_contract_does_without_nothing_of_clause_3(column: str, code: str) -> None:
    asked = registration(**{column: ...})
    assert (code, f"contract.{column}") in refusals(judge(asked))
    by_schema = replace(asked, refusals=(Refusal(code, path="contract/there"),))
    assert refusals(judge(by_schema)) == [(code, None)]
