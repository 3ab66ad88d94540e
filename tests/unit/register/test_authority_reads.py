"""What the labour authority asks: any contract, figures, violations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from register_cases import (
    BY_ID,
    CONTRACT_ID,
    EMPLOYER,
    IIN,
    MESSAGE_ID,
    NOW,
    REGISTERED,
    accepted,
    command,
    happened,
    judge,
    recorded,
    refusals,
    registration,
)

from esutd_bus.register.command import Command
from esutd_bus.register.decide import needs
from esutd_bus.register.partners import Partner, PartnerKind, Partners
from esutd_bus.register.search import Count, Found, Page, RegionViolationSearch, ViolationSearch
from esutd_bus.register.speaker import Speaker
from esutd_bus.register.state import State

AUTHORITY = frozenset({PartnerKind.AUTHORITY})
DELETED = {**REGISTERED, "status": "deleted"}
PAGE = {"page_number": 2, "page_size": 10}
FIGURES = {
    "entries": 2,
    "on_time": 1,
    "late": 1,
    "without_deadline": 0,
    "contracts": 1,
    "employees": 1,
    "employers": 1,
}


def reading(**values: Any) -> Command:
    return command("ReadContract", {"reference": BY_ID, **values})


@pytest.mark.clause("353/9")
@pytest.mark.parametrize("status", ["active", "terminated", "deleted"])
def test_a_contract_is_read_whatever_became_of_it(status: str) -> None:
    row = {**REGISTERED, "status": status}
    kept = {
        "leave_id": None,
        "due_on": None,
        "days_late": None,
        "recorded_by": EMPLOYER,
        "message_id": MESSAGE_ID,
    }
    state = State(contract_by_id=row, history=[{**recorded(happened(judge(registration()))), **kept}])
    answer = accepted(judge(reading(owner={"employer": EMPLOYER}), state)).answer
    assert answer["contract"] == row
    assert [told["event"] for told in answer["history"]] == ["ContractRegistered"]


@pytest.mark.code("SCSE025")
def test_a_contract_that_never_was_is_not_found() -> None:
    asked = reading(owner={"employer": EMPLOYER})
    assert refusals(judge(asked, State())) == [("SCSE025", "reference.contract_id")]
    assert needs(asked).owner == EMPLOYER
    assert needs(asked).contract_id == CONTRACT_ID


def test_whose_contract_it_is_must_be_named() -> None:
    assert refusals(judge(reading(), State())) == [("SCSE009", "owner.employer")]


def statistics(**columns: Any) -> Command:
    days = {"first_day": date(2025, 1, 1), "last_day": date(2025, 6, 30)}
    return command("GetStatistics", {"statistics": {**days, **columns}}, serves=AUTHORITY)


@pytest.mark.clause("slides/monitor")
def test_what_is_asked_for_is_counted() -> None:
    asked = statistics(by_region=True, by_period="month", by_channel=True, by_event=False)
    assert needs(asked).search == Count(
        date(2025, 1, 1),
        date(2025, 6, 30),
        by_region=True,
        by_period="month",
        by_channel=True,
        by_event=False,
        at_most=5000,
    )
    whole, group = {**FIGURES, "as_of": NOW}, {**FIGURES, "region": "750000000"}
    answer = accepted(judge(asked, State(found=Found([whole, group], 1)))).answer
    assert answer == {"whole": whole, "groups": [group]}


@pytest.mark.parametrize(
    ("first_day", "last_day"),
    [
        (date(2025, 6, 1), date(2025, 5, 31)),
        (date(2015, 1, 1), date(2025, 1, 8)),
        (date(1999, 12, 31), date(2000, 1, 1)),
        (date(2099, 12, 31), date(2100, 1, 1)),
        (date(1, 1, 1), date(9999, 12, 31)),
    ],
)
def test_a_period_that_cannot_be_counted_is_refused(first_day: date, last_day: date) -> None:
    asked = statistics(first_day=first_day, last_day=last_day)
    assert needs(asked).search is None
    assert refusals(judge(asked)) == [("ESB004", "statistics.last_day")]


@pytest.mark.parametrize(
    ("first_day", "last_day"),
    [(date(2025, 6, 1), date(2025, 6, 1)), (date(2015, 1, 1), date(2025, 1, 7)), (date(2099, 12, 31),) * 2],
)
def test_a_period_that_can_just_be_counted(first_day: date, last_day: date) -> None:
    asked = statistics(first_day=first_day, last_day=last_day)
    found = Found([{**FIGURES, "as_of": NOW}], 0)
    assert needs(asked).search is not None
    assert refusals(judge(asked, State(found=found))) == []


def test_more_groups_than_fit_an_answer_are_refused() -> None:
    assert refusals(judge(statistics(by_region=True), State(found=Found((), 5001)))) == [
        ("ESB004", "groupBy")
    ]


@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(0, 900),
    st.sampled_from(["day", "month", "year"]),
)
def test_every_day_of_the_period_is_in_one_that_has_begun(first: date, days: int, unit: str) -> None:
    last = date.fromordinal(first.toordinal() + days)
    periods = Count(first, last, by_period=unit).periods
    assert list(periods) == sorted(set(periods))
    assert periods[0] <= first
    assert periods[-1] <= last
    as_begun = {"day": "%Y-%m-%d", "month": "%Y-%m-01", "year": "%Y-01-01"}[unit]
    assert {day.isoformat() for day in periods} == {
        date.fromordinal(n).strftime(as_begun) for n in range(first.toordinal(), last.toordinal() + 1)
    }


def violations(**values: Any) -> Command:
    return command("GetViolations", {"search": PAGE, **values}, serves=AUTHORITY)


@pytest.mark.clause("slides/violations")
def test_violations_of_an_employer_or_of_a_region() -> None:
    of_one = needs(violations(owner={"employer": EMPLOYER}))
    assert (of_one.search, of_one.owner) == (ViolationSearch(Page(2, 10)), EMPLOYER)
    of_region = needs(violations(search={**PAGE, "region": "750000000"}))
    assert (of_region.search, of_region.owner) == (RegionViolationSearch(Page(2, 10), "750000000"), None)


@pytest.mark.clause("slides/violations")
def test_each_violation_tells_whose_it_is() -> None:
    row = {"employer": EMPLOYER, "clause": "353/8", "days_late": 3, "recorded_at": datetime(2025, 6, 1)}  # noqa: DTZ001
    state = State(found=Found([row, {"employer": "1", "clause": None}], 2))
    answer = accepted(judge(violations(owner={"employer": EMPLOYER}), state)).answer
    assert answer["violations"] == [
        {**row, "kind": "lateEntry", "code": "SCSE089"},
        {"employer": "1", "kind": "workingTimeMissing", "clause": "353/6"},
    ]
    assert answer["found"] == {"total": 2}


@pytest.mark.code("SCSE073")
@pytest.mark.parametrize("code", ["760000000", "751410000", "75", ""])
def test_a_region_is_one(code: str) -> None:
    asked = violations(search={**PAGE, "region": code})
    assert refusals(judge(asked, State(found=Found((), 0)))) == [("SCSE073", "search.region")]


@pytest.mark.code("SCSE218")
@pytest.mark.code("SCSE219")
def test_pages_are_judged_like_an_employers() -> None:
    asked = violations(search={"page_number": 0, "page_size": 101, "region": "750000000"})
    assert needs(asked).search is None
    assert refusals(judge(asked)) == [("SCSE218", "search.page_number"), ("SCSE219", "search.page_size")]


def test_nobodys_violations_are_none() -> None:
    assert refusals(judge(violations())) == [("ESB004", "scope")]


ITSELF = frozenset({"organisation", "information-system"})
PARTNERS = Partners(
    [
        Partner("2", PartnerKind.PORTAL),
        Partner("3", PartnerKind.GOVERNMENT_SYSTEM),
        Partner("4", PartnerKind.AUTHORITY),
    ]
)


def speaker(number: str, via: Speaker | None = None) -> Speaker:
    return Speaker(number, IIN, ITSELF, certificate=number, via=via)


@pytest.mark.clause("353/4")
@pytest.mark.parametrize(
    ("speaks", "channel"),
    [
        (speaker("1"), "employer-system"),
        (speaker("1", via=speaker("1")), "employer-system"),
        (speaker("1", via=speaker("9")), "employer-system"),
        (speaker("1", via=speaker("2")), "portal"),
        (speaker("1", via=speaker("3")), "government-system"),
        (speaker("2"), "employer-system"),
        (speaker("2", via=speaker("2")), "employer-system"),
        (speaker("4"), "employer-system"),
    ],
)
def test_the_channel_is_what_brings_the_message(speaks: Speaker, channel: str) -> None:
    assert PARTNERS.channel_of(speaks, frozenset({PartnerKind.EMPLOYER})) == channel


@pytest.mark.clause("353/4")
def test_what_the_authority_does_as_such_comes_by_its_own_channel() -> None:
    assert PARTNERS.channel_of(speaker("4"), AUTHORITY) == "authority"
