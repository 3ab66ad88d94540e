"""What statistics may be asked for: what can be counted, and told, in one answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from esutd_bus.register.case import Case
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.worded import worded

MOST_GROUPS = 5000
"""Groups in one answer: about 3 MB of XML."""

LONGEST_DAYS = 3660
"""Days of one period: ten years."""

_YEARS = range(2000, 2100)
"""In which the days of a period may be; the register began in 2020."""


def is_countable(first_day: date, last_day: date) -> bool:
    """Whether the days between are a period that can be counted."""
    in_sight = first_day.year in _YEARS and last_day.year in _YEARS
    return in_sight and first_day <= last_day and (last_day - first_day).days < LONGEST_DAYS


def period_can_be_counted(case: Case) -> Iterator[Refusal]:
    """ESB004: the period ends after it begins, lasts ten years at most, and is no mistyped year."""
    first_day, last_day = case.value("statistics.first_day"), case.value("statistics.last_day")
    if first_day is not None and last_day is not None and not is_countable(first_day, last_day):
        yield worded("period-not-countable", "statistics.last_day")


def groups_are_not_too_many(case: Case) -> Iterator[Refusal]:
    """ESB004: the groups asked for fit into one answer."""
    found = case.state.found
    if found is not None and found.total > MOST_GROUPS:
        yield worded("too-many-groups", "groupBy", most=str(MOST_GROUPS))
