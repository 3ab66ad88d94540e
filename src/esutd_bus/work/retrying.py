"""When to try again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

FIRST_PAUSE: Final = timedelta(seconds=30)

BEFORE_THE_END: Final = timedelta(minutes=5)
"""So long before its time is over, a list's or an answer's successor is asked for."""

SHORTEST: Final = timedelta(minutes=1)
"""A successor that is late is not asked for more often than that."""


def after_success(now: datetime, interval: timedelta, next_update: datetime) -> datetime:
    """At the interval, or sooner if what came will not last that long."""
    return min(now + interval, max(next_update - BEFORE_THE_END, now + SHORTEST))


def after_failure(now: datetime, interval: timedelta, failures: int) -> datetime:
    """`failures` there were before: 30 s, a minute, two …, but never less often than the interval."""
    return now + min(interval, FIRST_PAUSE * (1 << min(failures, 20)))
