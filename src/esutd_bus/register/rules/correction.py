"""What a correction of a contract must be (order 353, clauses 9 and 13)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import wraps

from esutd_bus.register.amendment import standing_amendments
from esutd_bus.register.case import Case, Rule
from esutd_bus.register.contract import ENTERED, TERMINATION
from esutd_bus.register.correction import corrected
from esutd_bus.register.leave import active_leaves
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Row

_STARTS = "contract.starts_on"
_CORRECTED = (*ENTERED, *TERMINATION)


def correction_corrects_something(case: Case) -> Iterator[Refusal]:
    """SCSE138: a correction carries at least one part of the contract. Source: code text."""
    if all(case.lacks(f"contract.{column}") for column in _CORRECTED):
        yield Refusal("SCSE138", "correction")


def new_external_id_is_free(case: Case) -> Iterator[Refusal]:
    """SCSE086: no other contract has the sender's id, or had it when it was deleted. Source: code text."""
    holder = case.state.contract_by_new_external_id
    if case.value("contract.external_id") is None or holder is None:
        return
    if case.contract is None or holder["id"] != case.contract["id"]:
        yield Refusal("SCSE086", "contract.external_id")


def start_is_not_after_amendments(case: Case) -> Iterator[Refusal]:
    """SCSE063: no amendment was signed before the start that the correction sets. Source: code text."""
    starts_on = case.value(_STARTS)
    standing = standing_amendments(case)
    if starts_on is not None and any(row["concluded_on"] < starts_on for row in standing):
        yield Refusal("SCSE063", _STARTS)


def start_is_not_after_leaves(case: Case) -> Iterator[Refusal]:
    """SCSE147: no leave began before the start that the correction sets. Source: code text."""
    starts_on = case.value(_STARTS)
    if starts_on is not None and any(row["starts_on"] < starts_on for row in active_leaves(case)):
        yield Refusal("SCSE147", _STARTS)


def as_corrected(rule: Rule) -> Rule:
    """The rule on the contract as the correction would make it.

    It is asked twice: of the contract as registered, and of what all entries make of it now. What the message
    carries in a form that could not be read stays unknown.
    """

    @wraps(rule)
    def judged(case: Case) -> Iterator[Refusal]:
        if case.contract is None:
            return
        timeline = corrected(case)
        for row in (timeline.as_registered(), timeline.now()):
            yield from rule(_said_of(case, row))

    return judged


def as_registered(rule: Rule) -> Rule:
    """The rule on the contract as the correction would have it registered: what amendments did since does not count."""

    @wraps(rule)
    def judged(case: Case) -> Iterator[Refusal]:
        if case.contract is not None:
            yield from rule(_said_of(case, corrected(case).as_registered()))

    return judged


def _said_of(case: Case, row: Row) -> Case:
    """The case of a message that says all of a contract."""
    known = {f"contract.{column}": row[column] for column in _CORRECTED}
    said = {field: value for field, value in known.items() if field not in case.command.malformed}
    return case._replace(said={**case.said, **said})
