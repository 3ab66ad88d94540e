"""The register's dictionaries: which codes a message may use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

KATO = "kato"
"""The classifier of territories; its hierarchy is in the digits, not in `parent_code`."""


class DictionaryError(ValueError):
    """A dictionary that cannot be used; the message names the dictionary (or file and line) and the entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a dictionary."""

    code: str
    name_ru: str
    name_kk: str
    parent_code: str | None = None
    """The entry above, in a dictionary with a hierarchy."""

    is_actual: bool = True
    """False: retired. History may name it, a new message may not."""

    level: str | None = None
    """КАТО only: `oblast`, `district`, `sub_district` or `settlement`."""

    list_type: str | None = None
    """Harmful conditions only: the list the entry is in (`L1`, `L2`, `L3`)."""


class Dictionaries:
    """All dictionaries at one moment: immutable, each question is answered by one look-up."""

    __slots__ = ("_admissible", "_entries", "_parents")

    def __init__(self, tables: Mapping[str, Iterable[Entry]]) -> None:
        """Takes name → entries. Raises `DictionaryError` on a duplicate, an orphan or no entries."""
        sequences = {name: tuple(entries) for name, entries in tables.items()}
        for name, entries in sequences.items():
            for index, fault in faults(name, entries):
                raise DictionaryError(f"{name}, entry {index + 1}: {fault}")
        self._entries: Mapping[str, Mapping[str, Entry]] = MappingProxyType(
            {
                name: MappingProxyType({entry.code: entry for entry in entries})
                for name, entries in sequences.items()
            }
        )
        self._parents = {
            name: frozenset(entry.parent_code for entry in entries if entry.parent_code)
            for name, entries in sequences.items()
        }
        self._admissible: dict[tuple[str, frozenset[str], bool], frozenset[str]] = {}

    @property
    def names(self) -> frozenset[str]:
        """The names of the dictionaries held."""
        return frozenset(self._entries)

    def entries(self, name: str) -> Mapping[str, Entry]:
        """Code → entry, retired ones too, in the dictionary's own order. An unknown name is a `KeyError`."""
        return self._entries[name]

    def exists(self, name: str, code: str) -> bool:
        """Whether a new message may name this entry; a retired one counts as not found."""
        entry = self._entries[name].get(code)
        return entry is not None and entry.is_actual

    def is_leaf(self, name: str, code: str) -> bool:
        """Whether the entry exists and nothing, retired entries included, stands below it."""
        return self.exists(name, code) and code not in self._parents[name]

    def level(self, name: str, code: str) -> str | None:
        """The level of an entry (КАТО); `None` for one that has none or does not exist."""
        entry = self._entries[name].get(code)
        return entry.level if entry else None

    def admissible(
        self, name: str, *, coarse: frozenset[str] = frozenset(), leaves: bool = False
    ) -> frozenset[str]:
        """The codes that a new message may name: of no level that is `coarse`, and, where only `leaves` will do, with
        nothing below them, retired entries included.
        """
        key = name, coarse, leaves
        if (codes := self._admissible.get(key)) is None:
            below = self._parents[name] if leaves else frozenset()
            codes = self._admissible[key] = frozenset(
                code
                for code, entry in self._entries[name].items()
                if entry.is_actual and entry.level not in coarse and code not in below
            )
        return codes

    def list_type(self, name: str, code: str) -> str | None:
        """The list an entry is in (harmful conditions); `None` for one that is in none or does not exist."""
        entry = self._entries[name].get(code)
        return entry.list_type if entry else None

    def updated(self, newer: Dictionaries) -> Dictionaries:
        """These dictionaries, those of `newer` in place of the ones with the same name."""
        return Dictionaries(
            {name: held.values() for name, held in (*self._entries.items(), *newer._entries.items())}
        )


def faults(name: str, entries: Sequence[Entry]) -> Iterator[tuple[int, str]]:
    """What makes a dictionary unusable: (index of the entry, what is wrong with it)."""
    if not entries:
        yield 0, "the dictionary has no entries"
    known = {entry.code for entry in entries}
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if entry.code in seen:
            yield index, f"code {entry.code} stands here a second time"
        seen.add(entry.code)
        above = region(entry.code) if name == KATO else entry.parent_code
        if above is not None and above not in known:
            yield index, f"code {entry.code} is an orphan: there is no {above}"


def region(kato: str) -> str:
    """The region (or city of republican rank) a territory belongs to: the first two of nine digits."""
    return f"{kato[:2]}0000000"
