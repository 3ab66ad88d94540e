"""A contract's timeline: its registration and the entries after it, and what they make of it.

Two questions meet here: what was known at a moment (entries recorded by then), and what held on a day (entries
whose effect had begun). A registration and its corrections hold from the contract's start; every other entry
from its own day on, in the order of these days, and on one day in the order of entry. A corrected amendment is
the old one with other content; a deleted one was never there. What the authority corrects of a termination is the
termination with another day or ground. Who the parties are tells the newest entry about them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from esutd_bus.register.contract import DELETED, TERMINATION, from_json
from esutd_bus.register.jsonable import jsonable
from esutd_bus.register.state import Row

REGISTERED = "ContractRegistered"
CORRECTED = "ContractCorrected"
CORRECTED_BY_AUTHORITY = "ContractCorrectedByAuthority"
REMOVED = "ContractDeleted"
AMENDED = "ContractAmended"
AMENDMENT_CORRECTED = "AmendmentCorrected"
AMENDMENT_REMOVED = "AmendmentDeleted"
EXTENDED = "ContractExtended"
TERMINATED = "ContractTerminated"
REINSTATED = "EmployeeReinstated"
TRANSFERRED = "ContractTransferred"
IIN_CHANGED = "EmployeeIinChanged"

_PARTIES = ("employer", "employee_iin")

_CORRECTIONS = frozenset({CORRECTED, CORRECTED_BY_AUTHORITY})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry after the registration."""

    kind: str
    effective_on: date
    """From when it holds."""

    recorded_at: datetime
    """Since when it is known."""

    entered: Mapping[str, Any]
    """What it says of the contract: column → value."""

    amendment_id: UUID | None = None
    """The amendment it is about, if it is about one."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything that was ever entered about one contract. Immutable."""

    registered: Row
    """The contract as it was first entered."""

    entries: tuple[Entry, ...]
    """All later entries, in the order in which they were entered."""

    @classmethod
    def of(cls, contract: Row, history: Sequence[Row]) -> Timeline:
        """The timeline of a contract as it is now, from the rows of its history (`contract_event`).

        The registration itself is found by taking back every change, the newest first.
        """
        later = [row for row in sorted(history, key=lambda row: row["version"]) if row["event"] != REGISTERED]
        registered = dict(contract)
        for row in reversed(later):
            for change in row["changes"]:
                if change["field"] in contract:
                    registered[change["field"]] = from_json(change["field"], change["before"])
        registered["version"] = contract["version"] - len(later)
        return cls(registered, tuple(_entry(row, contract) for row in later))

    def plus(self, entry: Entry) -> Timeline:
        """The timeline with one entry more."""
        return replace(self, entries=(*self.entries, entry))

    def now(self) -> Row:
        """The contract by all that was entered, whenever it begins to hold: the row of the table `contract`."""
        return self._made(self.entries, None)

    def as_of(self, known_at: datetime, held_on: date) -> Row | None:
        """The contract as known at a moment, as it held on a day.

        `None` where it was not registered by then, or had not begun on that day. One that was known to be
        deleted has that status.
        """
        if known_at < self.registered["registered_at"]:
            return None
        made = self._made([entry for entry in self.entries if entry.recorded_at <= known_at], held_on)
        return None if held_on < made["starts_on"] else made

    def held_on(self, day: date) -> Row:
        """The contract by all that was entered, as it holds on a day; before its start, as it will begin."""
        held = self._made(self.entries, day)
        return held if held["starts_on"] <= day else self._made(self.entries, held["starts_on"])

    def as_registered(self) -> Row:
        """The contract by its registration and the corrections of it alone."""
        return self._made([entry for entry in self.entries if entry.kind in _CORRECTIONS], None)

    def extensions(self) -> Sequence[Entry]:
        """The extensions of the contract's term."""
        return [entry for entry in self.entries if entry.kind == EXTENDED]

    def _made(self, entries: Sequence[Entry], held_on: date | None) -> Row:
        row = dict(self.registered)
        standing: dict[object, Entry] = {}
        for place, entry in enumerate(entries):
            if entry.kind in _CORRECTIONS:
                row |= {column: value for column, value in entry.entered.items() if column not in TERMINATION}
                _correct_termination(standing, entry)
            elif entry.kind == AMENDMENT_REMOVED:
                standing.pop(entry.amendment_id, None)
            else:
                # A corrected amendment stands where the amendment stood.
                standing[entry.amendment_id or place] = entry
        for entry in sorted(standing.values(), key=lambda entry: entry.effective_on):
            if held_on is None or entry.effective_on <= held_on:
                row |= entry.entered
        for entry in entries:
            # A transfer moves the contract from whom it has come to, and a correction names whom it finds: an entry of
            # an earlier day does not stand below what was entered before it.
            if (
                held_on is None
                or entry.kind not in {TRANSFERRED, IIN_CHANGED}
                or entry.effective_on <= held_on
            ):
                row |= {column: entry.entered[column] for column in _PARTIES if column in entry.entered}
        if any(entry.kind == REMOVED for entry in entries):
            # Whatever was entered before, a reinstatement included: there was no such contract.
            row["status"] = DELETED
        row["version"] = self.registered["version"] + len(entries)
        return row


def _correct_termination(standing: dict[object, Entry], correction: Entry) -> None:
    """The newest termination as if it had been entered so: another day moves it among the entries."""
    corrected = {column: value for column, value in correction.entered.items() if column in TERMINATION}
    place = next((key for key in reversed(standing) if standing[key].kind == TERMINATED), None)
    if corrected and place is not None:
        before = standing[place]
        standing[place] = replace(
            before, effective_on=corrected["terminated_on"], entered={**before.entered, **corrected}
        )


def entered_as_json(entered: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry says, as the tables keep it."""
    return {column: jsonable(value) for column, value in entered.items()}


def entered_from_json(kept: Mapping[str, Any]) -> dict[str, Any]:
    """What the tables keep of an entry, as rules read it."""
    return {column: from_json(column, value) for column, value in kept.items()}


def _entry(row: Row, contract: Row) -> Entry:
    kept = row.get("entered")
    if kept is None:
        kept = {c["field"]: c["after"] for c in row["changes"] if c["field"] in contract}
    return Entry(
        kind=row["event"],
        effective_on=row["effective_on"],
        recorded_at=row["recorded_at"],
        entered=entered_from_json(kept),
        amendment_id=row.get("amendment_id"),
    )
