"""What a deletion must say, so that no wrong entry is deleted (order 353, clause 9)."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules.employee import NAMED, is_named_wrongly


def contract_is_the_named_employees(case: Case) -> Iterator[Refusal]:
    """SCSE047: the contract is the named employee's. Source: code text.

    That it is the employer's (SCSE048) needs no rule: another's contract is not found at all (SCSE025).
    """
    if is_named_wrongly(case):
        yield Refusal("SCSE047", NAMED)
