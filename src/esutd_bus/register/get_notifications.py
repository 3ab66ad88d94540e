"""GetNotifications: an employee learns what was entered about the own contracts, the newest first.

Order 353, clauses 11 and 16; slides: notify.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from esutd_bus.register import notice
from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import cabinet, employee, search
from esutd_bus.register.search import ChangeSearch
from esutd_bus.register.state import Needs, Row

MUST_BE_ACKNOWLEDGED = frozenset({"353/9", "353/10"})
"""The clauses whose entries the employee is to be made familiar with (order 353, clause 11)."""

_NOTICE = Shape(
    always={
        **dict.fromkeys(("change_id", "kind", "title_ru", "title_kk", "title_en", "employer"), str),
        **dict.fromkeys(("entered_at", "visible_at"), datetime),
        "must_be_acknowledged": bool,
    },
    sometimes={"contract_id": UUID, "number": str, "effective_on": date, "acknowledged_at": datetime},
    lists={"change": notice.CHANGE},
)


def needs(command: Command) -> Needs:
    """The page asked for, if it is one."""
    page, iin = search.page(command), cabinet.iin(command)
    return Needs(search=ChangeSearch(iin, page, cabinet.change(command)) if page and iin else None)


def accept(case: Case) -> Accepted:
    """Nothing happens to the register."""
    found = search.found(case)
    notices = [_told(case, row) for row in found.rows]
    return Accepted(answer={"notifications": notices, "found": {"total": found.total}})


def _told(case: Case, row: Row) -> Mapping[str, Any]:
    kind = row["event"] or notice.DISCLOSED
    return {
        **row,
        "kind": kind,
        **notice.title(kind),
        "must_be_acknowledged": row["clause"] in MUST_BE_ACKNOWLEDGED,
        "change": notice.changes(row, case.rules) if row["event"] else [],
    }


DECIDER = Decider(
    needs,
    (
        employee.employee_is_named,
        employee.named_iin_is_right,
        cabinet.change_is_the_persons,
        search.page_is_complete,
        search.pages_are_counted_from_one,
        search.page_has_a_right_size,
    ),
    accept,
    Sources(rows={"found": Shape(always={"total": int})}, lists={"notifications": _NOTICE}),
    requires=("employee_reference.iin", "search.page_number", "search.page_size"),
)
