"""A foreigner's contract: the permit to work, and who may employ on it."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.contract import FOREIGN_WORKER
from esutd_bus.register.identifiers import employer_kind
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules import completeness
from esutd_bus.register.rules.part import of_part
from esutd_bus.register.years import shifted

_CITIZENSHIP = "contract.citizenship_code"
_BASIS = "contract.foreign_basis"
_ISSUED = "contract.permit_issued_on"
_STARTS = "contract.permit_starts_on"
_ENDS = "contract.permit_ends_on"
_TERM = "contract.term_code"


def worker_is_no_citizen(case: Case) -> Iterator[Refusal]:
    """SCSE192: a citizen of Kazakhstan works without a permit. Source: code text."""
    if case.value(_CITIZENSHIP) == case.rules.fields.kato_country:
        yield Refusal("SCSE192", _CITIZENSHIP)


def employer_may_have_such_a_worker(case: Case) -> Iterator[Refusal]:
    """SCSE256, SCSE257: labour immigrants work for individuals, foreign labour force for others.

    Source: code texts; which: `fields.yaml`.
    """
    refused = refused_employer(case, case.value(_BASIS), case.command.employer)
    if refused is not None:
        yield Refusal(refused, _BASIS)


def permit_is_not_too_old(case: Case) -> Iterator[Refusal]:
    """SCSE186, 268, 269: the permit was not issued, did not begin or end much earlier than today.

    Source: code texts, `Limits`.
    """
    earliest = shifted(case.today, -case.rules.limits.permit_years_ago)
    for field, code in ((_ISSUED, "SCSE186"), (_STARTS, "SCSE268"), (_ENDS, "SCSE269")):
        day = case.value(field)
        if day is not None and day < earliest:
            yield Refusal(code, field)


def permit_is_issued(case: Case) -> Iterator[Refusal]:
    """SCSE187: the permit was issued today at the latest. Source: code text."""
    issued_on = case.value(_ISSUED)
    if issued_on is not None and issued_on > case.today:
        yield Refusal("SCSE187", _ISSUED)


def permit_has_begun(case: Case) -> Iterator[Refusal]:
    """SCSE270: the permit holds from today at the latest. Source: code text."""
    starts_on = case.value(_STARTS)
    if starts_on is not None and starts_on > case.today:
        yield Refusal("SCSE270", _STARTS)


def permit_begins_before_it_ends(case: Case) -> Iterator[Refusal]:
    """SCSE061: the permit does not begin after its end. Source: code text."""
    starts_on, ends_on = case.value(_STARTS), case.value(_ENDS)
    if starts_on is not None and ends_on is not None and starts_on > ends_on:
        yield Refusal("SCSE061", _ENDS)


def permit_is_not_too_long(case: Case) -> Iterator[Refusal]:
    """SCSE271: some permits last 60 days at most. Source: code text; which: `fields.yaml`."""
    starts_on, ends_on = case.value(_STARTS), case.value(_ENDS)
    days = case.rules.fields.foreigner(case.value(_BASIS)).days
    if (
        days is not None
        and starts_on is not None
        and ends_on is not None
        and (ends_on - starts_on).days > days
    ):
        yield Refusal("SCSE271", _ENDS)


def contract_starts_before_permit_ends(case: Case) -> Iterator[Refusal]:
    """SCSE272: work does not begin after the permit's end. Source: code text."""
    starts_on, ends_on = case.starts_on, case.value(_ENDS)
    if starts_on is not None and ends_on is not None and starts_on > ends_on:
        yield Refusal("SCSE272", _ENDS)


def term_of_a_permit_is_a_foreigners(case: Case) -> Iterator[Refusal]:
    """SCSE253: «within the term of a permit» is agreed with a foreigner only: with a permit to tell.

    Source: code text; which term: `fields.yaml`.
    """
    if not case.rules.fields.term(case.value(_TERM)).foreigners_only:
        return
    told = any(not case.lacks(f"contract.{column}") for column in FOREIGN_WORKER)
    if not told and (case.contract is None or case.contract["permit_number"] is None):
        yield Refusal("SCSE253", _TERM)


def refused_employer(case: Case, basis: str | None, employer: str | None) -> str | None:
    """The answer code by which an employer is refused workers of a basis, if it is."""
    rule = case.rules.fields.foreigner(basis)
    kind = employer_kind(employer) if employer else None
    return rule.otherwise if rule.employer is not None and kind not in {None, rule.employer} else None


permit_is_right = of_part(
    FOREIGN_WORKER,
    completeness.foreign_worker_is_complete,
    worker_is_no_citizen,
    employer_may_have_such_a_worker,
    permit_is_not_too_old,
    permit_is_issued,
    permit_has_begun,
    permit_begins_before_it_ends,
    permit_is_not_too_long,
    contract_starts_before_permit_ends,
)
"""All that a message's own foreign worker must be, whichever message it is."""
