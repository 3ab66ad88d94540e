"""Kazakhstan's working days as `days_off.yaml` has them: by hand, and by no library."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import yaml

_TABLE = yaml.safe_load(Path(__file__).with_name("days_off.yaml").read_text("utf-8"))
OFF, WORKED = frozenset(_TABLE["days off"]), frozenset(_TABLE["days worked"])

FIRST, LAST = date(2024, 1, 1), date(2027, 1, 31)
"""What the table tells."""


def works(day: date) -> bool:
    """Whether a day is worked."""
    assert FIRST <= day <= LAST, f"{day} is not in the table"
    return day in WORKED or (day.weekday() < 5 and day not in OFF)


def worked(after: date, until: date) -> int:
    """How many days are worked after a day, up to and including another."""
    return sum(works(after + timedelta(days=n)) for n in range(1, (until - after).days + 1))


def working_day(after: date, count: int) -> date:
    """The so-and-so-many-th working day after a day."""
    day = after
    while count:
        day += timedelta(days=1)
        count -= works(day)
    return day
