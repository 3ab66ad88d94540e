"""The contract as the register keeps it: its columns, and what of it an amendment may change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from esutd_bus.register.jsonable import JsonValue
from esutd_bus.register.state import Row

ACTIVE = "active"
TERMINATED = "terminated"
DELETED = "deleted"

NORMAL = "normal"
"""The working conditions of a contract that says nothing of them."""

PROOF = ("proof_external_id", "proof_name", "proof_format", "proof_sha256")
"""The document that proves heavy conditions."""

CONDITIONS = ("working_conditions", "heavy_conditions_code", *PROOF)
"""The working conditions."""

FOREIGN_WORKER = (
    "citizenship_code",
    "foreign_basis",
    "permit_number",
    "permit_issued_on",
    "permit_starts_on",
    "permit_ends_on",
)
"""What a contract with a foreigner says of the permit to work."""

PAYMENT = (
    "payment_employee_agrees",
    "payment_employer_agrees",
    "payment_employee_phone",
    "payment_officer_phone",
)
"""What an amendment, when it ends harmful conditions, says of the special social payment."""

GROUPS: tuple[tuple[str, ...], ...] = (
    ("term_code", "ends_on"),
    ("position_code",),
    ("established_post",),
    ("employment_type_code",),
    ("working_hours_code", "tariff_rate", "rest_note"),
    ("remote_work_code",),
    ("country_code", "kato_code", "address"),
    ("liable_for_military_service",),
    CONDITIONS,
    FOREIGN_WORKER,
    PAYMENT,
)
"""The contract's terms that an amendment may change; a group is replaced as a whole."""

TERMS = tuple(column for group in GROUPS for column in group)

ENTERED_GROUPS: tuple[tuple[str, ...], ...] = (
    ("external_id",),
    ("number",),
    ("concluded_on",),
    ("employee_iin", "employee_surname", "employee_name", "employee_patronymic"),
    ("starts_on",),
    *GROUPS,
)
"""What a registration enters and a correction may correct; a group is replaced as a whole."""

ENTERED = tuple(column for group in ENTERED_GROUPS for column in group)

TERMINATION_PAYMENT = tuple(f"termination_{column}" for column in PAYMENT)
"""What a termination says of the special social payment."""

TERMINATION = (
    "terminated_on",
    "termination_reason_code",
    "termination_note",
    "termination_by_new_technology",
    *TERMINATION_PAYMENT,
)
"""The columns a termination enters."""

EXTENSION = ("extended_on",)
"""The columns an extension enters, besides the term."""

REINSTATEMENT = (
    "reinstated_on",
    "reinstatement_order_number",
    "reinstatement_order_date",
    "reinstatement_organization_code",
    "reinstatement_court_code",
    "reinstatement_note",
)
"""The columns a reinstatement enters."""

ENTERED_LATER = (*TERMINATION, *EXTENSION, *REINSTATEMENT)
"""The columns that are empty when a contract is registered."""

Changes = Mapping[str, tuple[Any, Any]]
"""Column → (before, after). Columns of the amendment that an entry is about begin with `amendment.`."""

_DATES = frozenset(column for column in (*ENTERED, *ENTERED_LATER) if column.endswith(("_on", "_date")))
_DECIMALS = frozenset({"tariff_rate"})


def replaced(given: Mapping[str, Any], groups: tuple[tuple[str, ...], ...] = GROUPS) -> dict[str, Any]:
    """Column → new value, for every group that the given values touch; what a group leaves out is emptied."""
    return {
        column: given.get(column)
        for group in groups
        if any(given.get(column) is not None for column in group)
        for column in group
    }


def from_json(column: str, value: JsonValue) -> Any:
    """A column's value from what `jsonable` made of it."""
    if isinstance(value, str) and column in _DATES:
        return date.fromisoformat(value)
    if isinstance(value, str) and column in _DECIMALS:
        return Decimal(value)
    return value


def differences(before: Row, after: Mapping[str, Any]) -> Changes:
    """What the new values really change."""
    return {
        column: (before.get(column), value) for column, value in after.items() if before.get(column) != value
    }
