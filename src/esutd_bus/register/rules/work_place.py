"""The place of work (order 353, clause 3: place of performance of work)."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.refusal import Refusal


def territory_is_given_at_home(case: Case) -> Iterator[Refusal]:
    """SCSE105: a place of work in Kazakhstan has its КАТО code. Source: code text."""
    at_home = case.value("contract.country_code") == case.rules.fields.kato_country
    if at_home and case.lacks("contract.kato_code"):
        yield Refusal("SCSE105", "contract.kato_code")


def territory_is_not_given_abroad(case: Case) -> Iterator[Refusal]:
    """SCSE108: a КАТО code is for Kazakhstan only. Source: code text."""
    if case.value("contract.kato_code") is not None and is_abroad(case):
        yield Refusal("SCSE108", "contract.kato_code")


def is_abroad(case: Case) -> bool:
    """Whether the place of work is in a country known not to be Kazakhstan."""
    country = case.value("contract.country_code")
    return (
        country is not None
        and country != case.rules.fields.kato_country
        and case.rules.dictionaries.exists("country", country)
    )
