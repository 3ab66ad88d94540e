"""What somebody looks for among many rows: found beside the way of messages, before the decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Page:
    """Which of the rows found are told."""

    number: int
    """From 1."""

    size: int


@dataclass(frozen=True, slots=True)
class ContractSearch:
    """The employer's contracts, but for deleted ones; what is `None` does not matter."""

    page: Page
    employee_iin: str | None = None
    status: str | None = None
    changed_since: datetime | None = None
    """Entered or changed at this instant or later."""


@dataclass(frozen=True, slots=True)
class ViolationSearch:
    """What the employer has entered late, and contracts in force without their working time."""

    page: Page


@dataclass(frozen=True, slots=True)
class RequestSearch:
    """What became of a message of the employer's own."""

    request_id: UUID


@dataclass(frozen=True, slots=True)
class PersonContractSearch:
    """A person's contracts with all employers, under the numbers of before too; but for deleted ones."""

    employee_iin: str
    page: Page


@dataclass(frozen=True, slots=True)
class ChangeSearch:
    """What was entered about a person's contracts, and disclosed about the person; the newest first."""

    employee_iin: str
    page: Page
    since: str | None = None
    """Only what came after this change."""


@dataclass(frozen=True, slots=True)
class OneChangeSearch:
    """One change, if it is one that the person is shown."""

    employee_iin: str
    change_id: str


@dataclass(frozen=True, slots=True)
class DisclosureSearch:
    """Who was told about a person; the newest first."""

    employee_iin: str
    page: Page


PersonSearch = PersonContractSearch | ChangeSearch | OneChangeSearch | DisclosureSearch


@dataclass(frozen=True, slots=True)
class RegionViolationSearch:
    """The violations of all employers of a region: the contract's work place is there."""

    page: Page
    region: str
    """КАТО code of the region, or of the city of republican rank."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many entries were made in a period, about how many contracts, employees and employers."""

    first_day: date
    last_day: date
    """Days in Kazakhstan, both included."""

    by_region: bool = False
    by_period: str | None = None
    """`day`, `month` or `year`."""

    by_channel: bool = False
    by_event: bool = False
    at_most: int = 0
    """Groups: where there are more, no figures are wanted."""

    @property
    def periods(self) -> Sequence[date]:
        """The first day of each day, month or year of which days are counted; none where nobody asks by period."""
        first_of: dict[str, Callable[[date], date]] = {
            "day": lambda day: day,
            "month": lambda day: day.replace(day=1),
            "year": lambda day: day.replace(month=1, day=1),
        }
        if self.by_period is None:
            return []
        count = (self.last_day - self.first_day).days + 1
        days = (self.first_day + timedelta(days=number) for number in range(count))
        return list(dict.fromkeys(map(first_of[self.by_period], days)))

    @property
    def is_grouped(self) -> bool:
        """Whether figures of groups are wanted, and not of the whole period alone."""
        return self.by_region or self.by_period is not None or self.by_channel or self.by_event


Search = ContractSearch | ViolationSearch | RequestSearch | RegionViolationSearch | PersonSearch


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found."""

    rows: Sequence[Mapping[str, Any]]
    total: int
    """How many rows there are on all pages."""

    change_is_known: bool = True
    """Whether the change that the search names is one the person is shown."""
