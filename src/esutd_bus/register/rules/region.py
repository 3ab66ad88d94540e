"""Whose violations the authority asks for: an employer's, or those of a region."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.dictionaries import KATO
from esutd_bus.register.refusal import Refusal

_REGION = "search.region"


def scope_is_named(case: Case) -> Iterator[Refusal]:
    """ESB004: the message names an employer or a region."""
    named = (case.value("owner.employer"), case.value(_REGION))
    if not case.command.refusals and named == (None, None):
        yield Refusal("ESB004", "scope")


def region_is_one(case: Case) -> Iterator[Refusal]:
    """SCSE073: the code is that of a region, or of a city of republican rank. Source: code text."""
    code = case.value(_REGION)
    if code is not None and case.rules.dictionaries.level(KATO, code) != "oblast":
        yield Refusal("SCSE073", _REGION)
