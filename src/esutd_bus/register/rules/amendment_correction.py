"""What the correction or deletion of an additional agreement must be (order 353, clause 9)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import wraps

from esutd_bus.register.amendment import SAID, amendment_field, corrected_terms, referred_amendment
from esutd_bus.register.case import Case, Rule
from esutd_bus.register.contract import TERMS
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules.employee import NAMED, is_named_wrongly


def amendment_is_named(case: Case) -> Iterator[Refusal]:
    """SCSE051: a message about an amendment names it. Source: code text."""
    if not case.command.refusals and case.value(amendment_field(case)) is None:
        yield Refusal("SCSE051", amendment_field(case))


def amendment_to_correct_exists(case: Case) -> Iterator[Refusal]:
    """SCSE044: the contract has the amendment that is put right; a deleted one is not there. Source: code text."""
    if _is_missed(case):
        yield Refusal("SCSE044", amendment_field(case))


def amendment_to_delete_exists(case: Case) -> Iterator[Refusal]:
    """SCSE052: the contract has the amendment that is deleted, and still has it. Source: code text."""
    if _is_missed(case):
        yield Refusal("SCSE052", amendment_field(case))


def employer_is_not_changed_by_it(case: Case) -> Iterator[Refusal]:
    """SCSE119: an amendment that gave the contract another employer stays as it is. Source: code text."""
    amendment = referred_amendment(case)
    if amendment is not None and "employer" in amendment["terms"]:
        yield Refusal("SCSE119", amendment_field(case))


def amendment_is_the_named_employees(case: Case) -> Iterator[Refusal]:
    """SCSE049: the amendment is to the named employee's contract. Source: code text.

    That it is the employer's (SCSE050) needs no rule: another's contract is not found at all (SCSE025).
    """
    if is_named_wrongly(case):
        yield Refusal("SCSE049", NAMED)


def correction_corrects_something(case: Case) -> Iterator[Refusal]:
    """SCSE080: a correction carries at least one part of the amendment. Source: code text."""
    fields = (*(f"amendment.{column}" for column in SAID), *(f"contract.{column}" for column in TERMS))
    if all(case.lacks(field) for field in fields):
        yield Refusal("SCSE080", "correction")


def as_corrected(rule: Rule) -> Rule:
    """The rule on the amendment as the correction would make it, where the rules know which one it is.

    What the message carries in a form that could not be read stays unknown.
    """

    @wraps(rule)
    def judged(case: Case) -> Iterator[Refusal]:
        amendment = referred_amendment(case)
        if amendment is None:
            return
        known = {
            **{f"contract.{column}": value for column, value in corrected_terms(case, amendment).items()},
            **{f"amendment.{column}": amendment[column] for column in SAID},
            **{field: value for field, value in case.said.items() if field.startswith("amendment.")},
        }
        said = {field: value for field, value in known.items() if field not in case.command.malformed}
        yield from rule(case._replace(said={**case.said, **said}))

    return judged


def _is_missed(case: Case) -> bool:
    named = case.value(amendment_field(case)) is not None
    return named and case.contract is not None and referred_amendment(case) is None
