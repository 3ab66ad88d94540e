from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from register_cases import (
    CONTRACT_ID,
    EXTENSION,
    REGISTERED,
    RULES,
    TODAY,
    accepted,
    entered,
    extension,
    happened,
    judge,
    refusals,
)

from esutd_bus.register.decide import needs
from esutd_bus.register.event import Deadline
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Needs, Row, State
from support.replacing import replace

DAY = timedelta(days=1)
ENDED = date(2025, 6, 10)
"""The end of the term that is extended: yesterday."""

FIXED = {**REGISTERED, "starts_on": date(2024, 6, 11), "term_code": "2", "ends_on": ENDED}

TOLD = "contract.extended_on"


def holding(**columns: Any) -> State:
    return State(contract_by_id={**FIXED, **columns})


def told(state: State | None = None, **columns: Any) -> list[tuple[str, str | None]]:
    return refusals(judge(extension(**columns), state or holding()))


def after(state: State, **columns: Any) -> State:
    """The state after one more extension."""
    return entered(extension(**columns), state)


def thrice() -> list[State]:
    """Before and after the two extensions that a fixed term of 2022 may have."""
    begins: Row = {"starts_on": date(2022, 6, 11), "ends_on": date(2023, 6, 10)}
    none = holding(**begins)
    one = after(none, extended_on=date(2023, 6, 10), ends_on=date(2024, 6, 10))
    two = after(one, extended_on=date(2024, 6, 10), ends_on=date(2025, 6, 10))
    return [none, one, two]


@pytest.mark.clause("353/13-1")
def test_a_fixed_term_is_repeated() -> None:
    decision = accepted(judge(extension(), holding()))
    event = happened(decision)
    assert (event.kind, event.effective_on) == ("ContractExtended", ENDED)
    assert event.contract == {**FIXED, "ends_on": date(2026, 6, 10), "extended_on": ENDED, "version": 5}
    assert event.changes == {"ends_on": (ENDED, date(2026, 6, 10)), "extended_on": (None, ENDED)}
    assert event.entered == EXTENSION
    assert decision.answer == {"contract": event.contract}
    assert decision.contract_id == CONTRACT_ID


@pytest.mark.clause("353/13-1")
def test_a_fixed_term_becomes_indefinite() -> None:
    event = happened(judge(extension(term_code="1", ends_on=...), holding()))
    assert (event.contract["term_code"], event.contract["ends_on"]) == ("1", None)


def test_the_contract_and_its_history_are_asked_for() -> None:
    assert needs(extension()) == Needs(contract_id=CONTRACT_ID, history=True)


@pytest.mark.clause("353/13-1")
@pytest.mark.code("ESB011")
def test_a_late_entry_is_accepted_and_told_so() -> None:
    """20 May 2025 is a Tuesday; 6 June is Kurban Ait, so that the fifteenth working day is 11 June."""
    in_time = accepted(judge(extension(extended_on=date(2025, 5, 20)), holding(ends_on=date(2025, 5, 20))))
    late = accepted(judge(extension(extended_on=date(2025, 5, 19)), holding(ends_on=date(2025, 5, 19))))
    assert in_time.deadline == Deadline("353/13-1", date(2025, 6, 11), 0, None)
    assert late.deadline == Deadline("353/13-1", date(2025, 6, 10), 1, "ESB011")


@pytest.mark.code("SCSE110")
def test_an_extension_is_not_of_tomorrow() -> None:
    tomorrow = TODAY + DAY
    assert told(holding(ends_on=TODAY), extended_on=TODAY, ends_on=date(2026, 6, 11)) == []
    state = holding(ends_on=tomorrow)
    assert told(state, extended_on=tomorrow, ends_on=date(2026, 6, 12)) == [("SCSE110", TOLD)]


@pytest.mark.code("SCSE111")
def test_an_indefinite_term_is_not_extended() -> None:
    expected = [("SCSE111", "reference.contract_id")]
    assert told(holding(term_code="1", ends_on=None)) == expected
    assert told(holding(term_code="1", ends_on=None), term_code="1", ends_on=...) == expected
    once = after(holding(), term_code="1", ends_on=...)
    assert told(once, term_code="1", ends_on=...) == expected


@pytest.mark.code("SCSE146")
def test_a_term_without_an_end_date_is_not_extended() -> None:
    given = {"term_code": "4", "ends_on": date(2026, 1, 1)}
    assert told(holding(term_code="4", ends_on=None), **given) == [("SCSE146", "reference.contract_id")]
    assert told(holding(term_code="4"), **given) == []


@pytest.mark.code("SCSE116")
@pytest.mark.parametrize("days", [-1, 1])
def test_an_extension_begins_where_the_term_ends(days: int) -> None:
    state = holding(ends_on=ENDED - 30 * DAY)
    there = ENDED - 30 * DAY
    assert told(state, extended_on=there) == []
    assert told(state, extended_on=there + days * DAY) == [("SCSE116", TOLD)]


@pytest.mark.code("SCSE112")
def test_extensions_are_entered_in_their_order() -> None:
    _, once, _ = thrice()
    assert told(once, extended_on=date(2023, 6, 9)) == [("SCSE112", TOLD)]
    assert told(once, extended_on=date(2023, 6, 11)) == [("SCSE116", TOLD)]


@pytest.mark.code("SCSE120")
def test_an_end_date_is_extended_once() -> None:
    _, once, _ = thrice()
    assert told(once, extended_on=date(2023, 6, 10)) == [("SCSE120", TOLD)]


@pytest.mark.code("SCSE113")
def test_after_two_extensions_a_fixed_term_becomes_indefinite() -> None:
    _, once, twice = thrice()
    last = {"extended_on": date(2025, 6, 10), "ends_on": date(2026, 6, 10)}
    assert told(once, extended_on=date(2024, 6, 10), ends_on=date(2025, 6, 10)) == []
    assert told(twice, **last) == [("SCSE113", "contract.term_code")]
    assert told(twice, **{**last, "term_code": "1", "ends_on": ...}) == []


def test_another_term_is_extended_any_number_of_times() -> None:
    state = holding(term_code="3", ends_on=date(2025, 6, 2))
    for day in range(2, 9):
        state = after(state, term_code="3", extended_on=date(2025, 6, day), ends_on=date(2025, 6, day + 1))


@pytest.mark.code("SCSE114")
@pytest.mark.parametrize("code", ["3", "4", "7"])
def test_an_extension_repeats_the_term(code: str) -> None:
    assert told(term_code=code) == [("SCSE114", "contract.term_code")]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("8", "SCSE151", marks=pytest.mark.code("SCSE151")),
        pytest.param("9", "SCSE038", marks=pytest.mark.code("SCSE038")),
    ],
)
def test_a_term_that_cannot_be_at_all_is_told_by_its_own_code(code: str, expected: str) -> None:
    assert told(term_code=code) == [(expected, "contract.term_code")]


@pytest.mark.code("SCSE151")
def test_a_term_of_amendments_is_not_repeated() -> None:
    assert told(holding(term_code="8"), term_code="8") == [("SCSE151", "contract.term_code")]
    assert told(holding(term_code="8"), term_code="1", ends_on=...) == []


@pytest.mark.code("SCSE115")
def test_a_fixed_term_lasts_a_year_once_more() -> None:
    assert told(ends_on=date(2026, 6, 10)) == []
    assert told(ends_on=date(2026, 6, 9)) == [("SCSE115", "contract.ends_on")]
    assert told(holding(term_code="3"), term_code="3", ends_on=date(2025, 6, 11)) == []


@pytest.mark.code("SCSE158")
@pytest.mark.parametrize("days", [0, -1, -365])
def test_an_extension_is_before_its_end(days: int) -> None:
    assert told(ends_on=ENDED + days * DAY) == [("SCSE158", "contract.ends_on")]


@pytest.mark.code("SCSE141")
def test_an_extension_ends_in_sight() -> None:
    assert told(ends_on=date(2075, 6, 11)) == []
    assert told(ends_on=date(2075, 6, 12)) == [("SCSE141", "contract.ends_on")]


@pytest.mark.code("SCSE054")
def test_a_fixed_term_has_its_end() -> None:
    assert told(ends_on=...) == [("SCSE054", "contract.ends_on")]


@pytest.mark.code("SCSE057")
def test_an_indefinite_term_has_no_end() -> None:
    assert told(term_code="1") == [("SCSE057", "contract.ends_on")]


@pytest.mark.clause("353/13")
@pytest.mark.code("SCSE092")
def test_a_terminated_contract_is_not_extended() -> None:
    assert told(holding(status="terminated")) == [("SCSE092", "reference.contract_id")]


@pytest.mark.parametrize(
    ("column", "code"),
    [
        pytest.param(column, code, marks=pytest.mark.code(code))
        for column, code in RULES.fields.required["extension"].items()
    ],
)
def test_an_extension_is_complete(column: str, code: str) -> None:
    assert told(**{column: ...}) == [(code, f"contract.{column}")]


def test_of_a_contract_that_is_not_there_nothing_follows() -> None:
    assert told(State()) == [("SCSE025", "reference.contract_id")]
    unread = replace(extension(extended_on=...), refusals=(Refusal("SCSE109"),), malformed=frozenset({TOLD}))
    assert refusals(judge(unread, holding())) == [("SCSE109", None)]
