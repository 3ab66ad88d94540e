"""What the answer codes leave open: a setting each, with a sensible default."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds the rules judge by. A date exactly on a bound is right."""

    concluded_years_ago: int = 70
    """Years: a contract or amendment signed earlier is «much earlier than the current date» (SCSE053).

    So is an order of reinstatement (SCSE221).
    """

    starts_years_ago: int = 70
    """Years: work does not begin earlier (SCSE139, which says 70)."""

    starts_years_ahead: int = 50
    """Years: work does not begin later (SCSE140, which says 50)."""

    ends_years_ahead: int = 50
    """Years: a contract does not end later (SCSE141, and SCSE142 in an amendment, which say 50)."""

    leave_ends_years_ago: int = 50
    """Years: a leave did not end earlier (SCSE128, which says 50)."""

    permit_years_ago: int = 70
    """Years: a foreigner's permit issued, begun or ended earlier is «much earlier» (SCSE186, 268, 269)."""

    works_again_years_ahead: int = 50
    """Years: the first working day after a leave is not later (SCSE131, which says 50)."""

    rules_in_force_on: date = date(2020, 9, 15)
    """When the rules took effect, from which contracts that were in force already are counted (353/7).

    The order took effect ten calendar days after the day of its first publication (its clause 4). It does not tell
    that day; it was registered on 4 September 2020, and could be published no earlier.
    """
