"""The employee whom a message names beside its contract, so that no wrong entry is deleted."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.identifiers import is_iin
from esutd_bus.register.refusal import Refusal

NAMED = "employee_reference.iin"


def employee_is_named(case: Case) -> Iterator[Refusal]:
    """SCSE011: a message that deletes an entry names the employee. Source: code text."""
    if not case.command.refusals and case.value(NAMED) is None:
        yield Refusal("SCSE011", NAMED)


def named_iin_is_right(case: Case) -> Iterator[Refusal]:
    """SCSE045: the IIN has a possible date of birth and the right check digit. Source: code text."""
    iin = case.value(NAMED)
    if iin is not None and not is_iin(iin):
        yield Refusal("SCSE045", NAMED)


def is_named_wrongly(case: Case) -> bool:
    """Whether the contract's employee is another than the one named."""
    iin = case.value(NAMED)
    return iin is not None and case.contract is not None and case.contract["employee_iin"] != iin
