"""What a consent must be, and which one a disclosure may lean on (order 353, clauses 17 and 18)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from esutd_bus.register.case import Case
from esutd_bus.register.command import Command
from esutd_bus.register.identifiers import is_iin
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Row, State
from esutd_bus.register.worded import worded

_EMPLOYEE = "consent.employee_iin"
_EXTERNAL_ID = "consent.external_id"
_VALID_TO = "consent.valid_to"
REFERENCE = "consent_reference.consent_id"


def iin_is_right(case: Case) -> Iterator[Refusal]:
    """SCSE045: the employee's IIN has a possible date of birth and the right check digit. Source: code text."""
    iin = case.value(_EMPLOYEE)
    if iin is not None and not is_iin(iin):
        yield Refusal("SCSE045", _EMPLOYEE)


def employee_signs(case: Case) -> Iterator[Refusal]:
    """SCSE275: whoever consents has signed the document. Source: order 353, clause 18; code text."""
    iin = case.value(_EMPLOYEE)
    if iin is not None and is_iin(iin) and iin != case.command.speaker.number:
        yield Refusal("SCSE275", _EMPLOYEE)


def external_id_is_new(case: Case) -> Iterator[Refusal]:
    """SCSE086: the employee has given no consent with this id. Source: code text."""
    if case.value(_EXTERNAL_ID) is not None and case.state.own_consent is not None:
        yield Refusal("SCSE086", _EXTERNAL_ID)


def consent_is_not_over(case: Case) -> Iterator[Refusal]:
    """ESB004: the consent is valid today at least. Source: order 353, clause 17: consent comes first."""
    valid_to = case.value(_VALID_TO)
    if valid_to is not None and valid_to < case.today:
        yield worded("consent-over", _VALID_TO)


def consent_is_named(case: Case) -> Iterator[Refusal]:
    """ESB004: a withdrawal names its consent; where the schema has found nothing, a mapping may have lost it."""
    if not case.command.refusals and case.value(REFERENCE) is None:
        yield Refusal("ESB004", REFERENCE)


def consent_is_the_signers(case: Case) -> Iterator[Refusal]:
    """ESB005: the consent is the signer's own; whether another's exists is not told."""
    if case.value(REFERENCE) is not None and case.state.own_consent is None:
        yield worded("consent-not-own", REFERENCE)


def consent_is_not_withdrawn(case: Case) -> Iterator[Refusal]:
    """ESB005: what is withdrawn stays so, and is not withdrawn again."""
    consent = case.state.own_consent
    if case.value(REFERENCE) is not None and consent is not None and consent["withdrawn_at"] is not None:
        yield worded("consent-withdrawn-already", REFERENCE)


def missing_consent(command: Command, state: State, today: date) -> Refusal | None:
    """Why a disclosure to the command's employer has no consent to lean on, if so.

    Nothing of a message whose form is wrong: it discloses nothing.
    """
    asked = command.values.get("disclosure") or command.values.get("labour_request", {})
    iin, purpose = asked.get("employee_iin"), asked.get("purpose")
    if command.refusals or iin is None or purpose is None or not is_iin(iin):
        return None
    named = asked.get("consent_id")
    given = [row for row in state.consents if named in {None, row["id"]}]
    if not given:
        return worded("consent-missing")
    if any(_permits(row, purpose, today) for row in given):
        return None
    return _why_not(given[-1], purpose, today)


def consent_of(case: Case) -> Row:
    """The consent a disclosure leans on: the one it names, else the newest that permits it."""
    return permitting(case.state.consents, case.table("disclosure"), case.today)


def permitting(consents: Sequence[Row], asked: Mapping[str, Any], today: date) -> Row:
    """Of the consents of one person to one employer the one that a disclosure leans on. Raises LookupError."""
    named = asked.get("consent_id")
    for row in reversed(consents):
        if named in {None, row["id"]} and _permits(row, asked["purpose"], today):
            return row
    raise LookupError("a disclosure without a consent")


def why_not(consent: Row | None, today: date) -> str | None:
    """Why a consent (a row of `consent` with `withdrawn_at`) does not hold: an entry of `data/words.yaml`.

    `None` where it does: until it is withdrawn, and to the end of its last day.
    """
    if consent is None:
        return "consent-missing"
    if consent["withdrawn_at"] is not None:
        return "consent-withdrawn"
    return "consent-expired" if consent["valid_to"] < today else None


def _permits(consent: Row, purpose: str, today: date) -> bool:
    return _why_not(consent, purpose, today) is None


def _why_not(consent: Row, purpose: str, today: date) -> Refusal | None:
    entry = why_not(consent, today)
    if entry is not None:
        return worded(entry, day=consent["valid_to"].isoformat())
    return None if consent["purpose"] == purpose else worded("consent-purpose")
