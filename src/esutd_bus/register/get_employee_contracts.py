"""GetEmployeeContracts: an employee looks through the own contracts, with all employers (order 353, clause 16)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import cabinet, employee, search
from esutd_bus.register.search import PersonContractSearch
from esutd_bus.register.state import Needs, Row
from esutd_bus.register.timeline import Timeline

_ENTRY = Shape(
    always={"change_id": str, "event": str, "effective_on": date, "recorded_at": datetime}, filled=True
)
_CONTRACT = Shape(
    always={
        "id": UUID,
        **dict.fromkeys(("concluded_on", "starts_on"), date),
        **dict.fromkeys(
            (
                *("employer", "number", "employee_iin", "term_code", "position_code", "established_post"),
                *("employment_type_code", "remote_work_code", "country_code", "address", "status"),
            ),
            str,
        ),
    },
    sometimes={
        **dict.fromkeys(
            ("ends_on", "permit_issued_on", "permit_starts_on", "permit_ends_on", "terminated_on"), date
        ),
        **dict.fromkeys(
            (
                *("employee_surname", "employee_name", "employee_patronymic", "working_hours_code"),
                *("rest_note", "kato_code", "working_conditions", "heavy_conditions_code"),
                *("citizenship_code", "foreign_basis", "permit_number"),
                *("termination_reason_code", "termination_note"),
            ),
            str,
        ),
        "tariff_rate": Decimal,
        "liable_for_military_service": bool,
    },
    lists={"history": _ENTRY},
)


def needs(command: Command) -> Needs:
    """The page asked for, if it is one."""
    page, iin = search.page(command), cabinet.iin(command)
    return Needs(search=PersonContractSearch(iin, page) if page and iin else None)


def accept(case: Case) -> Accepted:
    """Nothing happens to the register; the answer tells the terms that hold today, and what was entered."""
    found = search.found(case)
    contracts = [_told(row, case.today) for row in found.rows]
    return Accepted(answer={"contracts": contracts, "found": {"total": found.total}})


def _told(found: Row, today: date) -> Mapping[str, Any]:
    history = found["history"]
    held = Timeline.of(found["contract"], history).held_on(today)
    return {**held, "history": [row for row in history if row["shown"]]}


DECIDER = Decider(
    needs,
    (
        employee.employee_is_named,
        employee.named_iin_is_right,
        search.page_is_complete,
        search.pages_are_counted_from_one,
        search.page_has_a_right_size,
    ),
    accept,
    Sources(rows={"found": Shape(always={"total": int})}, lists={"contracts": _CONTRACT}),
    requires=("employee_reference.iin", "search.page_number", "search.page_size"),
)
