"""What a termination must be (order 353, clause 12)."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.refusal import Refusal

_TERMINATED = "contract.terminated_on"


def termination_has_happened(case: Case) -> Iterator[Refusal]:
    """SCSE066: the contract ended today at the latest. Source: code text."""
    terminated_on = case.value(_TERMINATED)
    if terminated_on is not None and terminated_on > case.today:
        yield Refusal("SCSE066", _TERMINATED)


def termination_is_not_before_start(case: Case) -> Iterator[Refusal]:
    """SCSE067: the contract did not end before its start. Source: code text."""
    terminated_on, starts_on = case.value(_TERMINATED), case.starts_on
    if terminated_on is not None and starts_on is not None and terminated_on < starts_on:
        yield Refusal("SCSE067", _TERMINATED)
