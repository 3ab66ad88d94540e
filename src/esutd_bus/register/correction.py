"""What a correction makes of a contract."""

from __future__ import annotations

from typing import Any

from esutd_bus.register.case import Case
from esutd_bus.register.contract import ENTERED_GROUPS, TERMINATION, replaced
from esutd_bus.register.entering import timeline
from esutd_bus.register.timeline import CORRECTED, Entry, Timeline


def corrections(case: Case) -> dict[str, Any]:
    """Column → right value, of every leaf or group that the message gives."""
    return replaced(case.table("contract"), (*ENTERED_GROUPS, TERMINATION))


def corrected(case: Case) -> Timeline:
    """The contract's timeline with the correction."""
    return timeline(case).plus(Entry(CORRECTED, case.found["starts_on"], case.now, corrections(case)))
