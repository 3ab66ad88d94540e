"""`make codes`: every answer code of the ministry, what this project makes of it, and what shows that.

The table is `codes.yaml`; where a code is given and which fixtures provoke it is found by looking. What the table
says and what is so must agree, or the command fails.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from esutd_bus.register import answer_codes
from esutd_bus.testbed.fixtures import Fixture, load_fixtures

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("codes.yaml")
IMPLEMENTED, WAITING, NOT_APPLICABLE = "implemented", "waiting", "not applicable"

_OF_THE_MINISTRY = re.compile(r"SCS[ES]\d{3}")
_OF_ENTRIES = re.compile(r"<error>\s*<c:code>(\w+)<")
_RETIRED = "retired by the ministry"
_SHOWN = 3
"""Fixtures named in a line; of more, the number is told."""

Found = Mapping[str, Sequence[str]]
"""Code → places or fixtures."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the project makes of a code."""

    word: str
    """`implemented`, `waiting` or `not applicable`."""

    reason: str = ""
    """The part that is waited for, or why there is nothing to do."""


def read_standings(text: str) -> dict[str, Standing]:
    """The text of `codes.yaml`, and the retired codes. Raises ValueError for a line that says something else."""
    said: Mapping[str, Any] = yaml.safe_load(text)
    standings = {code: Standing(NOT_APPLICABLE, _RETIRED) for code in answer_codes.retired()}
    for code, line in said.items():
        match line:
            case str(word) if word == IMPLEMENTED:
                standings[code] = Standing(word)
            case dict() if len(line) == 1 and (pair := next(iter(line.items())))[0] in {
                WAITING,
                NOT_APPLICABLE,
            }:
                standings[code] = Standing(*pair)
            case _:
                raise ValueError(
                    f"{code}: says neither {IMPLEMENTED}, {WAITING} nor {NOT_APPLICABLE}: {line!r}"
                )
    return dict(sorted(standings.items()))


def provoked(fixtures: Mapping[str, Fixture]) -> Found:
    """Code → the fixtures whose answer carries it: as an error, of an entry too, as a warning, or as success."""
    found: dict[str, list[str]] = defaultdict(list)
    for fixture in fixtures.values():
        expect = fixture.expect
        codes = [error.code for error in expect.expected_errors] or [answer_codes.SUCCESS, *expect.warning]
        for code in dict.fromkeys([*codes, *_OF_ENTRIES.findall(expect.answer or "")]):
            found[code].append(fixture.label)
    return found


def given(root: Path) -> Found:
    """Code → where the service gives it: functions, lines of mappings, data."""
    found: dict[str, list[str]] = defaultdict(list)
    package = root / "src" / "esutd_bus"
    for file in sorted(package.rglob("*.py")):
        if file.is_relative_to(package / "testbed"):
            continue
        place = file.relative_to(package).as_posix()
        for name, code in _constants(ast.parse(file.read_text("utf-8"))):
            found[code].append(f"{place}: {name}" if name else place)
    for file in (*sorted((root / "mappings").glob("*.yaml")), package / "register" / "data" / "fields.yaml"):
        document = yaml.safe_load(file.read_text("utf-8"))
        for code in dict.fromkeys(_OF_THE_MINISTRY.findall(str(document))):
            found[code].append(file.name)
    return {code: tuple(dict.fromkeys(places)) for code, places in found.items()}


def faults(standings: Mapping[str, Standing], by_rule: Found, by_fixture: Found) -> Iterator[str]:
    """Where the table and the project do not agree, a line each."""
    official = {
        code for code in answer_codes.in_force() | answer_codes.retired() if _OF_THE_MINISTRY.match(code)
    }
    yield from (
        f"{code}: is in the ministry's table, but not in codes.yaml"
        for code in sorted(official - standings.keys())
    )
    yield from (f"{code}: is no code of the ministry" for code in sorted(standings.keys() - official))
    for code, standing in standings.items():
        fixtures = by_fixture.get(code, ())
        if standing.word != IMPLEMENTED:
            if fixtures:
                yield f"{code}: is {standing.word} ({standing.reason}), but {fixtures[0]} provokes it"
            continue
        if not fixtures:
            yield f"{code}: is implemented, but no fixture provokes it"
        if code not in by_rule:
            yield f"{code}: is implemented, but nothing gives it"


def table(standings: Mapping[str, Standing], by_rule: Found, by_fixture: Found) -> Iterator[str]:
    """The table, a line a code, the sum last."""
    for code, standing in standings.items():
        if standing.word == IMPLEMENTED:
            fixtures = by_fixture.get(code, ())
            more = f" and {len(fixtures) - _SHOWN} more" if len(fixtures) > _SHOWN else ""
            yield f"{code}  implemented     {', '.join(by_rule.get(code, ()))} | {', '.join(fixtures[:_SHOWN])}{more}"
        else:
            yield f"{code}  {standing.word:<14}  {standing.reason}"
    words = [standing.word for standing in standings.values()]
    yield ", ".join(f"{words.count(word)} {word}" for word in (IMPLEMENTED, WAITING, NOT_APPLICABLE))


def _constants(module: ast.Module) -> Iterator[tuple[str, str]]:
    """(name of the function or variable, code) for each code that stands as a text of its own."""
    for statement in module.body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                name = statement.name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case _:
                name = ""
        for node in ast.walk(statement):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and _OF_THE_MINISTRY.fullmatch(node.value)
            ):
                yield name, node.value


def main() -> int:
    """Prints the table; 1 where it is not so."""
    standings = read_standings(TABLE.read_text("utf-8"))
    by_rule, by_fixture = given(ROOT), provoked(load_fixtures(ROOT / "fixtures"))
    found = list(faults(standings, by_rule, by_fixture))
    for line in found:
        print(line, file=sys.stderr)
    for line in table(standings, by_rule, by_fixture):
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
