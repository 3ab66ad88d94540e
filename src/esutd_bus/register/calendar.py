"""Kazakhstan's working days: the official calendar, and the days the government moves."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

import holidays

ALMATY = ZoneInfo("Asia/Almaty")
"""The register's time zone: all of Kazakhstan has kept one time since 1 March 2024."""

DayKind = Literal["working", "off"]


def today(now: datetime) -> date:
    """The day it is in Kazakhstan. `now` must have a zone."""
    if now.tzinfo is None:
        raise ValueError("an instant without a zone is no instant")
    return now.astimezone(ALMATY).date()


class Calendar:
    """Which days are worked. Immutable; years are computed when first asked for.

    The `holidays` package knows the public holidays, the days off that follow one on a weekend, and the moves
    decreed for past years. `moved` adds what it does not know (yet), and wins: date → `working` or `off`.
    """

    __slots__ = ("_moved", "_worked")

    def __init__(self, moved: Mapping[date, DayKind] | None = None) -> None:
        self._moved = MappingProxyType(dict(moved or {}))
        self._worked: dict[int, Sequence[date]] = {}

    def is_working_day(self, day: date) -> bool:
        """Whether the day is worked."""
        worked = self._year(day.year)
        index = bisect_left(worked, day)
        return index < len(worked) and worked[index] == day

    def add_working_days(self, start: date, count: int) -> date:
        """The `count`-th (1 or more) working day after `start`; `start` itself does not count."""
        if count < 1:
            raise ValueError(f"cannot count {count} working days")
        year = start.year
        index = bisect_right(self._year(year), start) + count - 1
        while index >= len(worked := self._year(year)):
            index -= len(worked)
            year += 1
        return worked[index]

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days come after `start`, up to and including `end`; 0 if `end` is not after it."""
        if end <= start:
            return 0
        years = sum(len(self._year(year)) for year in range(start.year, end.year))
        return years + bisect_right(self._year(end.year), end) - bisect_right(self._year(start.year), start)

    def _year(self, year: int) -> Sequence[date]:
        """The working days of a year, in order."""
        if year not in self._worked:
            self._worked[year] = tuple(
                day for day in _days(year) if self._moved.get(day, _official(year).get(day)) == "working"
            )
        return self._worked[year]


def _days(year: int) -> Sequence[date]:
    first = date(year, 1, 1)
    count = (date(year, 12, 31) - first).days + 1
    return [first + timedelta(days=n) for n in range(count)]


@cache
def _official(year: int) -> Mapping[date, DayKind]:
    """What the `holidays` package says of each day of a year."""
    # The next year too: a Saturday in December may be worked for a day off in January.
    official = holidays.country_holidays("KZ", years=(year, year + 1))
    return MappingProxyType(
        {day: "working" if official.is_working_day(day) else "off" for day in _days(year)}
    )
