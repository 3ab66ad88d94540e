"""An answer's way out: from what the register and the engine know to the paths of a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a leaf comes from."""

    path: str
    row: str
    column: str
    convert: Convert | None = None

    def value(self, sources: Mapping[str, Any]) -> Any:
        """What the leaf tells; None where the source does not hold it."""
        row = sources.get(self.row)
        value = row.get(self.column) if row is not None else None
        return self.convert(value) if value is not None and self.convert else value


@dataclass(frozen=True, slots=True)
class RepeatedSource:
    """Where the rows of a repeated element come from, and what each of them gives."""

    path: str
    row: str
    """The row that holds the list, or the list's own name where it stands by itself."""

    column: str | None
    leaves: tuple[Source, ...]
    groups: tuple[RepeatedSource, ...] = ()
    is_leaf: bool = False
    """A repeated leaf: each row gives one value, and not a group of them."""

    @property
    def name(self) -> str:
        """What the sources below call a row of the list."""
        return self.column or self.row

    def values(self, sources: Mapping[str, Any]) -> list[Any]:
        """The values of each row, in the list's order."""
        found = sources.get(self.row)
        rows: Sequence[Any] = (found.get(self.column) if self.column and found is not None else found) or ()
        if self.is_leaf:
            told = (self.leaves[0].value({self.name: row}) for row in rows)
            return [value for value in told if value is not None]
        return [_gather(self.leaves, self.groups, {self.name: row}) for row in rows]


class AnswerMapping:
    """One operation's compiled mapping of its answer."""

    def __init__(self, leaves: tuple[Source, ...], groups: tuple[RepeatedSource, ...]) -> None:
        self._leaves = leaves
        self._groups = groups

    def gather(self, sources: Mapping[str, Any]) -> dict[str, Any]:
        """The values of an answer by path; what a source does not hold is left out."""
        return _gather(self._leaves, self._groups, sources)


def _gather(
    leaves: tuple[Source, ...], groups: tuple[RepeatedSource, ...], sources: Mapping[str, Any]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for leaf in leaves:
        value = leaf.value(sources)
        if value is not None:
            values[leaf.path] = value
    for group in groups:
        rows = group.values(sources)
        if rows:
            values[group.path] = rows
    return values
