"""FindContracts: an employer looks through its contracts, page by page."""

from __future__ import annotations

from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import search
from esutd_bus.register.search import ContractSearch
from esutd_bus.register.state import Needs


def needs(command: Command) -> Needs:
    """The page asked for, if it is one."""
    page = search.page(command)
    if page is None:
        return Needs()
    given = command.values["search"]
    return Needs(
        search=ContractSearch(
            page,
            employee_iin=given.get("employee_iin"),
            status=given.get("status"),
            changed_since=given.get("changed_since"),
        )
    )


def accept(case: Case) -> Accepted:
    """Nothing happens to the register; the answer tells what was found."""
    found = search.found(case)
    return Accepted(answer={"contracts": found.rows, "found": {"total": found.total}})


DECIDER = Decider(
    needs,
    (
        search.page_is_complete,
        search.pages_are_counted_from_one,
        search.page_has_a_right_size,
        search.iin_is_right,
    ),
    accept,
    Sources(rows={"found": Shape(always={"total": int})}, table_lists={"contracts": "contract"}),
    requires=("search.page_number", "search.page_size"),
)
