"""A social leave as the register keeps it, and its place in a contract's history (order 353, clause 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from esutd_bus.register.case import Case
from esutd_bus.register.contract import ACTIVE, DELETED, Changes, differences
from esutd_bus.register.event import Accepted, ContractEvent
from esutd_bus.register.state import Row

SAID = ("leave_type_code", "personnel_number", "starts_on", "ends_on", "first_working_day_on")
"""The columns that an entry tells, and a correction replaces as a whole."""

_NOTHING: Row = {}


def referred_leave(case: Case) -> Row | None:
    """The leave that the message refers to: of the contract referred to, and not deleted."""
    column, wanted = _reference(case)
    return next((row for row in active_leaves(case) if wanted is not None and row[column] == wanted), None)


def found_leave(case: Case) -> Row:
    """The leave referred to, where the rules have seen that there is one."""
    leave = referred_leave(case)
    if leave is None:
        raise LookupError(f"{case.command.operation}: accepted without the leave it is about")
    return leave


def active_leaves(case: Case) -> list[Row]:
    """The leaves of the contract referred to, without the deleted ones; of a deleted contract nothing is told."""
    return [row for row in case.state.leaves if row["status"] != DELETED] if case.contract else []


def leave_field(case: Case) -> str:
    """The field by which the message refers to its leave."""
    if "external_id" in case.table("leave"):
        return "leave.external_id"
    by_id = case.value("leave_reference.leave_id") is not None
    return "leave_reference.leave_id" if by_id else "leave_reference.external_id"


def first_version(case: Case) -> Row:
    """A new leave."""
    command, given = case.command, case.table("leave")
    return {
        "id": command.new_id,
        "contract_id": case.found["id"],
        "employer": command.employer,
        "external_id": given["external_id"],
        **said(case),
        "status": ACTIVE,
        "version": 1,
        **_written(case),
    }


def next_version(case: Case, leave: Row, after: Mapping[str, Any]) -> Row:
    """A leave that was there before, changed."""
    return {**leave, **after, "version": leave["version"] + 1, **_written(case)}


def said(case: Case) -> dict[str, Any]:
    """What the message tells of a leave; what it leaves out is emptied."""
    given = case.table("leave")
    return {column: given.get(column) for column in SAID}


def accepted(case: Case, kind: str, before: Row | None, leave: Row) -> Accepted:
    """A new version of the contract, whose history tells what became of the leave. No clause sets a day for it."""
    row = {**case.found, "version": case.found["version"] + 1}
    event = ContractEvent(
        kind=kind,
        contract=row,
        changes=_changes(before, leave),
        effective_on=leave["starts_on"],
        leave=leave,
    )
    return Accepted(events=(event,), answer={"contract": row, "leave": leave}, contract_id=row["id"])


def _reference(case: Case) -> tuple[str, Any]:
    """The column and the value by which the message refers to its leave."""
    field = leave_field(case)
    return "id" if field.endswith("leave_id") else "external_id", case.value(field)


def _changes(before: Row | None, leave: Row) -> Changes:
    told = {column: leave[column] for column in ("external_id", *SAID)}
    if leave["status"] == DELETED:
        told = dict.fromkeys(told)
    return {f"leave.{column}": change for column, change in differences(before or _NOTHING, told).items()}


def _written(case: Case) -> Row:
    return {"message_id": case.command.message_id, "recorded_at": case.now}
