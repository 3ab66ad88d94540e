"""What somebody looks for among many rows: found beside the way of messages, before the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
Search = ContractSearch | ViolationSearch | RequestSearch | PersonSearch


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found."""

    rows: Sequence[Mapping[str, Any]]
    total: int
    """How many rows there are on all pages."""

    change_is_known: bool = True
    """Whether the change that the search names is one the person is shown."""
