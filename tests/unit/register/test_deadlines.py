from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutd_bus.register.answer_codes import in_force
from esutd_bus.register.calendar import Calendar
from esutd_bus.register.deadlines import TERMS, deadline, registration_deadline
from esutd_bus.register.event import Deadline

CALENDAR = Calendar()
IN_FORCE_ON = date(2020, 9, 15)
CLAUSES = st.sampled_from(sorted(TERMS))
DAYS = st.dates(date(2020, 1, 1), date(2029, 12, 31))


def due(clause: str, event_on: date) -> date:
    return deadline(clause, event_on, event_on, CALENDAR).due_on


# Counted by hand on the official calendars of 2024 and 2025.


@pytest.mark.clause("353/7")
@pytest.mark.parametrize(
    ("concluded_on", "due_on"),
    [
        (date(2025, 6, 9), date(2025, 6, 16)),  # Mon: Tue 10 … Fri 13, Mon 16
        (date(2025, 6, 13), date(2025, 6, 20)),  # Fri
        (date(2025, 6, 14), date(2025, 6, 20)),  # Sat: the count begins on Monday all the same
        (date(2025, 3, 18), date(2025, 3, 28)),  # 19, 20; 21–25 off; 26, 27, 28
        (date(2024, 3, 19), date(2024, 3, 29)),  # 20; 21–25 off; 26, 27, 28, 29
        (date(2024, 5, 3), date(2024, 5, 14)),  # Sat 4 worked, 6; 7–9 off; 10, 13, 14
        (date(2025, 4, 30), date(2025, 5, 12)),  # 1 off; 2, 5, 6; 7 off; 8; 9 off; 12
        (date(2024, 12, 30), date(2025, 1, 9)),  # 31; 1–4 off; Sun 5 worked, 6; 7 off; 8, 9
    ],
)
def test_a_contract_is_due_in_five_working_days(concluded_on: date, due_on: date) -> None:
    assert due("353/7", concluded_on) == due_on


@pytest.mark.clause("353/7")
@pytest.mark.parametrize(
    ("concluded_on", "ends_on", "headcount", "due_on"),
    [
        (date(2020, 9, 14), None, None, date(2021, 9, 15)),  # the last day before the rules
        (date(2020, 9, 15), None, None, date(2020, 9, 22)),  # the first day under them: 16, 17, 18, 21, 22
        (date(2001, 1, 5), None, 1, date(2021, 9, 15)),
        (date(2001, 1, 5), None, 2000, date(2021, 9, 15)),
        (date(2001, 1, 5), None, 2001, date(2022, 9, 15)),
        (date(2019, 9, 14), date(2020, 9, 15), None, date(2021, 9, 15)),  # in force on that day, its last
        (date(2020, 9, 15), None, 2001, date(2020, 9, 22)),  # new ones are due alike for all
    ],
)
def test_a_contract_from_before_the_rules_is_due_in_a_year_or_two(
    concluded_on: date, ends_on: date | None, headcount: int | None, due_on: date
) -> None:
    found = registration_deadline(concluded_on, ends_on, headcount, due_on, CALENDAR, IN_FORCE_ON)
    late = registration_deadline(
        concluded_on, ends_on, headcount, due_on + timedelta(days=1), CALENDAR, IN_FORCE_ON
    )
    assert found == Deadline("353/7", due_on, 0, None)
    assert late == Deadline("353/7", due_on, 1, "SCSE088")


@pytest.mark.clause("353/7")
def test_a_contract_that_had_ended_before_the_rules_is_due_by_no_day() -> None:
    ended = registration_deadline(
        date(2001, 1, 5), date(2020, 9, 14), None, date(2025, 1, 9), CALENDAR, IN_FORCE_ON
    )
    assert ended is None


@pytest.mark.clause("353/8")
@pytest.mark.parametrize(
    ("concluded_on", "due_on"),
    [
        (date(2025, 6, 2), date(2025, 6, 17)),
        (date(2025, 3, 10), date(2025, 3, 25)),  # holidays count
        (date(2024, 2, 20), date(2024, 3, 6)),  # 29 February
    ],
)
def test_an_amendment_is_due_in_fifteen_calendar_days(concluded_on: date, due_on: date) -> None:
    assert due("353/8", concluded_on) == due_on


@pytest.mark.clause("353/10")
@pytest.mark.parametrize(
    ("reinstated_on", "due_on"),
    [
        (date(2025, 6, 10), date(2025, 6, 24)),  # two weeks
        (date(2025, 3, 14), date(2025, 4, 2)),  # 17–20; 21–25 off; 26–28, 31, 1, 2
        (date(2024, 5, 6), date(2024, 5, 23)),  # 7–9 off; 10, 13–17, 20–23
    ],
)
def test_a_reinstatement_is_due_in_ten_working_days(reinstated_on: date, due_on: date) -> None:
    assert due("353/10", reinstated_on) == due_on


@pytest.mark.clause("353/12")
@pytest.mark.parametrize(
    ("terminated_on", "due_on"),
    [
        (date(2025, 6, 10), date(2025, 6, 13)),
        (date(2025, 3, 20), date(2025, 3, 28)),  # 21–25 off; 26, 27, 28
        (date(2025, 5, 6), date(2025, 5, 13)),  # 7 off; 8; 9–11 off; 12, 13
        (date(2024, 5, 6), date(2024, 5, 14)),  # 7–9 off; 10, 13, 14
    ],
)
def test_a_termination_is_due_in_three_working_days(terminated_on: date, due_on: date) -> None:
    assert due("353/12", terminated_on) == due_on


@pytest.mark.clause("353/9")
@pytest.mark.parametrize(
    ("entered_on", "due_on"),
    [
        (date(2025, 4, 24), date(2025, 6, 11)),  # 1, 7, 9 May and 6 June are off
        (date(2024, 12, 20), date(2025, 2, 5)),  # 1–4 and 7 January are off, Sun 5 January is worked
        (date(2025, 3, 14), date(2025, 4, 30)),  # 21–25 off
    ],
)
def test_a_window_closes_after_thirty_working_days(entered_on: date, due_on: date) -> None:
    assert due("353/9", entered_on) == due_on


@pytest.mark.clause("353/13-1")
@pytest.mark.parametrize(
    ("extended_on", "due_on"),
    [
        (date(2025, 6, 9), date(2025, 6, 30)),  # three weeks
        (date(2025, 3, 14), date(2025, 4, 9)),  # 17–20; 21–25 off; 26–28, 31, 1–4, 7, 8, 9
        (date(2024, 4, 30), date(2024, 5, 24)),  # 1 off; 2, 3, Sat 4 worked, 6; 7–9 off; 10, 13–17, 20–24
    ],
)
def test_an_extension_is_due_in_fifteen_working_days(extended_on: date, due_on: date) -> None:
    assert due("353/13-1", extended_on) == due_on


@pytest.mark.parametrize(
    ("clause", "event_on", "entered_on", "expected"),
    [
        ("353/7", date(2025, 6, 9), date(2025, 6, 18), Deadline("353/7", date(2025, 6, 16), 2, "SCSE088")),
        ("353/7", date(2025, 6, 9), date(2025, 6, 23), Deadline("353/7", date(2025, 6, 16), 5, "SCSE088")),
        ("353/8", date(2025, 6, 2), date(2025, 6, 23), Deadline("353/8", date(2025, 6, 17), 6, "SCSE089")),
        # Due on Friday: Saturday and Sunday are late, and so is Monday, by the same one day.
        ("353/12", date(2025, 6, 10), date(2025, 6, 14), Deadline("353/12", date(2025, 6, 13), 1, "SCSE091")),
        ("353/12", date(2025, 6, 10), date(2025, 6, 16), Deadline("353/12", date(2025, 6, 13), 1, "SCSE091")),
        ("353/12", date(2025, 6, 10), date(2025, 6, 17), Deadline("353/12", date(2025, 6, 13), 2, "SCSE091")),
        ("353/12", date(2025, 6, 10), date(2025, 6, 13), Deadline("353/12", date(2025, 6, 13), 0, None)),
    ],
)
def test_lateness_is_counted_in_the_clauses_days(
    clause: str, event_on: date, entered_on: date, expected: Deadline
) -> None:
    assert deadline(clause, event_on, entered_on, CALENDAR) == expected


@given(CLAUSES, DAYS)
def test_the_due_day_is_in_time_and_the_next_is_one_late(clause: str, event_on: date) -> None:
    due_on = due(clause, event_on)
    in_time = deadline(clause, event_on, due_on, CALENDAR)
    late = deadline(clause, event_on, due_on + timedelta(days=1), CALENDAR)
    assert (in_time.days_late, in_time.warning) == (0, None)
    assert (late.days_late, late.warning) == (1, TERMS[clause].warning)


@given(CLAUSES, DAYS, st.integers(0, 400), st.integers(0, 400))
def test_waiting_never_makes_an_entry_less_late(clause: str, event_on: date, one: int, other: int) -> None:
    sooner, later = sorted((one, other))
    first = deadline(clause, event_on, event_on + timedelta(days=sooner), CALENDAR)
    second = deadline(clause, event_on, event_on + timedelta(days=later), CALENDAR)
    assert first.due_on == second.due_on
    assert first.days_late <= second.days_late


@given(CLAUSES, DAYS, DAYS)
def test_a_later_event_is_never_due_earlier(clause: str, one: date, other: date) -> None:
    sooner, later = sorted((one, other))
    assert due(clause, sooner) <= due(clause, later)


@given(CLAUSES, DAYS)
def test_the_count_begins_on_the_day_after(clause: str, event_on: date) -> None:
    assert due(clause, event_on) >= event_on + timedelta(days=TERMS[clause].days)


def test_warnings_are_codes_in_force() -> None:
    assert {term.warning for term in TERMS.values()} <= in_force()
