"""An additional agreement as the register keeps it, and what a message refers to as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from esutd_bus.register.case import Case
from esutd_bus.register.contract import DELETED, TERMS, Changes, differences, replaced
from esutd_bus.register.state import Row
from esutd_bus.register.timeline import entered_as_json, entered_from_json

SAID = ("external_id", "number", "concluded_on", "starts_on")
"""What an amendment says of itself, besides the terms that it changes."""


def standing_amendments(case: Case) -> list[Row]:
    """The amendments of the contract referred to, without the deleted ones; of a deleted contract nothing is told."""
    return [row for row in case.state.amendments if row["status"] != DELETED] if case.contract else []


def amendment_field(case: Case) -> str:
    """The field by which the message refers to its amendment."""
    by_id = case.value("amendment_reference.amendment_id") is not None
    return f"amendment_reference.{'amendment_id' if by_id else 'external_id'}"


def referred_amendment(case: Case) -> Row | None:
    """The amendment that the message refers to: of the contract referred to, and not deleted."""
    field = amendment_field(case)
    wanted, column = case.value(field), "id" if field.endswith("amendment_id") else "external_id"
    if wanted is None:
        return None
    return next((row for row in standing_amendments(case) if row[column] == wanted), None)


def found_amendment(case: Case) -> Row:
    """The amendment referred to, where the rules have seen that there is one."""
    amendment = referred_amendment(case)
    if amendment is None:
        raise LookupError(f"{case.command.operation}: accepted without the amendment it is about")
    return amendment


def given_terms(case: Case) -> dict[str, Any]:
    """Column → value, of every group of the contract's terms that the message gives."""
    given = case.table("contract")
    return replaced({column: given[column] for column in TERMS if column in given})


def corrected_terms(case: Case, amendment: Row) -> dict[str, Any]:
    """What the amendment changes, by itself and by the message: a group given takes the place of the old one."""
    return {**entered_from_json(amendment["terms"]), **given_terms(case)}


def corrected_amendment(case: Case, amendment: Row) -> Row:
    """The amendment with what the message says in place of what it said."""
    given = {column: value for column, value in case.table("amendment").items() if column in SAID}
    terms = entered_as_json(corrected_terms(case, amendment))
    return next_version(amendment, {**given, "terms": terms})


def next_version(amendment: Row, after: Mapping[str, Any]) -> Row:
    """An amendment changed. When and by which message it was first entered stays."""
    return {**amendment, **after, "version": amendment["version"] + 1}


def changes_of(before: Row, after: Row) -> Changes:
    """What becomes of the amendment itself, as the contract's history tells it."""
    told = {column: None if after["status"] == DELETED else after[column] for column in SAID}
    return {f"amendment.{column}": change for column, change in differences(before, told).items()}
