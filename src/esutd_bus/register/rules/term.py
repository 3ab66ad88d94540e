"""The contract's term and its end (order 353, clause 3: the term of the employment contract)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from esutd_bus.register.case import Case
from esutd_bus.register.fields import Presence, TermRule
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.years import lasts, shifted

_CODE = "contract.term_code"
_END = "contract.ends_on"


def term_has_its_end(case: Case) -> Iterator[Refusal]:
    """SCSE054: some terms need an end date. Source: code text; which: `fields.yaml`."""
    if case.lacks(_END) and _term(case).ends_on is Presence.REQUIRED:
        yield Refusal("SCSE054", _END)


def term_allows_end(case: Case) -> Iterator[Refusal]:
    """SCSE057: some terms have no end date. Source: code text; which: `fields.yaml`."""
    if case.value(_END) is not None and _term(case).ends_on is Presence.FORBIDDEN:
        yield Refusal("SCSE057", _END)


def start_is_not_after_end(case: Case) -> Iterator[Refusal]:
    """SCSE061: the contract does not start after its end. Source: code text."""
    start, end = case.starts_on, admissible_end(case)
    if start is not None and end is not None and start > end:
        yield Refusal("SCSE061", _END)


def period_suits_term(case: Case) -> Iterator[Refusal]:
    """SCSE068: the period from start to end suits the term. Source: code text; how long: `fields.yaml`."""
    start, end = case.starts_on, admissible_end(case)
    if start is not None and end is not None and start <= end and not lasts(start, end, _term(case).years):
        yield Refusal("SCSE068", _END)


def end_is_in_sight(case: Case) -> Iterator[Refusal]:
    """SCSE141: a contract does not end later than in 50 years, extended or not. Source: code text."""
    yield from _end_in_sight(case, "SCSE141")


def amended_end_is_in_sight(case: Case) -> Iterator[Refusal]:
    """SCSE142: nor does it by an amendment. Source: code text."""
    yield from _end_in_sight(case, "SCSE142")


def term_is_not_for_amendments_only(case: Case) -> Iterator[Refusal]:
    """SCSE151: «until childcare leave ends» can be agreed in an amendment only. Source: code text.

    Nor is such a term repeated by an extension.
    """
    if _term(case).amendment_only:
        yield Refusal("SCSE151", _CODE)


def admissible_end(case: Case) -> date | None:
    """The end date the message gives, unless the term has none (SCSE057): then its value does not matter."""
    return None if _term(case).ends_on is Presence.FORBIDDEN else case.value(_END)


def _end_in_sight(case: Case, code: str) -> Iterator[Refusal]:
    end = admissible_end(case)
    if end is not None and end > shifted(case.today, case.rules.limits.ends_years_ahead):
        yield Refusal(code, _END)


def _term(case: Case) -> TermRule:
    """The rule of the term given."""
    return case.rules.fields.term(case.value(_CODE))
