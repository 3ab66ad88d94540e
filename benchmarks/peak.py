"""How many messages the country sends: arithmetic on stated assumptions.

Known: 5.17 million employees in all (letter ДС-193 of 25.05.2023: 4 281 929 recorded are 82.9 %); a contract is entered
within 5 working days of its signing (order 353, clause 7). All else is assumed, and stands here to be exchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EMPLOYEES: Final = 5_170_000
RECORDED: Final = 4_281_929

WORKING_DAYS: Final = 247
"""Of a year, about."""

MESSAGES_A_YEAR: Final = 3
"""For an employee: a registration and a termination where three of ten change their job a year, and what is amended,
extended, corrected, gone on leave, looked up. Generous."""

OFFICE_HOURS: Final = 8


@dataclass(frozen=True)
class Peak:
    """Messages that come within some hours, evenly."""

    name: str
    messages: int
    hours: float

    @property
    def rate(self) -> float:
        """A second."""
        return self.messages / self.hours / 3600


PEAKS: Final = (
    Peak("an ordinary day", EMPLOYEES * MESSAGES_A_YEAR // WORKING_DAYS, OFFICE_HOURS),
    Peak("its busiest hour: a third of the day's", EMPLOYEES * MESSAGES_A_YEAR // WORKING_DAYS // 3, 1),
    Peak("those not recorded yet, on one day", EMPLOYEES - RECORDED, OFFICE_HOURS),
    Peak("all contracts anew, spread over the 5 working days", EMPLOYEES, 5 * OFFICE_HOURS),
    Peak("all on the last of the 5 days", EMPLOYEES, OFFICE_HOURS),
    Peak("all on the last day, half of them in its last hour", EMPLOYEES // 2, 1),
    Peak("all within one hour", EMPLOYEES, 1),
)
