from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from register_cases import (
    AMENDMENT,
    AMENDMENT_ID,
    BY_ID,
    CONTRACT_ID,
    MESSAGE_ID,
    NOW,
    REGISTERED,
    TODAY,
    accepted,
    amendment,
    command,
    entered,
    happened,
    judge,
    refusals,
)

from esutd_bus.register.command import Command
from esutd_bus.register.decide import needs
from esutd_bus.register.event import Deadline
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Needs, State
from support.replacing import replace

DAY = timedelta(days=1)
HERE = "reference.contract_id"
NAMED: dict[str, Any] = {"amendment_id": AMENDMENT_ID}
FRESH = State(contract_by_id={**REGISTERED, "version": 1})


def amended(
    changes: dict[str, Any], state: State = FRESH, new_id: UUID = AMENDMENT_ID, **columns: Any
) -> State:
    """The state after an amendment; its external id and number follow from its id."""
    unique = {"external_id": f"b{new_id.int:031}", "number": f"17/{new_id.int}"}
    return entered(replace(amendment(changes, **{**unique, **columns}), new_id=new_id), state)


ONE = amended({"established_post": "Главный аналитик"})
"""A contract with one amendment, signed on 2 June, in force from 10 June."""


def correction(
    changes: dict[str, Any] | None = None, named: dict[str, Any] | None = None, **columns: Any
) -> Command:
    values = {
        "reference": BY_ID,
        "amendment_reference": NAMED if named is None else named,
        "amendment": columns,
        "contract": changes or {},
    }
    return command("CorrectAmendment", values)


def told(
    changes: dict[str, Any] | None = None,
    state: State = ONE,
    named: dict[str, Any] | None = None,
    **columns: Any,
) -> list[tuple[str, str | None]]:
    return refusals(judge(correction(changes, named, **columns), state))


@pytest.mark.clause("353/9")
def test_an_amendment_is_put_right() -> None:
    (before,) = ONE.amendments
    decision = accepted(judge(correction({"established_post": "Аналитик"}, number="18/1"), ONE))
    event = happened(decision)
    assert (event.kind, event.effective_on) == ("AmendmentCorrected", AMENDMENT["starts_on"])
    assert event.amendment == {
        **before,
        "number": "18/1",
        "terms": {"established_post": "Аналитик"},
        "version": 2,
    }
    assert event.contract["established_post"] == "Аналитик"
    assert event.contract["version"] == 3
    assert event.changes == {
        "amendment.number": ("17/4", "18/1"),
        "established_post": ("Главный аналитик", "Аналитик"),
    }
    assert event.entered == {"established_post": "Аналитик"}
    assert decision.answer == {"contract": event.contract, "amendment": event.amendment}
    assert decision.contract_id == CONTRACT_ID


def test_when_and_by_whom_it_was_first_entered_stays() -> None:
    event = happened(judge(correction({"established_post": "А"}), ONE, NOW + DAY))
    assert event.amendment is not None
    assert (event.amendment["recorded_at"], event.amendment["message_id"]) == (NOW, MESSAGE_ID)


def test_an_amendment_is_named_by_either_id() -> None:
    by_external_id = {"external_id": ONE.amendments[0]["external_id"]}
    assert told({"established_post": "А"}, named=by_external_id) == []


def test_what_may_stand_in_the_way_is_asked_for() -> None:
    expected = Needs(contract_id=CONTRACT_ID, amendments=True, history=True, amendment_external_id="e" * 32)
    assert needs(correction(external_id="e" * 32)) == expected


# ── the terms are derived anew


def test_a_group_that_is_not_given_stays() -> None:
    state = amended({"established_post": "Главный аналитик", "position_code": "2512-1-002"})
    event = happened(judge(correction({"established_post": "Аналитик"}), state))
    assert event.entered == {"established_post": "Аналитик", "position_code": "2512-1-002"}
    assert event.contract["position_code"] == "2512-1-002"


def test_a_group_that_is_given_is_replaced_as_a_whole() -> None:
    state = amended({"working_hours_code": "3", "tariff_rate": Decimal("0.5"), "rest_note": "обед"})
    event = happened(judge(correction({"working_hours_code": "2"}), state))
    assert event.changes == {
        "working_hours_code": ("3", "2"),
        "tariff_rate": (Decimal("0.5"), None),
        "rest_note": ("обед", None),
    }


def test_a_later_amendment_still_stands_above() -> None:
    later = {"starts_on": date(2025, 6, 11), "concluded_on": date(2025, 6, 10)}
    state = amended({"established_post": "Директор"}, ONE, UUID(int=5), **later)
    event = happened(judge(correction({"established_post": "Аналитик"}), state))
    assert event.changes == {}
    assert event.contract["established_post"] == "Директор"


def test_a_corrected_start_moves_the_amendment_among_the_others() -> None:
    later = {"starts_on": date(2025, 6, 11), "concluded_on": date(2025, 6, 10)}
    state = amended({"established_post": "Директор"}, ONE, UUID(int=5), **later)
    event = happened(judge(correction(starts_on=date(2025, 6, 12)), state))
    assert event.effective_on == date(2025, 6, 12)
    assert event.changes == {
        "amendment.starts_on": (date(2025, 6, 10), date(2025, 6, 12)),
        "established_post": ("Директор", "Главный аналитик"),
    }


def test_on_one_day_the_amendment_entered_later_stands_above_though_the_other_is_corrected() -> None:
    state = amended({"established_post": "Директор"}, ONE, UUID(int=5))
    event = happened(judge(correction({"established_post": "Аналитик"}), state))
    assert event.contract["established_post"] == "Директор"


# ── windows and references


@pytest.mark.clause("353/9")
@pytest.mark.code("SCSE090")
def test_the_window_is_counted_from_the_amendments_own_entry() -> None:
    """Thirty working days from Thursday 24 April end on 11 June. The contract is of 2024."""
    first_entered = datetime(2025, 4, 24, 5, 0, tzinfo=UTC)
    (row,) = ONE.amendments

    def entered_at(moment: datetime) -> State:
        return replace(ONE, amendments=[{**row, "recorded_at": moment}])

    decision = accepted(judge(correction(number="18"), entered_at(first_entered)))
    assert decision.deadline == Deadline("353/9", TODAY, 0, None)
    field = "amendment_reference.amendment_id"
    assert told(state=entered_at(first_entered - DAY), number="18") == [("SCSE090", field)]


@pytest.mark.code("SCSE044")
@pytest.mark.parametrize("named", [{"amendment_id": UUID(int=99)}, {"external_id": "e" * 32}])
def test_an_amendment_that_is_not_there_is_not_corrected(named: dict[str, Any]) -> None:
    field = f"amendment_reference.{next(iter(named))}"
    assert told({"established_post": "А"}, named=named) == [("SCSE044", field)]


@pytest.mark.code("SCSE044")
def test_a_deleted_amendment_is_not_there() -> None:
    state = replace(ONE, amendments=[{**ONE.amendments[0], "status": "deleted"}])
    assert told(state=state, number="18") == [("SCSE044", "amendment_reference.amendment_id")]


@pytest.mark.code("SCSE051")
def test_a_correction_names_the_amendment() -> None:
    assert told(named={}, number="18") == [("SCSE051", "amendment_reference.external_id")]


@pytest.mark.code("SCSE025")
def test_of_a_contract_that_is_not_there_nothing_else_is_told() -> None:
    assert told(state=State(), number="18", starts_on=date(2020, 1, 1)) == [("SCSE025", HERE)]


@pytest.mark.clause("353/13")
@pytest.mark.code("SCSE092")
def test_an_amendment_of_a_terminated_contract_is_not_corrected() -> None:
    row = {**dict(ONE.contract_by_id or {}), "status": "terminated"}
    assert told(state=replace(ONE, contract_by_id=row), number="18") == [("SCSE092", HERE)]


@pytest.mark.code("SCSE119")
def test_an_amendment_that_changed_the_employer_stays() -> None:
    row = {**ONE.amendments[0], "terms": {"employer": "940340000421"}}
    expected = [("SCSE119", "amendment_reference.amendment_id")]
    assert told(state=replace(ONE, amendments=[row]), number="18") == expected


# ── what it must be


@pytest.mark.code("SCSE080")
def test_a_correction_corrects_something() -> None:
    assert told() == [("SCSE080", "correction")]
    unread = replace(
        correction(), refusals=(Refusal("ESB004"),), malformed=frozenset({"amendment.starts_on"})
    )
    assert refusals(judge(unread, ONE)) == [("ESB004", None)]


@pytest.mark.code("SCSE086")
def test_an_external_id_is_still_used_once() -> None:
    (own,) = ONE.amendments
    other = {**own, "id": UUID(int=9)}
    for holder, expected in ((own, []), (other, [("SCSE086", "amendment.external_id")])):
        state = replace(ONE, amendment_by_external_id=holder)
        assert told(state=state, external_id="e" * 32) == expected


@pytest.mark.code("SCSE070")
def test_number_and_date_are_still_used_once() -> None:
    """Either of them may be all that is corrected."""
    state = amended(
        {"established_post": "Директор"}, ONE, UUID(int=5), number="17/4", concluded_on=date(2025, 6, 3)
    )
    second = {"amendment_id": UUID(int=5)}
    assert told(state=state, concluded_on=date(2025, 6, 3)) == [("SCSE070", "amendment.number")]
    assert told(state=state, named=second, concluded_on=date(2025, 6, 2)) == [("SCSE070", "amendment.number")]
    assert told(state=state, number="17/4") == []
    assert told(state=state, concluded_on=date(2025, 6, 4)) == []


@pytest.mark.parametrize(
    ("columns", "code", "field"),
    [
        pytest.param(
            {"concluded_on": TODAY + DAY, "starts_on": TODAY + DAY},
            "SCSE062",
            "concluded_on",
            marks=pytest.mark.code("SCSE062"),
        ),
        pytest.param(
            {"concluded_on": date(2024, 1, 14)}, "SCSE063", "concluded_on", marks=pytest.mark.code("SCSE063")
        ),
        pytest.param(
            {"concluded_on": date(2025, 6, 11)}, "SCSE064", "concluded_on", marks=pytest.mark.code("SCSE064")
        ),
        pytest.param(
            {"starts_on": date(2025, 6, 1)}, "SCSE064", "concluded_on", marks=pytest.mark.code("SCSE064")
        ),
    ],
)
def test_the_rules_of_an_amendment_hold_for_what_it_would_be(
    columns: dict[str, Any], code: str, field: str
) -> None:
    assert told(**columns) == [(code, f"amendment.{field}")]


@pytest.mark.code("SCSE053")
def test_an_amendment_is_not_put_much_earlier() -> None:
    old = replace(ONE, contract_by_id={**dict(ONE.contract_by_id or {}), "starts_on": date(1950, 1, 1)})
    assert told(state=old, concluded_on=date(1955, 6, 11)) == []
    assert told(state=old, concluded_on=date(1955, 6, 10)) == [("SCSE053", "amendment.concluded_on")]


@pytest.mark.code("SCSE065")
def test_an_amendment_does_not_begin_after_the_end_that_it_has_set() -> None:
    state = amended({"term_code": "4", "ends_on": date(2025, 6, 20)})
    assert told(state=state, starts_on=date(2025, 6, 20)) == []
    assert told(state=state, starts_on=date(2025, 6, 21)) == [("SCSE065", "amendment.starts_on")]
    shorter = {"term_code": "4", "ends_on": date(2025, 6, 9)}
    assert told(shorter, state) == [("SCSE065", "amendment.starts_on")]


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        pytest.param(
            {"position_code": "2511"}, "SCSE083", "position_code", marks=pytest.mark.code("SCSE083")
        ),
        pytest.param({"term_code": "2"}, "SCSE054", "ends_on", marks=pytest.mark.code("SCSE054")),
        pytest.param(
            {"term_code": "1", "ends_on": date(2027, 1, 1)},
            "SCSE057",
            "ends_on",
            marks=pytest.mark.code("SCSE057"),
        ),
        pytest.param(
            {"term_code": "2", "ends_on": date(2075, 6, 12)},
            "SCSE142",
            "ends_on",
            marks=pytest.mark.code("SCSE142"),
        ),
        pytest.param(
            {"working_hours_code": "3"}, "SCSE077", "tariff_rate", marks=pytest.mark.code("SCSE077")
        ),
        pytest.param(
            {"country_code": "398", "address": "…"}, "SCSE105", "kato_code", marks=pytest.mark.code("SCSE105")
        ),
    ],
)
def test_the_rules_of_the_terms_hold(changes: dict[str, Any], code: str, column: str) -> None:
    assert told(changes) == [(code, f"contract.{column}")]
