"""GetOwnViolations: an employer learns what it entered late, and what it has not entered yet (slides: violations)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.deadlines import TERMS
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import search
from esutd_bus.register.search import ViolationSearch
from esutd_bus.register.state import Needs, Row

LATE_ENTRY = "lateEntry"
WORKING_TIME_MISSING = "workingTimeMissing"
NOT_CONFIRMED = "notConfirmed"

VIOLATION = Shape(
    always={"kind": str, "clause": str, "contract_id": UUID, "external_id": str, "number": str},
    sometimes={
        "event": str,
        "version": int,
        "recorded_at": datetime,
        "due_on": date,
        "days_late": int,
        "code": str,
        "unconfirmed": str,
    },
)


def needs(command: Command) -> Needs:
    """The page asked for, if it is one."""
    page = search.page(command)
    return Needs(search=ViolationSearch(page) if page else None)


def accept(case: Case) -> Accepted:
    """Nothing happens to the register; the answer tells what is not as the order asks."""
    found = search.found(case)
    return Accepted(
        answer={"violations": [_told(row) for row in found.rows], "found": {"total": found.total}}
    )


def _told(row: Row) -> Mapping[str, Any]:
    if row.get("unconfirmed") is not None:
        return {**row, "kind": NOT_CONFIRMED}
    clause = row["clause"]
    if clause is None:
        return {**row, "kind": WORKING_TIME_MISSING, "clause": "353/6"}
    return {**row, "kind": LATE_ENTRY, "code": TERMS[clause].warning}


PAGE_RULES = (search.page_is_complete, search.pages_are_counted_from_one, search.page_has_a_right_size)

DECIDER = Decider(
    needs,
    PAGE_RULES,
    accept,
    Sources(rows={"found": Shape(always={"total": int})}, lists={"violations": VIOLATION}),
    requires=("search.page_number", "search.page_size"),
)
