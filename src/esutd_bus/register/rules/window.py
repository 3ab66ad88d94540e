"""The window in which an employer mends its own entries (order 353, clause 9)."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register import calendar
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


def contract_window(case: Case, contract: Row) -> Deadline:
    """Until when a contract may be corrected or deleted."""
    entered_on = calendar.today(contract["registered_at"])
    return deadline("353/9", entered_on, case.today, case.rules.calendar)
