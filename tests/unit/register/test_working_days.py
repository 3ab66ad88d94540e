from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutd_bus.register.calendar import Calendar, DayKind, today

CALENDAR = Calendar()
DAYS = st.dates(date(2019, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2024, 3, 20), True),
        (date(2024, 3, 21), False),  # Nauryz
        (date(2024, 3, 23), False),  # Nauryz on a Saturday …
        (date(2024, 3, 25), False),  # … moves to Monday
        (date(2024, 3, 26), True),
        (date(2024, 5, 4), True),  # a Saturday worked …
        (date(2024, 5, 8), False),  # … for Wednesday between two holidays
        (date(2025, 1, 3), False),  # moved from Sunday 5 January …
        (date(2025, 1, 5), True),  # … which is worked
        (date(2025, 1, 7), False),  # Orthodox Christmas
        (date(2025, 6, 6), False),  # Kurban Ait
        (date(2025, 6, 7), False),  # Saturday
        (date(2025, 6, 9), True),
        (date(2013, 12, 28), True),  # worked for 3 January of the next year
    ],
)
def test_days_of_the_official_calendar(day: date, works: bool) -> None:
    assert CALENDAR.is_working_day(day) is works


@given(DAYS, st.integers(1, 40))
def test_counting_forth_and_back_agree(start: date, count: int) -> None:
    end = CALENDAR.add_working_days(start, count)
    assert CALENDAR.is_working_day(end)
    assert CALENDAR.working_days_between(start, end) == count
    assert CALENDAR.working_days_between(start, end - timedelta(days=1)) == count - 1


@given(DAYS, DAYS)
def test_working_days_are_those_that_are_worked(start: date, end: date) -> None:
    days = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert CALENDAR.working_days_between(start, end) == sum(map(CALENDAR.is_working_day, days))


@given(DAYS, DAYS, st.integers(1, 10))
def test_a_later_start_never_ends_earlier(one: date, other: date, count: int) -> None:
    first, second = sorted((one, other))
    assert CALENDAR.add_working_days(first, count) <= CALENDAR.add_working_days(second, count)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2025, 12, 30), 1, date(2025, 12, 31)),
        (date(2025, 12, 30), 2, date(2026, 1, 5)),  # 1, 2 off; 3, 4 a weekend
        (date(2025, 12, 31), 1, date(2026, 1, 5)),
    ],
)
def test_counting_passes_new_year(start: date, count: int, end: date) -> None:
    assert CALENDAR.add_working_days(start, count) == end


def test_moved_days_win() -> None:
    moved: dict[date, DayKind] = {date(2025, 6, 10): "off", date(2025, 6, 14): "working"}
    calendar = Calendar(moved)
    assert CALENDAR.is_working_day(date(2025, 6, 10))
    assert not calendar.is_working_day(date(2025, 6, 10))
    assert calendar.is_working_day(date(2025, 6, 14))
    assert calendar.add_working_days(date(2025, 6, 9), 4) == date(2025, 6, 14)
    assert CALENDAR.add_working_days(date(2025, 6, 9), 4) == date(2025, 6, 13)


def test_a_calendar_does_not_change_with_what_it_was_made_from() -> None:
    moved: dict[date, DayKind] = {}
    calendar = Calendar(moved)
    moved[date(2025, 6, 10)] = "off"
    assert calendar.is_working_day(date(2025, 6, 10))


@pytest.mark.parametrize("count", [0, -1])
def test_no_days_cannot_be_added(count: int) -> None:
    with pytest.raises(ValueError, match="working days"):
        CALENDAR.add_working_days(date(2025, 6, 9), count)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2025, 6, 10, 18, 59, 59, tzinfo=UTC), date(2025, 6, 10)),
        (datetime(2025, 6, 10, 19, 0, tzinfo=UTC), date(2025, 6, 11)),  # UTC+5
        (datetime(2024, 2, 10, 18, 0, tzinfo=UTC), date(2024, 2, 11)),  # UTC+6 until 1 March 2024
    ],
)
def test_today_is_kazakhstans(now: datetime, day: date) -> None:
    assert today(now) == day


def test_an_instant_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        today(datetime(2025, 6, 10, 12, 0))  # noqa: DTZ001  # the point
