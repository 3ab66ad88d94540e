"""The contract a message refers to."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.refusal import Refusal


def contract_exists(case: Case) -> Iterator[Refusal]:
    """SCSE025: the employer has the contract referred to. Source: code text.

    Another employer's contract and a deleted one are answered alike: their existence is not told.
    """
    if case.value(case.reference_field) is not None and case.contract is None:
        yield Refusal("SCSE025", case.reference_field)


def contract_is_not_terminated(case: Case) -> Iterator[Refusal]:
    """SCSE092: after a termination the employer changes nothing more. Source: order 353, clause 13."""
    if case.terminated:
        yield Refusal("SCSE092", case.reference_field)
