from __future__ import annotations

from datetime import date

import pytest

from esutd_bus.register.years import lasts, shifted


@pytest.mark.parametrize(
    ("start", "end", "years", "long_enough"),
    [
        (date(2024, 2, 29), date(2028, 2, 28), 4, True),
        (date(2024, 2, 29), date(2028, 2, 27), 4, False),
        (date(9998, 1, 1), date(9998, 12, 31), 1, True),
        (date(9999, 1, 2), date(9999, 12, 31), 1, False),
        (date.min, date.min, 0, True),
    ],
)
def test_a_period_lasts_to_the_day_before_its_anniversary(
    start: date, end: date, years: int, long_enough: bool
) -> None:
    assert lasts(start, end, years) is long_enough


def test_29_february_becomes_the_28th() -> None:
    assert shifted(date(2028, 2, 29), -70) == date(1958, 2, 28)
    assert shifted(date(2028, 2, 29), 4) == date(2032, 2, 29)
