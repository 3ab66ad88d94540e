"""What a new contract must be, beyond its terms (order 353, clauses 3 and 7)."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register import registry_checks
from esutd_bus.register.case import Case
from esutd_bus.register.contract import DELETED
from esutd_bus.register.identifiers import is_iin
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import NOT_ASKED
from esutd_bus.register.years import shifted


def external_id_is_new(case: Case) -> Iterator[Refusal]:
    """SCSE086: the sender's id of the contract is used once, even if deleted since. Source: code text."""
    if case.value("contract.external_id") is not None and case.state.contract_by_external_id is not None:
        yield Refusal("SCSE086", "contract.external_id")


def number_is_free(case: Case) -> Iterator[Refusal]:
    """SCSE014: the employer has no other contract of this number; a deleted one gives it back.

    Source: code text.
    """
    holder = case.state.contract_by_number
    if case.value("contract.number") is None or holder is None or holder["status"] == DELETED:
        return
    if case.contract is None or holder["id"] != case.contract["id"]:
        yield Refusal("SCSE014", "contract.number")


def contract_is_not_too_old(case: Case) -> Iterator[Refusal]:
    """SCSE053: the contract was not signed much earlier than today. Source: code text, `Limits`."""
    concluded_on = case.value("contract.concluded_on")
    earliest = shifted(case.today, -case.rules.limits.concluded_years_ago)
    if concluded_on is not None and concluded_on < earliest:
        yield Refusal("SCSE053", "contract.concluded_on")


def contract_is_concluded(case: Case) -> Iterator[Refusal]:
    """SCSE059: the contract was signed today at the latest. Source: code text."""
    concluded_on = case.value("contract.concluded_on")
    if concluded_on is not None and concluded_on > case.today:
        yield Refusal("SCSE059", "contract.concluded_on")


def employee_iin_is_right(case: Case) -> Iterator[Refusal]:
    """SCSE045: the IIN has a possible date of birth and the right check digit. Source: code text."""
    iin = case.value("contract.employee_iin")
    if iin is not None and not is_iin(iin):
        yield Refusal("SCSE045", "contract.employee_iin")


def parties_are_known(case: Case) -> Iterator[Refusal]:
    """ESB012, SCSE012: the registries know the employer, as one not liquidated, and the employee, as one who lives.

    If they were asked. That somebody has died is told to nobody: the code says «not found» of both. Source: order 353,
    clause 3: a contract has an employer; code texts.
    """
    told = case.state.fetched
    if not told:
        return
    employer = told.get(registry_checks.EMPLOYER, NOT_ASKED)
    if employer is not NOT_ASKED and not registry_checks.employer_is_confirmed(employer):
        yield Refusal("ESB012", path="employer")
    employee = told.get(registry_checks.EMPLOYEE, NOT_ASKED)
    if employee is not NOT_ASKED and not registry_checks.employee_is_confirmed(employee):
        yield Refusal("SCSE012", "contract.employee_iin")


def start_is_not_too_old(case: Case) -> Iterator[Refusal]:
    """SCSE139: work did not start earlier than 70 years ago. Source: code text."""
    starts_on = case.value("contract.starts_on")
    if starts_on is not None and starts_on < shifted(case.today, -case.rules.limits.starts_years_ago):
        yield Refusal("SCSE139", "contract.starts_on")


def start_is_in_sight(case: Case) -> Iterator[Refusal]:
    """SCSE140: work does not start later than in 50 years. Source: code text."""
    starts_on = case.value("contract.starts_on")
    if starts_on is not None and starts_on > shifted(case.today, case.rules.limits.starts_years_ahead):
        yield Refusal("SCSE140", "contract.starts_on")
