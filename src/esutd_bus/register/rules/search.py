"""What a search among many rows must say."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.command import Command
from esutd_bus.register.identifiers import is_iin
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.search import Found, Page

LARGEST_PAGE = 100
"""Rows (SCSE219)."""

_NUMBER = "search.page_number"
_SIZE = "search.page_size"
_IIN = "search.employee_iin"


def page_is_complete(case: Case) -> Iterator[Refusal]:
    """ESB004: a search names the number and the size of the page it wants."""
    if not case.command.refusals:
        yield from (Refusal("ESB004", field) for field in (_NUMBER, _SIZE) if case.value(field) is None)


def pages_are_counted_from_one(case: Case) -> Iterator[Refusal]:
    """SCSE218: the number of a page is one at least. Source: code text."""
    number = case.value(_NUMBER)
    if number is not None and number < 1:
        yield Refusal("SCSE218", _NUMBER)


def page_has_a_right_size(case: Case) -> Iterator[Refusal]:
    """SCSE219: a page has 1 to 100 rows. Source: code text."""
    size = case.value(_SIZE)
    if size is not None and not 1 <= size <= LARGEST_PAGE:
        yield Refusal("SCSE219", _SIZE)


def iin_is_right(case: Case) -> Iterator[Refusal]:
    """SCSE045: the IIN has a possible date of birth and the right check digit. Source: code text."""
    iin = case.value(_IIN)
    if iin is not None and not is_iin(iin):
        yield Refusal("SCSE045", _IIN)


def page(command: Command) -> Page | None:
    """The page that a message asks for; `None` where it is none."""
    given = command.values.get("search", {})
    number, size = given.get("page_number"), given.get("page_size")
    if number is None or size is None or number < 1 or not 1 <= size <= LARGEST_PAGE:
        return None
    return Page(number, size)


def found(case: Case) -> Found:
    """What was found, where the rules have seen that something was looked for."""
    if case.state.found is None:
        raise LookupError(f"{case.command.operation}: accepted, but nothing was looked for")
    return case.state.found
