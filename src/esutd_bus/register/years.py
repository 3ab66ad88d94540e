"""Periods in years, as the answer codes speak of them."""

from __future__ import annotations

from datetime import MAXYEAR, date, timedelta


def shifted(day: date, years: int) -> date:
    """The same day some years later (negative: earlier); 29 February becomes the 28th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def lasts(start: date, end: date, years: int) -> bool:
    """Whether a period, both its days included, lasts that many years: 1 January to 31 December is one."""
    if years == 0:
        return True
    if start.year + years > MAXYEAR:
        return False
    anniversary = shifted(start, years)
    last_day = anniversary - timedelta(days=1) if anniversary.day == start.day else anniversary
    return end >= last_day
