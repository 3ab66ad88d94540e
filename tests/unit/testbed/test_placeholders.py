from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from fixture_folders import NOW
from hypothesis import given
from hypothesis import strategies as st

from esutd_bus.register.calendar import Calendar
from esutd_bus.register.identifiers import is_iin
from esutd_bus.testbed.placeholders import Filling, PlaceholderError, leans_on, move_by_working_days

CALENDAR = Calendar()
DAYS = st.dates(date(2000, 1, 1), date(2040, 1, 1))


def filling(**given_parts: object) -> Filling:
    return Filling(now=NOW, calendar=CALENDAR, **given_parts)  # type: ignore[arg-type]  # parts of a Filling


def test_a_bare_uuid_is_new_each_time_and_a_named_one_is_not() -> None:
    one = filling()
    first, second, named, again = one.fill("${uuid} ${uuid} ${uuid:a} ${uuid:a}").split()
    assert first != second
    assert named == again == one.fill("${uuid:a}")
    assert named != one.fill("${uuid:b}") != filling().fill("${uuid:b}")
    assert str(UUID(named)) == named


def test_an_invented_person_has_a_right_iin_and_was_born_in_the_1800s() -> None:
    one = filling()
    people = [one.fill(f"${{iin:p{n}}}") for n in range(500)]
    assert one.fill("${iin:p7}") == people[7] != filling().fill("${iin:p7}")
    assert all(is_iin(iin) for iin in people)
    assert {iin[6] for iin in people} == {"1", "2"}


@pytest.mark.parametrize(
    ("placeholder", "value"),
    [
        ("today", "2026-01-14"),
        ("today+10d", "2026-01-24"),
        ("today-14d", "2025-12-31"),
        ("today+3wd", "2026-01-19"),
        ("today-3wd", "2026-01-09"),
        ("today-10wd+5wd", "2026-01-06"),
        ("now", "2026-01-14T10:00:00.000+05:00"),
        ("now+1d", "2026-01-15T10:00:00.000+05:00"),
        ("now+3wd-1d", "2026-01-18T10:00:00.000+05:00"),
        ("employer", "990440000385"),
        ("fill:5", "xxxxx"),
    ],
)
def test_what_a_placeholder_becomes(placeholder: str, value: str) -> None:
    # Working days of January 2026: 1, 2 (New Year), 7 (Christmas) and the weekends are off; the 5th is worked.
    assert (
        filling(employer="990440000385").fill(f"<{placeholder}>${{{placeholder}}}")
        == f"<{placeholder}>{value}"
    )


def test_today_is_the_day_in_kazakhstan() -> None:
    late_in_greenwich = NOW.replace(hour=2)  # 21:00 of the 13th in UTC
    one = Filling(now=late_in_greenwich.astimezone(), calendar=CALENDAR)
    assert one.fill("${today}") == "2026-01-14"


@given(day=DAYS, count=st.integers(1, 400))
def test_working_days_are_counted_as_the_register_counts_them(day: date, count: int) -> None:
    later = move_by_working_days(day, count, CALENDAR)
    assert later == CALENDAR.add_working_days(day, count)
    earlier = move_by_working_days(day, -count, CALENDAR)
    assert CALENDAR.is_working_day(earlier)
    assert CALENDAR.working_days_between(earlier - timedelta(days=1), day - timedelta(days=1)) == count


@given(st.text().filter(lambda text: "${" not in text))
def test_other_text_stays_as_it_is(text: str) -> None:
    assert filling().fill(text) == text


def test_values_that_went_before_are_escaped() -> None:
    one = filling(value_of=lambda name, path: f"{name} <{path}> & co")
    assert one.fill("${from:register/request/contract/number}") == (
        "register &lt;request/contract/number&gt; &amp; co"
    )


@pytest.mark.parametrize(
    "placeholder",
    ["", "uid", "uuid:", "today+5", "today+d", "now+1", "from:register", "fill:", "employer:x"],
)
def test_an_unknown_placeholder_is_told(placeholder: str) -> None:
    with pytest.raises(PlaceholderError, match="unknown placeholder"):
        filling().fill(f"${{{placeholder}}}")


def test_a_placeholder_without_a_value_is_told() -> None:
    def nothing(name: str, path: str) -> str:
        raise LookupError(f"{name} has no {path}")

    with pytest.raises(PlaceholderError, match="neither BIN nor IIN"):
        filling().fill("${employer}")
    with pytest.raises(PlaceholderError, match="no fixture went before"):
        filling().fill("${from:register/contractId}")
    with pytest.raises(PlaceholderError, match="register has no contractId"):
        filling(value_of=nothing).fill("${from:register/contractId}")


def test_which_fixtures_a_text_leans_on() -> None:
    text = "${uuid} ${from:register/contractId} ${from:amend-term/request/a/b} ${from:register/x}"
    assert leans_on(text) == {"register", "amend-term"}
