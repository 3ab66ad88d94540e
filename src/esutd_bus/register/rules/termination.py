"""What a termination must be (order 353, clause 12)."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.refusal import Refusal

_TERMINATED = "contract.terminated_on"
_REASON = "contract.termination_reason_code"
_NEW_TECHNOLOGY = "contract.termination_by_new_technology"


def termination_has_happened(case: Case) -> Iterator[Refusal]:
    """SCSE066: the contract ended today at the latest. Source: code text."""
    terminated_on = case.value(_TERMINATED)
    if terminated_on is not None and terminated_on > case.today:
        yield Refusal("SCSE066", _TERMINATED)


def termination_is_not_before_start(case: Case) -> Iterator[Refusal]:
    """SCSE067: the contract did not end before its start; nor, after a reinstatement, before that.

    Source: code text. Decision: a reinstated contract starts again with the reinstatement.
    """
    terminated_on, starts_on = case.value(_TERMINATED), case.starts_on
    reinstated_on = case.contract["reinstated_on"] if case.contract is not None else None
    starts = [day for day in (starts_on, reinstated_on) if day is not None]
    if terminated_on is not None and any(terminated_on < day for day in starts):
        yield Refusal("SCSE067", _TERMINATED)


def new_technology_reduces_staff(case: Case) -> Iterator[Refusal]:
    """SCSE056: new technology is told only of a reduction of staff. Source: code text; grounds: `fields.yaml`."""
    reason = case.value(_REASON)
    if case.value(_NEW_TECHNOLOGY) and reason is not None and reason not in case.rules.fields.new_technology:
        yield Refusal("SCSE056", _NEW_TECHNOLOGY)
