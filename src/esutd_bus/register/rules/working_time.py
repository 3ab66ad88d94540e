"""The mode of working time and the tariff rate (order 353, clause 6)."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.fields import Presence
from esutd_bus.register.refusal import Refusal

_REGIME = "contract.working_hours_code"
_RATE = "contract.tariff_rate"


def rate_has_regime(case: Case) -> Iterator[Refusal]:
    """SCSE074: a tariff rate is given together with the mode of working time. Source: code text."""
    if case.value(_RATE) is not None and case.lacks(_REGIME):
        yield Refusal("SCSE074", _REGIME)


def regime_allows_rate(case: Case) -> Iterator[Refusal]:
    """SCSE076: some regimes have no tariff rate. Source: code text; which: `fields.yaml`."""
    if case.value(_RATE) is not None and _rate(case) is Presence.FORBIDDEN:
        yield Refusal("SCSE076", _RATE)


def regime_has_its_rate(case: Case) -> Iterator[Refusal]:
    """SCSE077: some regimes need a tariff rate. Source: code text; which: `fields.yaml`."""
    if case.lacks(_RATE) and _rate(case) is Presence.REQUIRED:
        yield Refusal("SCSE077", _RATE)


def rate_is_part_of_one(case: Case) -> Iterator[Refusal]:
    """SCSE078: a tariff rate is above zero, and one at most. Source: code text."""
    rate = case.value(_RATE)
    if rate is not None and not 0 < rate <= 1 and _rate(case) is not Presence.FORBIDDEN:
        yield Refusal("SCSE078", _RATE)


def _rate(case: Case) -> Presence:
    """What the regime given makes of the tariff rate."""
    return case.rules.fields.regime(case.value(_REGIME))
