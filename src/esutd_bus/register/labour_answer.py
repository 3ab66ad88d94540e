"""How a request for labour activity ends, and what is told where nothing is disclosed (order 353, clauses 19, 20)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from esutd_bus.register.notice import words
from esutd_bus.register.rules import consent
from esutd_bus.register.state import Row

IN_PROGRESS, ANSWERED, ABSENT, REFUSED = "in-progress", "answered", "absent", "refused"


def why_refused(request: Row, given: Row | None, today: date) -> str | None:
    """Why a request may not be answered any more: an entry of `data/words.yaml`; `None` where it may.

    `given`: the consent it names (a row of `consent` with `withdrawn_at`). One made on paper names none: the authority
    that entered it has seen the consent.
    """
    return None if request["consent_id"] is None else consent.why_not(given, today)


def notice(status: str, reason: str | None) -> Mapping[str, str]:
    """`ru`, `kk`, `en`: that the register knows nothing of the person, or why it does not tell."""
    told: Mapping[str, str] = words()["labour"][reason or status]
    return told
