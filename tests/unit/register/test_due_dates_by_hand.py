"""Due dates of 2024–2026 against tables counted by hand: `days_off.yaml`, `due_dates.yaml`."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from esutd_bus.register.calendar import Calendar
from esutd_bus.register.deadlines import TERMS, deadline
from support.wall_calendar import FIRST, LAST, works

HERE = Path(__file__).parent
TABLE = yaml.safe_load(HERE.joinpath("due_dates.yaml").read_text("utf-8"))

OFFICIAL, MOVED = Calendar(), Calendar(TABLE["moved"])
ROWS = [(OFFICIAL, row) for row in TABLE["rows"]] + [(MOVED, row) for row in TABLE["rows with it"]]

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def counted(told: str, event_on: date) -> list[date]:
    """The days that a row says were counted: `Dec 30-31, Jan 5`."""
    days: list[date] = []
    year, month = event_on.year, event_on.month
    for name, first, last in re.findall(r"([A-Z][a-z]{2})? ?(\d+)(?:-(\d+))?", told):
        if name:
            number = MONTHS.index(name) + 1
            year, month = year + (number < month), number
        days += [date(year, month, day) for day in range(int(first), int(last or first) + 1)]
    return days


def test_every_day_of_three_years_is_as_the_table_says() -> None:
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    assert [day for day in days if OFFICIAL.is_working_day(day) != works(day)] == []


@pytest.mark.parametrize(
    ("calendar", "row"),
    [
        pytest.param(calendar, row, marks=pytest.mark.clause(row[0]), id=f"{row[0]}, {row[1]}, {row[4]}")
        for calendar, row in ROWS
    ],
)
def test_an_entry_is_due_on_the_day_counted_by_hand(calendar: Calendar, row: list[Any]) -> None:
    clause, event_on, due_on, told, _between = row
    term, days = TABLE["terms"][clause], counted(told, event_on)
    assert (len(days), days[-1]) == (term["days"], due_on)
    assert days == sorted(days)
    assert days[0] > event_on
    if clause in TERMS:
        assert deadline(clause, event_on, event_on, calendar).due_on == due_on
    else:
        assert calendar.add_working_days(event_on, term["days"]) == due_on


def test_every_deadline_of_the_register_is_in_the_table() -> None:
    assert TERMS.keys() <= TABLE["terms"].keys()
    assert {row[0] for _calendar, row in ROWS} == TABLE["terms"].keys()
    assert {row[0] for row in TABLE["rows with it"]} == TABLE["terms"].keys()
    for clause, term in TERMS.items():
        assert TABLE["terms"][clause] == {"days": term.days, "working": term.working}
