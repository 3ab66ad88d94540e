"""What an employer looks for among many rows: found beside the way of messages, before the decision."""

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


Search = ContractSearch | ViolationSearch | RequestSearch


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found."""

    rows: Sequence[Mapping[str, Any]]
    total: int
    """How many rows there are on all pages."""
