"""An answer's way out: from what the register and the engine know to the paths of a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


@dataclass(frozen=True, slots=True)
class RepeatedSource:
    """Where a repeated group's rows come from, and what each of them gives."""

    path: str
    row: str
    """The row that holds the list, or the list's own name where it stands by itself."""

    column: str | None
    leaves: tuple[Source, ...]
    groups: tuple[RepeatedSource, ...]


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
        row = sources.get(leaf.row)
        if row is None:
            continue
        value = row.get(leaf.column)
        if value is not None:
            values[leaf.path] = leaf.convert(value) if leaf.convert else value
    for group in groups:
        found = sources.get(group.row)
        rows = found.get(group.column) if group.column and found is not None else found
        if rows:
            name = group.column or group.row
            values[group.path] = [_gather(group.leaves, group.groups, {name: row}) for row in rows]
    return values
