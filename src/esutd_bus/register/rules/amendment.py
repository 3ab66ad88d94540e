"""What an additional agreement must be, beyond the terms it changes (order 353, clause 8)."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.amendment import referred_amendment, standing_amendments
from esutd_bus.register.case import Case
from esutd_bus.register.contract import TERMS
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules.term import admissible_end
from esutd_bus.register.years import shifted

_CONCLUDED = "amendment.concluded_on"
_STARTS = "amendment.starts_on"


def amendment_id_is_new(case: Case) -> Iterator[Refusal]:
    """SCSE086: the sender's id of the amendment is used once, even if deleted since. Source: code text."""
    holder, own = case.state.amendment_by_external_id, referred_amendment(case)
    if case.value("amendment.external_id") is None or holder is None:
        return
    if own is None or holder["id"] != own["id"]:
        yield Refusal("SCSE086", "amendment.external_id")


def amendment_is_another(case: Case) -> Iterator[Refusal]:
    """SCSE070: the contract has no other amendment of this number and date; a deleted one gives them back.

    Source: code text.
    """
    number, concluded_on = case.value("amendment.number"), case.value(_CONCLUDED)
    if number is None or concluded_on is None:
        return
    own = referred_amendment(case)
    for other in standing_amendments(case):
        if other is not own and other["number"] == number and other["concluded_on"] == concluded_on:
            yield Refusal("SCSE070", "amendment.number")


def amendment_is_not_too_old(case: Case) -> Iterator[Refusal]:
    """SCSE053: the amendment was not signed much earlier than today. Source: code text, `Limits`."""
    concluded_on = case.value(_CONCLUDED)
    earliest = shifted(case.today, -case.rules.limits.concluded_years_ago)
    if concluded_on is not None and concluded_on < earliest:
        yield Refusal("SCSE053", _CONCLUDED)


def amendment_is_concluded(case: Case) -> Iterator[Refusal]:
    """SCSE062: the amendment was signed today at the latest. Source: code text."""
    concluded_on = case.value(_CONCLUDED)
    if concluded_on is not None and concluded_on > case.today:
        yield Refusal("SCSE062", _CONCLUDED)


def amendment_is_not_before_contract(case: Case) -> Iterator[Refusal]:
    """SCSE063: the amendment was not signed before the contract's start. Source: code text."""
    concluded_on, starts_on = case.value(_CONCLUDED), case.starts_on
    if concluded_on is not None and starts_on is not None and concluded_on < starts_on:
        yield Refusal("SCSE063", _CONCLUDED)


def amendment_is_signed_before_it_starts(case: Case) -> Iterator[Refusal]:
    """SCSE064: the amendment was signed on the day it starts at the latest. Source: code text."""
    concluded_on, starts_on = case.value(_CONCLUDED), case.value(_STARTS)
    if concluded_on is not None and starts_on is not None and concluded_on > starts_on:
        yield Refusal("SCSE064", _CONCLUDED)


def amendment_starts_before_new_end(case: Case) -> Iterator[Refusal]:
    """SCSE065: the amendment does not start after the end of the contract that it sets. Source: code text."""
    starts_on, ends_on = case.value(_STARTS), admissible_end(case)
    if starts_on is not None and ends_on is not None and starts_on > ends_on:
        yield Refusal("SCSE065", _STARTS)


def amendment_changes_something(case: Case) -> Iterator[Refusal]:
    """SCSE080: an amendment carries at least one term of the contract. Source: code text."""
    if all(case.lacks(f"contract.{column}") for column in TERMS):
        yield Refusal("SCSE080", "amendment.changes")
