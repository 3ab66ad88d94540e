"""IIN and BIN: the 12-digit numbers of persons and of organisations.

Both end in a check digit: the sum of the first eleven digits weighted 1…11, modulo 11; if that is 10, once
more with the weights 3…11, 1, 2; if it is 10 again, such a number is never given out.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from functools import lru_cache
from operator import mul

_TWELVE_DIGITS = re.compile(r"[0-9]{12}")
_FIRST_WEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND_WEIGHTS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
_MODULUS = 11
_NO_DIGIT = 10

_CENTURY = {"1": 1800, "2": 1800, "3": 1900, "4": 1900, "5": 2000, "6": 2000}
"""An IIN's 7th digit → the century of birth (odd: male, even: female)."""

_BIN_KINDS = frozenset("456")
"""A BIN's 5th digit: resident legal entity, non-resident legal entity, joint sole traders."""

_BIN_UNITS = frozenset("01234")
"""A BIN's 6th digit: head office, branch, representation, and 3 or 4 for a peasant farm (sources differ)."""

_MONTHS = frozenset(f"{month:02}" for month in range(1, 13))


class EmployerKind(StrEnum):
    """Who an employer is, told by the form of its number."""

    LEGAL_ENTITY = "bin"
    """A legal entity (or joint sole traders), known by its BIN."""

    INDIVIDUAL = "iin"
    """An individual, known by an IIN."""


def check_digit(first_eleven: str) -> int | None:
    """The 12th digit that belongs to the first eleven; `None` if no number begins with them."""
    octets = first_eleven.encode("ascii")
    for weights in (_FIRST_WEIGHTS, _SECOND_WEIGHTS):
        # Of characters and not of digits: the weights' sum times the code of "0" is a multiple of 11.
        remainder: int = sum(map(mul, octets, weights)) % _MODULUS
        if remainder != _NO_DIGIT:
            return remainder
    return None


@lru_cache(maxsize=2048)
def is_iin(text: str) -> bool:
    """Whether the text is an IIN: twelve digits, a date of birth that exists, the right check digit."""
    return bool(_TWELVE_DIGITS.fullmatch(text)) and born_on(text) is not None and _ends_right(text)


@lru_cache(maxsize=2048)
def is_bin(text: str) -> bool:
    """Whether the text is a BIN: twelve digits, a month, kind and unit that exist, the right check digit."""
    return (
        bool(_TWELVE_DIGITS.fullmatch(text))
        and text[2:4] in _MONTHS
        and text[4] in _BIN_KINDS
        and text[5] in _BIN_UNITS
        and _ends_right(text)
    )


def employer_kind(text: str) -> EmployerKind | None:
    """Which number of an employer the text is; `None` if it is neither. No number is both."""
    if is_bin(text):
        return EmployerKind.LEGAL_ENTITY
    if is_iin(text):
        return EmployerKind.INDIVIDUAL
    return None


def born_on(iin: str) -> date | None:
    """The date of birth that an IIN tells; `None` where it tells none. Takes twelve digits."""
    century = _CENTURY.get(iin[6])
    if century is None:
        return None
    try:
        return date(century + int(iin[:2]), int(iin[2:4]), int(iin[4:6]))
    except ValueError:
        return None


def _ends_right(number: str) -> bool:
    return check_digit(number[:11]) == int(number[11])
