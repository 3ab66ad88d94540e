"""When something is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from esutd_bus.work.retrying import after_failure, after_success

NOW = datetime(2026, 11, 1, tzinfo=UTC)
INTERVAL = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("lasts", "minutes"),
    [
        (timedelta(days=1), 30),
        (timedelta(minutes=20), 15),
        (timedelta(minutes=5), 1),
        (-timedelta(days=9), 1),
    ],
    ids=["at the interval", "before its time is over", "not at once", "not at once, however late"],
)
def test_after_a_success(lasts: timedelta, minutes: int) -> None:
    assert after_success(NOW, INTERVAL, NOW + lasts) == NOW + timedelta(minutes=minutes)


def test_after_failures_the_pauses_grow_to_the_interval() -> None:
    pauses = [(after_failure(NOW, INTERVAL, failures) - NOW).total_seconds() for failures in range(9)]
    assert pauses == [30, 60, 120, 240, 480, 960, 1800, 1800, 1800]
    assert after_failure(NOW, INTERVAL, 10**9) == NOW + INTERVAL
