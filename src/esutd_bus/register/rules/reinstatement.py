"""What a reinstatement must be (order 353, clause 10)."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.years import shifted

_TERMINATED = "contract.terminated_on"
_REINSTATED = "contract.reinstated_on"
_ORDERED = "contract.reinstatement_order_date"
_ORGANIZATION = "contract.reinstatement_organization_code"
_COURT = "contract.reinstatement_court_code"
_NOTE = "contract.reinstatement_note"


def contract_is_terminated(case: Case) -> Iterator[Refusal]:
    """SCSE095: only who was dismissed is reinstated. Source: code text."""
    if case.contract is not None and not case.terminated:
        yield Refusal("SCSE095", case.reference_field)


def termination_is_the_registers(case: Case) -> Iterator[Refusal]:
    """SCSE096: the message names the very termination that is undone, by its date. Source: code text."""
    terminated_on = case.value(_TERMINATED)
    if case.contract is None or not case.terminated or terminated_on is None:
        return
    if terminated_on != case.contract["terminated_on"]:
        yield Refusal("SCSE096", _TERMINATED)


def reinstatement_has_happened(case: Case) -> Iterator[Refusal]:
    """SCSE094: the employee was reinstated today at the latest. Source: code text."""
    reinstated_on = case.value(_REINSTATED)
    if reinstated_on is not None and reinstated_on > case.today:
        yield Refusal("SCSE094", _REINSTATED)


def order_is_given(case: Case) -> Iterator[Refusal]:
    """SCSE222: the order of reinstatement was given today at the latest. Source: code text."""
    ordered_on = case.value(_ORDERED)
    if ordered_on is not None and ordered_on > case.today:
        yield Refusal("SCSE222", _ORDERED)


def order_is_not_too_old(case: Case) -> Iterator[Refusal]:
    """SCSE221: the order was not given much earlier than today. Source: code text, `Limits`."""
    ordered_on = case.value(_ORDERED)
    earliest = shifted(case.today, -case.rules.limits.concluded_years_ago)
    if ordered_on is not None and ordered_on < earliest:
        yield Refusal("SCSE221", _ORDERED)


def reinstatement_is_not_before_termination(case: Case) -> Iterator[Refusal]:
    """SCSE102: nobody is reinstated before the termination. Source: code text."""
    terminated_on, reinstated_on = case.value(_TERMINATED), case.value(_REINSTATED)
    if terminated_on is not None and reinstated_on is not None and reinstated_on < terminated_on:
        yield Refusal("SCSE102", _REINSTATED)


def court_is_named(case: Case) -> Iterator[Refusal]:
    """SCSE101: where a court decided, it is told which. Source: code text; whose decision: `fields.yaml`."""
    by_court = case.value(_ORGANIZATION) in case.rules.fields.courts
    if by_court and case.lacks(_COURT):
        yield Refusal("SCSE101", _COURT)


def mistaken_termination_is_explained(case: Case) -> Iterator[Refusal]:
    """SCSE182: a reinstatement that undoes a mistaken termination says in its note what the mistake was.

    Source: code text. Decision: the dictionary of authorities has no entry for it; a termination counts as
    mistaken where the employee is reinstated from its very day, so that the work was never interrupted.
    """
    terminated_on, reinstated_on = case.value(_TERMINATED), case.value(_REINSTATED)
    if reinstated_on is not None and reinstated_on == terminated_on and case.lacks(_NOTE):
        yield Refusal("SCSE182", _NOTE)
