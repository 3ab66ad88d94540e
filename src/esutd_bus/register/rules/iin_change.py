"""What a change of an employee's IIN must be."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.contract import ACTIVE, DELETED
from esutd_bus.register.identifiers import is_iin
from esutd_bus.register.refusal import Refusal

_FORMER = "iin_change.former_iin"
_NEW = "iin_change.iin"


def both_iins_are_right(case: Case) -> Iterator[Refusal]:
    """SCSE045: an IIN has a possible date of birth and the right check digit. Source: code text."""
    for field in (_FORMER, _NEW):
        iin = case.value(field)
        if iin is not None and not is_iin(iin):
            yield Refusal("SCSE045", field)


def iins_differ(case: Case) -> Iterator[Refusal]:
    """SCSE117: the new IIN is not the old one. Source: code text."""
    iin = case.value(_NEW)
    if iin is not None and iin == case.value(_FORMER):
        yield Refusal("SCSE117", _NEW)


def employee_works_here(case: Case) -> Iterator[Refusal]:
    """SCSE012: the employer has a contract with the employee of the old IIN. Source: code text."""
    known = any(row["status"] != DELETED for row in case.state.contracts_of_employee)
    if case.value(_FORMER) is not None and not known:
        yield Refusal("SCSE012", _FORMER)


def employee_has_a_contract_in_force(case: Case) -> Iterator[Refusal]:
    """SCSE092: after a termination the employer changes nothing more. Source: order 353, clause 13."""
    standings = {row["status"] for row in case.state.contracts_of_employee} - {DELETED}
    if standings and ACTIVE not in standings:
        yield Refusal("SCSE092", _FORMER)


def new_iin_was_nobody_elses(case: Case) -> Iterator[Refusal]:
    """SCSE145: the person of the new IIN had no other IIN before. Source: code text."""
    known, former = case.state.iin_change, case.value(_FORMER)
    if known is not None and former is not None and known["former_iin"] != former:
        yield Refusal("SCSE145", _NEW)
