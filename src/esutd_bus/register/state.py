"""What the register must know before it can decide on a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

Row = Mapping[str, Any]
"""A row of a table: column → value."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The keys by which the store loads a command's `State`. `None`: not needed."""

    contract_id: UUID | None = None
    """The contract the command refers to, by the register's id."""

    contract_external_id: str | None = None
    """A contract of this employer with this external id: referred to, or in the way of a new one."""

    contract_number: str | None = None
    """A contract of this employer with this number, and not deleted (SCSE014)."""

    amendment_external_id: str | None = None
    """An amendment of this employer with this external id (SCSE086)."""

    amendments: bool = False
    """The amendments of the contract referred to."""

    history: bool = False
    """The history of the contract referred to."""

    delegation_to: str | None = None
    """The newest act by which this employer entrusts the person with this IIN (353/5)."""

    system: str | None = None
    """This employer's record of a system with this BIN or IIN, which signs envelopes for it."""

    new_external_id: str | None = None
    """A contract of this employer with the external id that a correction gives to another (SCSE086)."""


@dataclass(frozen=True, slots=True)
class State:
    """What the store found for a command's `Needs`; always of the command's own employer."""

    contract_by_id: Row | None = None
    contract_by_external_id: Row | None = None
    contract_by_number: Row | None = None
    amendment_by_external_id: Row | None = None
    amendments: Sequence[Row] = ()
    history: Sequence[Row] = ()
    delegation: Row | None = None
    system: Row | None = None
    contract_by_new_external_id: Row | None = None
    fetched: Mapping[str, Any] = field(default_factory=dict)
    """What was asked of other systems before, by port: `{"person": {...} | None}`."""
