"""By when an entry is due (order 353), and what a late one is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from esutd_bus.register.calendar import Calendar
from esutd_bus.register.event import Deadline
from esutd_bus.register.years import shifted


@dataclass(frozen=True, slots=True)
class Term:
    """How long a clause gives; counted from the day after the event."""

    days: int
    working: bool
    """True: working days. False: calendar days."""

    warning: str
    """The register's code for an entry that comes later. It is accepted all the same, but for a `window`."""

    window: bool = False
    """What comes later is refused."""


TERMS: Mapping[str, Term] = MappingProxyType(
    {
        "353/7": Term(days=5, working=True, warning="SCSE088"),
        "353/8": Term(days=15, working=False, warning="SCSE089"),
        "353/9": Term(days=30, working=True, warning="SCSE090", window=True),
        "353/10": Term(days=10, working=True, warning="SCSE093"),
        "353/12": Term(days=3, working=True, warning="SCSE091"),
        # The register has no code of its own for a late extension.
        "353/13-1": Term(days=15, working=True, warning="ESB011"),
    }
)
"""Clause → term: a contract, an amendment (both from their signing), a correction or deletion (from the first
entry), a reinstatement, a termination, an extension (each from its date).

The text of SCSE090 says calendar days; the order, working ones.
"""


ANSWER_WORKING_DAYS = 5
"""Within how many a request for labour activity is answered (353/19): a term for the register itself."""


def answer_due_on(received_on: date, calendar: Calendar) -> date:
    """By when a request that came on a day is answered; that day itself does not count."""
    return calendar.add_working_days(received_on, ANSWER_WORKING_DAYS)


def deadline(clause: str, event_on: date, today: date, calendar: Calendar) -> Deadline:
    """The deadline of an event under a clause, for an entry made today."""
    term = TERMS[clause]
    due_on = _due_on(term, event_on, calendar)
    days_late = _days_late(term, due_on, today, calendar)
    return Deadline(clause, due_on, days_late, term.warning if days_late else None)


LARGE_HEADCOUNT = 2000
"""People: an employer with more of them had two years for the contracts it had already, any other one year."""


def registration_deadline(
    concluded_on: date,
    ends_on: date | None,
    headcount: int | None,
    today: date,
    calendar: Calendar,
    in_force_on: date,
) -> Deadline | None:
    """By when a contract is due, and how late it comes today (353/7).

    One signed before the rules took effect (`in_force_on`) is not new: if it was in force on that day it is due within
    a year or two, however it is sent; if its term had ended by then, the order asks for it by no day. `headcount`: how
    many people the employer has, where that is told.
    """
    if concluded_on >= in_force_on:
        return deadline("353/7", concluded_on, today, calendar)
    if ends_on is not None and ends_on < in_force_on:
        return None
    years = 2 if headcount is not None and headcount > LARGE_HEADCOUNT else 1
    due_on = shifted(in_force_on, years)
    days_late = max(0, (today - due_on).days)
    return Deadline("353/7", due_on, days_late, TERMS["353/7"].warning if days_late else None)


def _due_on(term: Term, event_on: date, calendar: Calendar) -> date:
    if term.working:
        return calendar.add_working_days(event_on, term.days)
    return event_on + timedelta(days=term.days)


def _days_late(term: Term, due_on: date, today: date, calendar: Calendar) -> int:
    if today <= due_on:
        return 0
    if term.working:
        # An entry made on the weekend after the due day is late, though no working day has passed.
        return max(1, calendar.working_days_between(due_on, today))
    return (today - due_on).days
