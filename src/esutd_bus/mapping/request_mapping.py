"""A request's way in: from the paths of a message to the columns of tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from esutd_bus.mapping.converters import SCHEMA_CODE
from esutd_bus.register.refusal import Refusal
from esutd_bus.soap.problem import Problem

_INDEX = re.compile(r"\[\d+\]")

Convert = Callable[[Any], Any]
T = TypeVar("T")


class Landing(NamedTuple):
    """Where a leaf lands."""

    table: str
    column: str
    convert: Convert | None = None


@dataclass(frozen=True, slots=True)
class RepeatedLanding:
    """Where a repeated element lands: a row each, in a table of its own."""

    table: str
    leaves: Mapping[str, Landing]
    """By the path below the element; `""` for a repeated leaf itself."""


@dataclass(frozen=True, slots=True)
class PathCodes:
    """The answer codes of one path."""

    missing: str = SCHEMA_CODE
    malformed: str = SCHEMA_CODE
    identifies: bool = False


_NO_CODES = PathCodes()


class Landed(NamedTuple):
    """A message's values by table and column, and what is wrong with their form."""

    values: dict[str, Any]
    """Table → {column: value}; for a repeated group's table a list of such rows."""

    refusals: list[Refusal]
    malformed: frozenset[str]
    """The fields (`contract.kato_code`) that the message carries in a form that could not be read."""

    misidentified: tuple[Refusal, ...]
    """Of the refusals those of a BIN or IIN that is none: judged before anything else."""


class RequestMapping:
    """One operation's compiled mapping of its request."""

    def __init__(
        self,
        leaves: Mapping[str, Landing],
        groups: Mapping[str, RepeatedLanding],
        codes: Mapping[str, PathCodes],
        roots: Sequence[str] = (),
        *,
        above: str = "",
    ) -> None:
        """`roots`: the tables that get a row of every message, even one that tells nothing for it; `above`: what the
        paths of the values leave out.
        """
        self._leaves = _below(above, leaves)
        self._groups = _below(above, groups)
        self._codes = codes
        self._roots = roots
        self._above = above
        self._paths: dict[str, list[str]] = {}
        for path, landing in leaves.items():
            self._paths.setdefault(f"{landing.table}.{landing.column}", []).append(path)

    def of_rows(self, path: str) -> RequestMapping:
        """The same of values whose paths leave out that of the element above them; what is wrong is told with it."""
        return RequestMapping(self._leaves, self._groups, self._codes, self._roots, above=f"{path}/")

    def land(self, values: Mapping[str, Any], problems: Sequence[Problem]) -> Landed:
        """The decoded values on their columns; problems and failed conversions as refusals."""
        forms = _Forms(self._codes, problems, self._above)
        landed: dict[str, Any] = {table: {} for table in self._roots}
        for path, value in values.items():
            if (landing := self._leaves.get(path)) is not None:
                table, column, convert = landing
                if (row := landed.get(table)) is None:
                    row = landed[table] = {}
                if convert is None:
                    row[column] = value
                else:
                    forms.put(row, landing, path, value)
            elif (group := self._groups.get(path)) is not None:
                landed[group.table] = [
                    _row(group, item, f"{path}[{count}]", forms) for count, item in enumerate(value, start=1)
                ]
        unread = (self._leaves.get(path.removeprefix(self._above)) for path in forms.unread)
        return Landed(
            landed,
            forms.refusals,
            malformed=frozenset(f"{landing.table}.{landing.column}" for landing in unread if landing),
            misidentified=tuple(forms.misidentified),
        )

    def path_of(self, field: str | None, said: Container[str] = ()) -> str | None:
        """The message's path of a register's field (`contract.number` → `contract/number`).

        Where alternatives land on one field, the one that is `said`, if any.
        """
        paths = self._paths.get(field, ()) if field else ()
        return next((path for path in paths if path in said), paths[0] if paths else None)


def _below(above: str, landings: Mapping[str, T]) -> Mapping[str, T]:
    return {path.removeprefix(above): landing for path, landing in landings.items() if path.startswith(above)}


class _Forms:
    """The form of one message's values: what of it is wrong, and by which code that is told."""

    def __init__(self, codes: Mapping[str, PathCodes], problems: Sequence[Problem], above: str) -> None:
        self._codes = codes
        self._above = above
        self.refusals: list[Refusal] = []
        self.misidentified: list[Refusal] = []
        self.unread: set[str] = set()
        for problem in problems:
            self._add(problem)

    def put(self, row: dict[str, Any], landing: Landing, path: str, value: Any) -> None:
        """The value in its final form into its column; one whose form is wrong stays out."""
        try:
            row[landing.column] = landing.convert(value) if landing.convert else value
        except ValueError as error:
            self._add(Problem(self._above + path, "malformed", str(error)))

    def _add(self, problem: Problem) -> None:
        codes = self._codes.get(_INDEX.sub("", problem.path), _NO_CODES)
        code = {"missing": codes.missing, "malformed": codes.malformed}.get(problem.kind, SCHEMA_CODE)
        refusal = Refusal(code, path=problem.path, reason=problem.detail)
        self.refusals.append(refusal)
        if problem.kind == "malformed":
            self.unread.add(problem.path)
            if codes.identifies:
                self.misidentified.append(refusal)


def _row(group: RepeatedLanding, item: Any, place: str, forms: _Forms) -> dict[str, Any]:
    """The row of one repeated element: a group's leaves by their path below it, or a leaf's only value."""
    row: dict[str, Any] = {}
    if not isinstance(item, Mapping):
        forms.put(row, group.leaves[""], place, item)
        return row
    for path, value in item.items():
        if path in group.leaves:
            forms.put(row, group.leaves[path], f"{place}/{path}", value)
    return row
