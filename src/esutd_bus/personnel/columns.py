"""The columns that a table of contracts may have, and which of them a table has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from esutd_bus.plain_yaml import load_yaml


class HeaderError(ValueError):
    """A table whose first row does not name its columns; the message says what is wrong, in Russian."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column, as `columns.yaml` tells of it."""

    path: str
    """The leaf below `contract`: `employee/iin`."""

    ru: str
    kind: str
    also: tuple[str, ...] = ()
    dictionary: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    needed: bool = False
    example: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All that it may be called."""
        return (self.ru, *self.also, self.path, self.path.rpartition("/")[2])


@dataclass(frozen=True, slots=True)
class Columns:
    """All columns."""

    known: tuple[Column, ...]
    results: Mapping[str, str]
    """`status`, `contract_id`, `codes`, `remarks` → what it is called."""

    kinds: Mapping[str, str]
    """Kind → what a cell of it holds, in Russian."""

    def named(self, name: str) -> Column | None:
        """The column of that name."""
        wanted = alike(name)
        return next((one for one in self.known if wanted in map(alike, one.names)), None)

    def at(self, path: str) -> Column | None:
        """The column of a path of a message (`contract/employee/iin`); of a group's path, its first one."""
        below = path.partition("/")[2]
        return next((one for one in self.known if below and f"{one.path}/".startswith(f"{below}/")), None)


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns stand in one table."""

    names: tuple[str, ...]
    """As the table has them."""

    places: Mapping[str, int]
    """Path → place, from 0."""

    results: Mapping[str, int]
    """Name of a result (`status`) → place, in a table that was a result before."""

    unknown: tuple[str, ...]
    """Names that mean nothing here."""


def alike(name: str) -> str:
    """A name without what makes no difference."""
    return "".join(one for one in name.casefold().replace("ё", "е") if one.isalnum())


@cache
def read_columns() -> Columns:
    """What `columns.yaml` says."""
    data: dict[str, Any] = load_yaml((files("esutd_bus.personnel") / "columns.yaml").read_text("utf-8"))
    known = tuple(
        Column(**{**one, "also": tuple(one.get("also", ())), "words": _alike_keys(one.get("words", {}))})
        for one in data["columns"]
    )
    return Columns(known, data["results"], data["kinds"])


def read_header(names: Sequence[str]) -> Header:
    """The columns of a table by its first row. Raises HeaderError."""
    columns = read_columns()
    results_by_name = {alike(told): name for name, told in columns.results.items()}
    places: dict[str, int] = {}
    results: dict[str, int] = {}
    unknown = []
    for place, name in enumerate(names):
        column, result = columns.named(name), results_by_name.get(alike(name))
        if column is not None:
            if column.path in places:
                first = names[places[column.path]]
                raise HeaderError(f"колонки «{first}» и «{name}» — об одном и том же: оставьте одну")
            places[column.path] = place
        elif result is not None:
            results[result] = place
        elif name.strip():
            unknown.append(name)
    missing = [one.ru for one in columns.known if one.needed and one.path not in places]
    if missing:
        raise HeaderError(f"в первой строке нет колонок: {', '.join(f'«{name}»' for name in missing)}")
    return Header(tuple(names), places, results, tuple(unknown))


def _alike_keys(words: Mapping[str, str]) -> Mapping[str, str]:
    return {alike(said): word for said, word in words.items()}
