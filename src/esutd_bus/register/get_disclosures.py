"""GetDisclosures: an employee learns who was told about the own person, why, on what consent (order 353, clause 14)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from esutd_bus.register import notice
from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import cabinet, employee, search
from esutd_bus.register.search import DisclosureSearch
from esutd_bus.register.state import Needs

_DISCLOSURE = Shape(
    always={"change_id": str, "disclosed_at": datetime, "receiver": str, "purpose": str},
    sometimes={
        "consent_id": UUID,
        **dict.fromkeys(("operation", "given_ru", "given_kk", "given_en"), str),
    },
)


def needs(command: Command) -> Needs:
    """The page asked for, if it is one."""
    page, iin = search.page(command), cabinet.iin(command)
    return Needs(search=DisclosureSearch(iin, page) if page and iin else None)


def accept(case: Case) -> Accepted:
    """Nothing happens to the register: what people learn of themselves is no disclosure."""
    found = search.found(case)
    disclosures = [{**row, **notice.given(row["operation"])} for row in found.rows]
    return Accepted(answer={"disclosures": disclosures, "found": {"total": found.total}})


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
    Sources(rows={"found": Shape(always={"total": int})}, lists={"disclosures": _DISCLOSURE}),
    requires=("employee_reference.iin", "search.page_number", "search.page_size"),
)
