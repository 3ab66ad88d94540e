"""GetViolations: the labour authority reads the violations of an employer, or of a region's (slides: violations)."""

from __future__ import annotations

from esutd_bus.register.case import Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.get_own_violations import PAGE_RULES, VIOLATION, accept
from esutd_bus.register.rules import owner, region, search
from esutd_bus.register.search import RegionViolationSearch, ViolationSearch
from esutd_bus.register.state import Needs


def needs(command: Command) -> Needs:
    """The page asked for, if it is one: of the employer named, or of the region."""
    page, of = search.page(command), owner.of(command)
    asked = command.values.get("search", {}).get("region")
    if page is None:
        return Needs()
    if of is not None:
        return Needs(search=ViolationSearch(page), owner=of)
    return Needs(search=RegionViolationSearch(page, asked) if asked is not None else None)


DECIDER = Decider(
    needs,
    (region.scope_is_named, region.region_is_one, *PAGE_RULES),
    accept,
    Sources(
        rows={"found": Shape(always={"total": int})},
        lists={
            "violations": Shape(always={**VIOLATION.always, "employer": str}, sometimes=VIOLATION.sometimes)
        },
    ),
    requires=("search.page_number", "search.page_size"),
)
