"""Mutations of the rules (`clause_mutations.yaml`), and what the tests of their clauses make of each.

A mutant is made as its module is imported, in a process of its own; the product knows nothing of it. Run as a script:
prints, as JSON, what became of each mutation. Whatever is slow to import is imported once, then the process forks.
"""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest
import yaml

from support.unhurried import try_unhurriedly

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("clause_mutations.yaml")
EXCUSED = "excused"
AT_ONCE = 2

SLOW = (
    "cryptography.x509", "holidays.countries.kazakhstan", "hypothesis", "lxml.etree", "psycopg", "pydantic_settings",
    "requests", "sqlalchemy", "structlog", "zeep",
)  # fmt: skip
"""What the tests and the product import of others."""


class MutationError(Exception):
    """What a mutation changes is not there, or not once."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of one rule."""

    clause: str
    does: str
    file: str
    """Below src/esutd_bus."""
    at: str
    """A function, a method (`Class.name`) or a name that the module binds."""
    find: str
    put: str
    red: tuple[str, ...]
    """Test files below tests, one of whose tests of the clause must fail."""

    def __str__(self) -> str:
        return f"{self.clause}: {self.does}"

    @property
    def module(self) -> str:
        return f"esutd_bus.{self.file.removesuffix('.py').replace('/', '.')}"

    def mutated(self, source: str) -> ast.Module:
        """The source with the change. Raises MutationError."""
        tree = ast.parse(source)
        change = _Change(_parsed(self.find), _parsed(self.put))
        change.visit(_place(tree, self.at))
        if change.found != 1:
            raise MutationError(
                f"{self}: {self.find!r} stands {change.found} times in {self.file}, {self.at}"
            )
        return ast.fix_missing_locations(tree)


def read_mutations(text: str) -> tuple[list[Mutation], Mapping[str, str]]:
    """The mutations, and the clauses that are excused: clause → reason. Raises TypeError for an unknown word."""
    table: dict[str, Any] = yaml.safe_load(text)
    excused: Mapping[str, str] = table.pop(EXCUSED, {})
    mutations = [
        Mutation(clause=clause, file=said.pop("in"), red=tuple(said.pop("red")), **said)
        for clause, entries in table.items()
        for said in entries
    ]
    return mutations, excused


def _parsed(text: str) -> ast.AST:
    (statement,) = ast.parse(text).body
    return statement.value if isinstance(statement, ast.Expr) else statement


def _place(node: ast.AST, at: str) -> ast.AST:
    """Where a module, or a class, defines or binds a name."""
    name, _, rest = at.partition(".")
    for child in ast.iter_child_nodes(node):
        bound = [getattr(child, "name", None), getattr(getattr(child, "target", None), "id", None)]
        bound += [getattr(target, "id", None) for target in getattr(child, "targets", ())]
        if name in bound:
            return _place(child, rest) if rest else child
    raise MutationError(f"nothing is called {at}")


class _Change(ast.NodeTransformer):
    """Puts one node in the place of another wherever that stands, and counts."""

    def __init__(self, find: ast.AST, put: ast.AST) -> None:
        self._find, self._put, self.found = ast.dump(find), put, 0

    def visit(self, node: ast.AST) -> Any:
        if ast.dump(node) == self._find:
            self.found += 1
            return self._put
        return self.generic_visit(node)


class _Mutating(importlib.abc.MetaPathFinder):
    """Imports one module with the change."""

    def __init__(self, mutation: Mutation) -> None:
        self.mutation = mutation
        self.imported = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.mutation.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            raise MutationError(f"{self.mutation}: there is no {self.mutation.file}")
        self.imported = True
        spec.loader = _Mutant(fullname, spec.origin, self.mutation)
        return spec


class _Mutant(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, mutation: Mutation) -> None:
        super().__init__(name, path)
        self._mutation = mutation

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return compile(self._mutation.mutated(Path(path).read_text("utf-8")), path, "exec")


@dataclass(eq=False)
class Run:
    """A pytest plugin: runs the tests of one clause (or of any) alone, and notes which fail."""

    clause: str | None
    run: int = 0
    failed: list[str] = field(default_factory=list)
    error: str | None = None

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        clauses = {item: {mark.args[0] for mark in item.iter_markers("clause")} for item in items}
        wanted = [item for item in items if clauses[item] and self.clause in {None, *clauses[item]}]
        config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
        items[:] = wanted

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.run += report.when == "call"
        if report.failed and report.when == "call":
            self.failed.append(report.nodeid)
        elif report.failed:
            self.error = f"{report.nodeid}: {report.longreprtext[-500:]}"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.error = f"{report.nodeid}: {report.longreprtext[-500:]}"


def tried(mutation: Mutation | None, files: Sequence[str]) -> dict[str, Any]:
    """What the tests say with a mutation, up to the first that fails; with none, what all of them say."""
    hook = _Mutating(mutation) if mutation else None
    if hook:
        sys.meta_path.insert(0, hook)
    run = Run(mutation.clause if mutation else None)
    paths = [str(ROOT / "tests" / name) for name in files]
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--noconftest",  # rules are tried alone: what services stand on would be imported for each mutation
        "--rootdir",
        str(ROOT),
        *(["-x"] if mutation else []),
    ]
    try:
        code = pytest.main([*options, *paths], plugins=[run])
        if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED} and run.error is None:
            run.error = f"pytest itself failed ({code!r})"
    except MutationError as error:
        run.error = str(error)
    if hook and not hook.imported and run.error is None:
        run.error = f"{mutation}: its tests never import {hook.mutation.file}"
    return {"run": run.run, "failed": run.failed, "error": run.error}


def all_tried(mutations: Sequence[Mutation]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What became of each mutation, and under `""` of no mutation; each in a process of its own."""
    files = sorted({name for mutation in mutations for name in mutation.red})
    jobs: list[tuple[Mutation | None, Sequence[str]]] = [
        (None, files),
        *((one, one.red) for one in mutations),
    ]
    running: dict[int, tuple[str, int]] = {}
    while jobs or running:
        if jobs and len(running) < AT_ONCE:
            mutation, wanted = jobs.pop(0)
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                _answer(writing, mutation, wanted)
            os.close(writing)
            running[child] = (str(mutation or ""), reading)
            continue
        child, _status = os.wait()
        name, reading = running.pop(child)
        with os.fdopen(reading) as said:
            yield name, json.loads(said.read() or '{"run": 0, "failed": [], "error": "the process died"}')


def _answer(writing: int, mutation: Mutation | None, files: Sequence[str]) -> None:
    """The child's end."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    with suppress(BaseException):
        said = tried(mutation, files)
        with os.fdopen(writing, "w") as told:
            json.dump(said, told)
    os._exit(0)


def main() -> None:
    """Tries all of a table: the one that is named, or ours."""
    for name in SLOW:
        importlib.import_module(name)
    try_unhurriedly()
    gc.freeze()  # pytest collects garbage as it ends: each child would look through all that it was given
    table = Path(sys.argv[1]) if len(sys.argv) > 1 else TABLE
    mutations, _excused = read_mutations(table.read_text("utf-8"))
    json.dump(dict(all_tried(mutations)), sys.stdout)


if __name__ == "__main__":
    main()
