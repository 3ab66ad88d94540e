"""`make clauses`: every clause, the behaviour it asks, and the tests that show it.

The clauses are those of `clauses.yaml`, the tests those that pytest collects with the marker `clause`. A clause that
has no test, or none but skipped ones, fails the command, unless the table says that it waits. With `--run` the tests
are run, so that what is skipped for want of a tool, or fails, is told too.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("clauses.yaml")
MARKER = "clause"
MARKED = f"mark.{MARKER}("
"""What stands in a file of such tests: the others need not be imported."""

SKIPPED, FAILED = "skipped", "failed"


@dataclass(frozen=True, slots=True)
class Clause:
    """What a clause asks."""

    does: str
    waiting: str | None = None
    """The part of the service without which it is not, or not wholly, so."""


@dataclass(slots=True)
class Shown:
    """The tests of a clause: name (without parameters) → how many cases there are, and what became of them."""

    cases: Counter[str] = field(default_factory=Counter)
    outcomes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def proves(self) -> bool:
        """Whether one of the tests is not skipped."""
        return any(SKIPPED not in self.outcomes[name] for name in self.cases)


def read_clauses(text: str) -> dict[str, Clause]:
    """The text of `clauses.yaml`. Raises TypeError for an unknown word."""
    return {number: Clause(**said) for number, said in yaml.safe_load(text).items()}


def faults(clauses: Mapping[str, Clause], shown: Mapping[str, Shown]) -> Iterator[str]:
    """What is not as the table says, a line each."""
    for number in sorted(shown.keys() - clauses.keys()):
        yield f"{number}: {next(iter(shown[number].cases))} shows it, but clauses.yaml does not know it"
    for number, clause in clauses.items():
        tests = shown.get(number, Shown())
        failed = [name for name in tests.cases if FAILED in tests.outcomes[name]]
        yield from (f"{number}: {name} fails" for name in failed)
        if clause.waiting is None and not tests.cases:
            yield f"{number}: no test shows it"
        elif clause.waiting is None and not tests.proves:
            yield f"{number}: every test that shows it is skipped"


def table(clauses: Mapping[str, Clause], shown: Mapping[str, Shown]) -> Iterator[str]:
    """The clauses with their behaviour and their tests, the sum last."""
    for number, clause in clauses.items():
        yield f"{number}  {clause.does}{f' [waiting: {clause.waiting}]' if clause.waiting else ''}"
        tests = shown.get(number, Shown())
        for name, count in tests.cases.items():
            cases = f" ({count} cases)" if count > 1 else ""
            became = "".join(f" — {word}" for word in sorted(tests.outcomes[name]))
            yield f"    {name}{cases}{became}"
    waiting = sum(clause.waiting is not None for clause in clauses.values())
    yield f"{len(clauses) - waiting} shown, {waiting} waiting"


class Recorder:
    """A pytest plugin that notes which tests show which clause, and what became of them."""

    def __init__(self) -> None:
        self.shown: dict[str, Shown] = defaultdict(Shown)
        self._clauses: dict[str, Sequence[str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Every collected test, before any is left out."""
        for item in items:
            numbers = [str(mark.args[0]) for mark in item.iter_markers(MARKER)]
            self._clauses[item.nodeid] = numbers
            for number in dict.fromkeys(numbers):
                self.shown[number].cases[_name(item.nodeid)] += 1
                if item.get_closest_marker("skip"):
                    self.shown[number].outcomes[_name(item.nodeid)].add(SKIPPED)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """What became of a test, where it was run."""
        if report.outcome in {SKIPPED, FAILED}:
            for number in self._clauses[report.nodeid]:
                self.shown[number].outcomes[_name(report.nodeid)].add(report.outcome)


def collect(*, run: bool) -> Mapping[str, Shown]:
    """Clause → its tests. Raises RuntimeError where pytest cannot collect them."""
    recorder = Recorder()
    arguments = [
        "-m",
        MARKER,
        "-q",
        "-p",
        "no:cacheprovider",
        *([] if run else ["--collect-only"]),
        *(
            str(path)
            for path in sorted((ROOT / "tests").rglob("test_*.py"))
            if MARKED in path.read_text("utf-8")
        ),
    ]
    said = io.StringIO()
    with contextlib.nullcontext() if run else contextlib.redirect_stdout(said):
        code = pytest.main([*arguments, "--rootdir", str(ROOT)], plugins=[recorder])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        raise RuntimeError(f"pytest could not collect the tests ({code!r}): {said.getvalue()[-2000:]}")
    return recorder.shown


def _name(nodeid: str) -> str:
    return nodeid.partition("[")[0]


def main() -> int:
    """Prints the table; 1 where it is not so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", action="store_true", help="run the tests too")
    clauses, shown = read_clauses(TABLE.read_text("utf-8")), collect(run=parser.parse_args().run)
    found = list(faults(clauses, shown))
    for line in table(clauses, shown):
        print(line)
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
