"""A request's way in: from the paths of a message to the columns of tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from esutd_bus.mapping.converters import SCHEMA_CODE
from esutd_bus.register.refusal import Refusal
from esutd_bus.soap.problem import Problem

_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a leaf lands."""

    table: str
    column: str
    convert: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class RepeatedLanding:
    """Where a repeated group lands: a row each, in a table of its own."""

    table: str
    leaves: Mapping[str, Landing]


@dataclass(frozen=True, slots=True)
class PathCodes:
    """The answer codes of one path."""

    missing: str = SCHEMA_CODE
    malformed: str = SCHEMA_CODE
    identifies: bool = False


@dataclass(frozen=True, slots=True)
class Landed:
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
    ) -> None:
        self._leaves = leaves
        self._groups = groups
        self._codes = codes
        self._paths: dict[str, list[str]] = {}
        for path, landing in leaves.items():
            self._paths.setdefault(f"{landing.table}.{landing.column}", []).append(path)

    def land(self, values: Mapping[str, Any], problems: Sequence[Problem]) -> Landed:
        """The decoded values on their columns; problems and failed conversions as refusals."""
        refusals: list[Refusal] = []
        for problem in problems:
            codes = self._codes_of(problem.path)
            code = {"missing": codes.missing, "malformed": codes.malformed}.get(problem.kind, SCHEMA_CODE)
            refusals.append(Refusal(code, path=problem.path, reason=problem.detail))
        unread = {problem.path for problem in problems if problem.kind == "malformed"}
        landed: dict[str, Any] = {}
        for path, value in values.items():
            landing = self._leaves.get(path)
            if landing is None:
                group = self._groups.get(path)
                if group is not None:
                    landed[group.table] = [
                        self._row(group, row, f"{path}[{n}]", refusals)
                        for n, row in enumerate(value, start=1)
                    ]
                continue
            if landing.convert is not None:
                try:
                    value = landing.convert(value)  # noqa: PLW2901  # the same value in its final form
                except ValueError as error:
                    unread.add(path)
                    refusals.append(Refusal(self._codes_of(path).malformed, path=path, reason=str(error)))
                    continue
            landed.setdefault(landing.table, {})[landing.column] = value
        fields = (self._leaves[path] for path in unread if path in self._leaves)
        return Landed(
            landed,
            refusals,
            malformed=frozenset(f"{landing.table}.{landing.column}" for landing in fields),
            misidentified=tuple(
                r for r in refusals if r.path in unread and self._codes_of(r.path).identifies
            ),
        )

    def path_of(self, field: str | None, said: Container[str] = ()) -> str | None:
        """The message's path of a register's field (`contract.number` → `contract/number`).

        Where alternatives land on one field, the one that is `said`, if any.
        """
        paths = self._paths.get(field, ()) if field else ()
        return next((path for path in paths if path in said), paths[0] if paths else None)

    def _row(
        self, group: RepeatedLanding, values: Any, place: str, refusals: list[Refusal]
    ) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for path, value in values.items() if isinstance(values, Mapping) else [("", values)]:
            landing = group.leaves.get(path)
            if landing is None:
                continue
            try:
                row[landing.column] = landing.convert(value) if landing.convert else value
            except ValueError as error:
                code = self._codes_of(f"{place}/{path}").malformed
                refusals.append(Refusal(code, path=f"{place}/{path}", reason=str(error)))
        return row

    def _codes_of(self, path: str) -> PathCodes:
        return self._codes.get(_INDEX.sub("", path), _NO_CODES)


_NO_CODES = PathCodes()
