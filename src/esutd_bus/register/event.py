"""What follows from a command: events to be stored and what the answer needs, or refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Row


class Deadline(NamedTuple):
    """By when the entry was due, and how late it came (order 353, clauses 7–10, 12, 13-1)."""

    clause: str
    """`353/7`"""

    due_on: date
    days_late: int
    """0 when in time; otherwise in the days the clause counts in (working or calendar)."""

    warning: str | None
    """The register's code for lateness (SCSE088, SCSE089, …), when late."""


class ContractEvent(NamedTuple):
    """A contract came into being or changed: one entry of its history."""

    kind: str
    """`ContractRegistered`, `ContractAmended`, `ContractExtended`, `LeaveRecorded`, …"""

    contract: Row
    """The contract as it is from now on: every column of the table `contract`."""

    changes: Mapping[str, tuple[Any, Any]]
    """Column → (before, after) for what changed; columns of another table with its name: `amendment.number`."""

    effective_on: date
    """From when the change holds."""

    deadline: Deadline | None = None
    amendment: Row | None = None
    """The additional agreement that the entry is about, as it is from now on (table `amendment`)."""

    entered: Mapping[str, Any] | None = None
    """What the entry itself says of the contract: column → value. `None`: no more than what changed.

    An amendment says what holds even where it changes nothing today: without an earlier one it would.
    """

    leave: Row | None = None
    """The leave that the event is about, as it is from now on: every column of the table `leave`."""

    proof: Row | None = None
    """The document that the entry brings, where the register has not seen it before (table `proof`)."""


@dataclass(frozen=True, slots=True)
class Disclosed:
    """Data about a person left the register: who, whom about, why, on what consent (order 353, clause 14)."""

    disclosure: Row


@dataclass(frozen=True, slots=True)
class RowAdded:
    """A row of a register's table that no contract's history tells."""

    table: str
    row: Row


@dataclass(frozen=True, slots=True)
class DelegationRecorded:
    """An employer's act entrusts a person, or takes that back (order 353, clause 5)."""

    delegation: Row
    """A new row of the table `delegation`."""


@dataclass(frozen=True, slots=True)
class RowsStored:
    """An exchange without rules of its own: its rows are stored as they came."""

    rows: Sequence[tuple[str, Row]]
    """(table, row), parents first."""


Event = ContractEvent | Disclosed | DelegationRecorded | RowAdded | RowsStored


class Accepted(NamedTuple):
    """The command holds: what to store, and what the answer tells."""

    events: tuple[Event, ...] = ()
    answer: Mapping[str, Any] = MappingProxyType({})
    """Source → row (or rows, for a repeated group) that the answer's mapping reads.

    `{"contract": {"id": …}}`
    """

    deadline: Deadline | None = None
    contract_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The command does not hold: every reason at once. A business refusal, stored like an answer."""

    refusals: tuple[Refusal, ...]


Decision = Accepted | Refused
