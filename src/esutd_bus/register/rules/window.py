"""The window in which an employer mends its own entries (order 353, clause 9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from esutd_bus.register import calendar
from esutd_bus.register.amendment import amendment_field, referred_amendment
from esutd_bus.register.case import Case
from esutd_bus.register.deadlines import deadline
from esutd_bus.register.event import Deadline
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Row


def contract_may_still_be_mended(case: Case) -> Iterator[Refusal]:
    """SCSE090: not later than 30 working days after the contract was first entered.

    Source: order 353, clause 9.
    """
    if case.contract is not None:
        window = contract_window(case, case.contract)
        if window.days_late:
            yield Refusal("SCSE090", case.reference_field)


def amendment_may_still_be_mended(case: Case) -> Iterator[Refusal]:
    """SCSE090: nor an amendment later than 30 working days after its own first entry.

    Source: order 353, clause 9; the code's text speaks of amendments too.
    """
    amendment = referred_amendment(case)
    if amendment is not None and amendment_window(case, amendment).days_late:
        yield Refusal("SCSE090", amendment_field(case))


def contract_window(case: Case, contract: Row) -> Deadline:
    """Until when a contract may be corrected or deleted."""
    return _window(case, contract["registered_at"])


def amendment_window(case: Case, amendment: Row) -> Deadline:
    """Until when an amendment may be corrected or deleted."""
    return _window(case, amendment["recorded_at"])


def _window(case: Case, first_entered: datetime) -> Deadline:
    return deadline("353/9", calendar.today(first_entered), case.today, case.rules.calendar)
