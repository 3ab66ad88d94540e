"""GetStatistics: the labour authority counts entries, and the contracts, employees and employers they tell of.

Source: concept slides, monitoring; order 353, clause 4 (channels).
"""

from __future__ import annotations

from datetime import date, datetime

from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import completeness, statistics
from esutd_bus.register.rules.search import found
from esutd_bus.register.search import Count
from esutd_bus.register.state import Needs

_FIGURES = {
    "entries": int,
    "on_time": int,
    "late": int,
    "without_deadline": int,
    "contracts": int,
    "employees": int,
    "employers": int,
}
_GROUP = {"region": str, "period": date, "channel": str, "event": str}


def needs(command: Command) -> Needs:
    """The count of the period, if it is one that can be counted."""
    given = command.values.get("statistics", {})
    first_day, last_day = given.get("first_day"), given.get("last_day")
    if first_day is None or last_day is None or not statistics.is_countable(first_day, last_day):
        return Needs()
    return Needs(
        search=Count(
            first_day,
            last_day,
            by_region=given.get("by_region") or False,
            by_period=given.get("by_period"),
            by_channel=given.get("by_channel") or False,
            by_event=given.get("by_event") or False,
            at_most=statistics.MOST_GROUPS,
        )
    )


def accept(case: Case) -> Accepted:
    """Nothing happens to the register; the answer tells the figures of the whole, and of each group."""
    whole, *groups = found(case).rows
    return Accepted(answer={"whole": whole, "groups": groups})


DECIDER = Decider(
    needs,
    (
        completeness.period_is_complete,
        statistics.period_can_be_counted,
        statistics.groups_are_not_too_many,
    ),
    accept,
    Sources(
        rows={"whole": Shape(always={"as_of": datetime, **_FIGURES})},
        lists={"groups": Shape(always=_FIGURES, sometimes=_GROUP)},
    ),
    requires=("statistics.first_day", "statistics.last_day"),
)
