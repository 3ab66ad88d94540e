"""Placeholders of a fixture: what is new each time a message is sent.

| placeholder | becomes |
|---|---|
| `${uuid}` | a new UUID at each occurrence |
| `${uuid:NAME}` | one UUID for the whole fixture, its expected answer included |
| `${now}`, `${now+31wd}` | the present, ISO 8601 with Kazakhstan's offset; the same time on another day |
| `${today}`, `${today+10d}`, `${today-10wd+5wd}` | a date in Asia/Almaty; `d` calendar, `wd` working days |
| `${iin:NAME}` | one IIN of an invented person for the whole fixture, born in the 1800s |
| `${employer}` | BIN or IIN of the signer |
| `${from:OTHER/contractId}` | a value of the answer of a fixture that went before |
| `${from:OTHER/request/contract/number}` | a value of its request |
| `${fill:N}` | N letters, for what is too long |
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4
from xml.sax.saxutils import escape

from esutd_bus.register.calendar import ALMATY, Calendar, today
from esutd_bus.register.identifiers import check_digit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
_NOW = re.compile(r"now((?:[+-]\d+w?d)*)")
_TODAY = re.compile(r"today((?:[+-]\d+w?d)*)")
_OFFSET = re.compile(r"([+-]\d+)(w?d)")
_FILL = re.compile(r"fill:(\d{1,7})")
_FROM = re.compile(r"from:([a-z0-9-]+)/(.+)")
_NAMED = re.compile(r"(uuid|iin):[a-z0-9-]+")


class PlaceholderError(Exception):
    """A placeholder that cannot be understood or filled."""


def placeholders(text: str) -> Iterator[str]:
    """The placeholders of a text in order, without `${` and `}`."""
    return (match[1] for match in _PLACEHOLDER.finditer(text))


def leans_on(text: str) -> frozenset[str]:
    """The fixtures whose values a text takes by `${from:…}`."""
    found = (_FROM.fullmatch(placeholder) for placeholder in placeholders(text))
    return frozenset(match[1] for match in found if match)


def move_by_working_days(day: date, count: int, calendar: Calendar) -> date:
    """The `count`-th working day after a day, or before it where `count` is negative."""
    step = timedelta(days=1 if count > 0 else -1)
    left = abs(count)
    while left:
        day += step
        left -= calendar.is_working_day(day)
    return day


@dataclass(slots=True)
class Filling:
    """The values of one fixture's placeholders for one sending."""

    now: datetime
    """With zone."""
    calendar: Calendar
    """Which days are worked."""
    employer: str | None = None
    value_of: Callable[[str, str], str] | None = None
    """(fixture's name, path) → the value that went before.

    Raises LookupError if there is none.
    """
    new_uuid: Callable[[], UUID] = uuid4
    given: dict[str, str] = field(default_factory=dict)
    """What was filled in and has one value in the whole fixture: placeholder → value."""

    def fill(self, text: str) -> str:
        """The text of an XML document with all placeholders replaced; values are escaped.

        Raises:
            PlaceholderError: unknown, or nothing to fill it with.
        """
        return _PLACEHOLDER.sub(lambda match: escape(self._value(match[1])), text)

    def _value(self, placeholder: str) -> str:
        if placeholder == "uuid":
            return str(self.new_uuid())
        if placeholder not in self.given:
            self.given[placeholder] = self._make(placeholder)
        return self.given[placeholder]

    def _make(self, placeholder: str) -> str:
        if match := _NOW.fullmatch(placeholder):
            day, time = self._date(match[1]), self.now.astimezone(ALMATY).timetz()
            return datetime.combine(day, time).isoformat(timespec="milliseconds")
        if placeholder == "employer":
            return self._employer()
        if match := _NAMED.fullmatch(placeholder):
            return invented_iin(self.new_uuid) if match[1] == "iin" else str(self.new_uuid())
        if match := _TODAY.fullmatch(placeholder):
            return self._date(match[1]).isoformat()
        if match := _FILL.fullmatch(placeholder):
            return "x" * int(match[1])
        if match := _FROM.fullmatch(placeholder):
            return self._from(match[1], match[2])
        raise PlaceholderError(f"unknown placeholder ${{{placeholder}}}")

    def _employer(self) -> str:
        if self.employer is None:
            raise PlaceholderError("${employer}: the signer has neither BIN nor IIN")
        return self.employer

    def _date(self, offsets: str) -> date:
        day = today(self.now)
        for amount, unit in _OFFSET.findall(offsets):
            if unit == "wd":
                day = move_by_working_days(day, int(amount), self.calendar)
            else:
                day += timedelta(days=int(amount))
        return day

    def _from(self, other: str, path: str) -> str:
        if self.value_of is None:
            raise PlaceholderError(f"${{from:{other}/{path}}}: no fixture went before")
        try:
            return self.value_of(other, path)
        except LookupError as error:
            raise PlaceholderError(f"${{from:{other}/{path}}}: {error}") from error


_FIRST_BIRTHDAY = date(1800, 1, 1)
_DAYS_OF_THE_CENTURY = (date(1900, 1, 1) - _FIRST_BIRTHDAY).days


def invented_iin(new_uuid: Callable[[], UUID]) -> str:
    """Nobody's number: a birthday of the 1800s, a sex, a serial number, all of them by chance."""
    while True:
        chance, day = divmod(new_uuid().int, _DAYS_OF_THE_CENTURY)
        born = _FIRST_BIRTHDAY + timedelta(days=day)
        first_eleven = f"{born:%y%m%d}{1 + chance % 2}{chance // 2 % 10_000:04}"
        digit = check_digit(first_eleven)
        if digit is not None:
            return f"{first_eleven}{digit}"
