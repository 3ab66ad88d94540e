"""Invented people, employers and posts, each by its number."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from esutd_bus.register.identifiers import check_digit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_WORDS: Final[Mapping[str, Sequence[str]]] = yaml.safe_load(
    Path(__file__).with_name("people.yaml").read_text(encoding="utf-8")
)

_FIRST_BIRTHDAY: Final = date(1800, 1, 1)
_BIRTHDAYS: Final = (date(1900, 1, 1) - _FIRST_BIRTHDAY).days
_NONE: Final = 10
_PEOPLE: Final = _BIRTHDAYS * 20_000
_STEP: Final = 433_494_437
"""A prime: by its multiples people come in no order."""

_DICTIONARIES: Final = files("esutd_bus.register.data") / "dictionaries"
_POSITION: Final = re.compile(r"\d{4}-\d-\d{3}")
_PLAIN: Final = re.compile(r"[\w ,()-]{3,60}")


@dataclass(frozen=True, slots=True)
class Post:
    """What somebody is employed as."""

    code: str
    name: str


def iin(person: int) -> str:
    """Nobody's IIN: one born in the 1800s."""
    while True:
        chance, day = divmod(person * _STEP % _PEOPLE, _BIRTHDAYS)
        digits, first, second = _birthdays()[day]
        rest = f"{1 + chance % 2}{chance // 2:04}"
        a, b, c, d, e = map(int, rest)
        # `check_digit`'s sums, the part of a birthday's six digits known already.
        digit = (first + 7 * a + 8 * b + 9 * c + 10 * d + 11 * e) % 11
        if digit == _NONE:
            digit = (second + 9 * a + 10 * b + 11 * c + d + 2 * e) % 11
        if digit != _NONE:
            return f"{digits}{rest}{digit}"
        person += _PEOPLE // 2  # rarely: a number that is never given out, nor is this one to somebody else


@cache
def _birthdays() -> Sequence[tuple[str, int, int]]:
    """As an IIN begins, and what that adds to the sums of its check digit."""
    told = []
    for day in range(_BIRTHDAYS):
        digits = f"{_FIRST_BIRTHDAY + timedelta(days=day):%y%m%d}"
        first, second = (
            sum((place + shift) * int(digit) for place, digit in enumerate(digits)) for shift in (1, 3)
        )
        told.append((digits, first, second))
    return told


@lru_cache(maxsize=1)
def bin_of(employer: int) -> str:
    """Nobody's BIN: one to be given out in the 2070s."""
    while True:
        month, serial = divmod(employer, 100_000)
        number = _with_check_digit(f"{70 + month // 12 % 10}{month % 12 + 1:02}40{serial:05}")
        if number is not None:
            return number
        employer += 12 * 10 * 50_000 + 7


def full_name(person: int) -> tuple[str, str, str]:
    """Surname, name, patronymic."""
    person, surname = divmod(person, len(_WORDS["surnames"]))
    person, name = divmod(person, len(_WORDS["names"]))
    patronymics = _WORDS["patronymics"]
    return _WORDS["surnames"][surname], _WORDS["names"][name], patronymics[person % len(patronymics)]


def address(place: int) -> str:
    """A street, a house, a flat."""
    house, street = divmod(place, len(_WORDS["streets"]))
    return f"{_WORDS['streets'][street]}, д. {1 + house % 199}, оф. {1 + house // 199 % 97}"


@cache
def posts() -> Sequence[Post]:
    """Those of the dictionary of positions whose name is plain."""
    return [
        Post(row["code"], row["name_ru"].capitalize())
        for row in _rows("position")
        if row["is_actual"] == "1" and _POSITION.fullmatch(row["code"]) and _PLAIN.fullmatch(row["name_ru"])
    ]


@cache
def districts() -> Sequence[str]:
    """KATO codes of the country's districts."""
    return [row["code"] for row in _rows("kato") if row["level"] == "district"]


def _rows(dictionary: str) -> Iterator[dict[str, str]]:
    with (_DICTIONARIES / f"{dictionary}.csv").open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _with_check_digit(first_eleven: str) -> str | None:
    digit = check_digit(first_eleven)
    return None if digit is None else f"{first_eleven}{digit}"
