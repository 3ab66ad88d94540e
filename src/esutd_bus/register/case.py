"""A case: a command before the register, with all that its rules may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from esutd_bus.register import calendar
from esutd_bus.register.command import Command
from esutd_bus.register.contract import DELETED, TERMINATED
from esutd_bus.register.event import Accepted
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rulebook import Rulebook
from esutd_bus.register.state import Needs, Row, State

_NOTHING: Mapping[str, Any] = {}


class Case(NamedTuple):
    """One command, the state it meets, the moment, the rulebook."""

    command: Command
    state: State
    now: datetime
    today: date
    """The day it is in Kazakhstan."""

    rules: Rulebook
    said: Mapping[str, Any]
    """What the message says of each field: `contract.number` → value. A repeated group's rows are left out."""

    @classmethod
    def of(cls, command: Command, state: State, now: datetime, rules: Rulebook) -> Case:
        """The case of a command. `now` must have a zone."""
        return cls(command, state, now, calendar.today(now), rules, _said(command))

    def beside(self, command: Command, state: State) -> Case:
        """The case of another command, at the same moment."""
        return Case(command, state, self.now, self.today, self.rules, _said(command))

    def table(self, name: str) -> Mapping[str, Any]:
        """What the message says for one table: column → value."""
        return self.command.values.get(name, _NOTHING)

    def value(self, field: str) -> Any:
        """What the message says of a field (`contract.number`); `None` if nothing that could be read."""
        return self.said.get(field)

    def lacks(self, field: str) -> bool:
        """Whether the message says nothing of a field: a value that could not be read is not absent."""
        return self.said.get(field) is None and field not in self.command.malformed

    @property
    def referred(self) -> Row | None:
        """The contract the message refers to, even a deleted one: of this employer."""
        reference = self.table("reference")
        if reference.get("contract_id") is not None:
            return self.state.contract_by_id
        if reference.get("external_id") is not None:
            return self.state.contract_by_external_id
        return None

    @property
    def contract(self) -> Row | None:
        """The contract the message refers to: of this employer, and not deleted."""
        referred = self.referred
        return None if referred is None or referred["status"] == DELETED else referred

    @property
    def found(self) -> Row:
        """The contract referred to, where the rules have seen that there is one."""
        if self.contract is None:
            raise LookupError(f"{self.command.operation}: accepted without the contract it is about")
        return self.contract

    @property
    def terminated(self) -> bool:
        """Whether the contract referred to is terminated."""
        return self.contract is not None and self.contract["status"] == TERMINATED

    @property
    def reference_field(self) -> str:
        """The field by which the message refers to its contract."""
        by_id = self.table("reference").get("contract_id") is not None
        return "reference.contract_id" if by_id else "reference.external_id"

    @property
    def starts_on(self) -> date | None:
        """When work under the contract starts: as the message says, else as the register knows."""
        said: date | None = self.value("contract.starts_on")
        if said is None and self.contract is not None:
            return self.contract["starts_on"]  # type: ignore[no-any-return]  # a row's value
        return said


def _said(command: Command) -> dict[str, Any]:
    return {
        f"{table}.{column}": value
        for table, row in command.values.items()
        if not isinstance(row, list)
        for column, value in row.items()
    }


Rule = Callable[[Case], Iterator[Refusal]]
"""A rule: yields a refusal for everything it finds wrong, nothing where it has nothing to judge by."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a row of an answer's source holds: column → the type of its values, `object` where it may be any."""

    always: Mapping[str, type] = field(default_factory=dict)
    sometimes: Mapping[str, type] = field(default_factory=dict)
    lists: Mapping[str, Shape] = field(default_factory=dict)
    """The row's own lists of rows."""

    filled: bool = False
    """Of the rows of a list: whether there always is one."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What an accepted command's answer can be told from."""

    tables: frozenset[str] = frozenset()
    """The register's tables of which it gives a row."""

    rows: Mapping[str, Shape] = field(default_factory=dict)
    """Other rows, by name."""

    lists: Mapping[str, Shape] = field(default_factory=dict)
    """Lists of rows, by name."""

    table_lists: Mapping[str, str] = field(default_factory=dict)
    """Lists of rows as they stand in a table: name → table."""


@dataclass(frozen=True, slots=True)
class Decider:
    """How one operation is decided, and what a mapping must know of it."""

    needs: Callable[[Command], Needs]
    """What the store must load first."""

    rules: tuple[Rule, ...]
    """All are asked; their refusals are told together, in this order."""

    accept: Callable[[Case], Accepted]
    """What follows when no rule objects."""

    answer: Sources = Sources()
    creates: str | None = None
    """The table it adds a row to: every message feeds its required columns."""

    requires: tuple[str, ...] = ()
    """What else every message feeds: a field (`contract.terminated_on`), or any field of a table (`reference`)."""

    ports: frozenset[str] = frozenset()
    """The other systems that are asked before the decision."""

    checks: frozenset[str] = frozenset()
    """The same, where the settings want it."""

    judges_entries_as: str | None = None
    """Of a command with many entries: the command as which it judges each of them."""

    by_itself: bool = False
    """Whether it is the employer itself that must sign: nobody can be entrusted with it (353/5)."""

    brought_for: str | None = None
    """The field that names the employer whose key or system must sign around the signer's document (353/18)."""

    brought_by_anyone: bool = False
    """Whether it does not matter who signs around the document."""

    consented: bool = False
    """Whether it discloses a person's data (`disclosure`), and so needs that person's consent."""


def referred(
    command: Command, *, amendments: bool = False, history: bool = False, leaves: bool = False
) -> Needs:
    """The needs of a message that refers to a contract."""
    reference = command.values.get("reference", _NOTHING)
    contract_id: UUID | None = reference.get("contract_id")
    return Needs(
        contract_id=contract_id,
        contract_external_id=None if contract_id else reference.get("external_id"),
        amendments=amendments,
        history=history,
        leaves=leaves,
    )
