"""The consent of an employee, without which nothing about a person is told (order 353, clause 17)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from esutd_bus.register.case import Case
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Row
from esutd_bus.register.worded import worded

MISSING, ENDED, WITHDRAWN = "consent-missing", "consent-ended", "consent-withdrawn"
"""Why there is no consent in force: entries of `data/words.yaml`."""

FIELDS = ("disclosure.consent_id", "labour_request.consent_id")
"""Where a message names a consent."""


def why_not(consent: Row | None, today: date) -> str | None:
    """Why a consent (a row of `consent` with `withdrawn_at`) does not hold; `None` where it does.

    One that was withdrawn holds no more from that moment on, one with an end holds on its last day.
    """
    if consent is None:
        return MISSING
    if consent["withdrawn_at"] is not None:
        return WITHDRAWN
    return ENDED if consent["valid_to"] < today else None


def in_force(rows: Sequence[Row], today: date) -> list[Row]:
    """The consents that hold, the newest first as they were given."""
    return [row for row in rows if why_not(row, today) is None]


def consent_holds(case: Case) -> Iterator[Refusal]:
    """ESB005: the person has consented that this employer learns, and that holds. Source: order 353, clause 17.

    A consent to another employer, or of another person, is answered like one that was never given. Where the message
    does not say whom it is about, nothing follows of the consent.
    """
    field = next((name for name in FIELDS if case.value(name) is not None), None)
    if field is None or case.value(f"{field.partition('.')[0]}.employee_iin") is None:
        return
    named: UUID = case.value(field)
    reason = why_not(next((row for row in case.state.consents if row["id"] == named), None), case.today)
    if reason is not None:
        yield worded(reason, field)
