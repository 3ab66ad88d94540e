"""The table of clauses agrees with the tests that are marked; and it would be missed if it did not."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

import clause_table
from clause_table import Clause, Shown, faults, read_clauses, table

DONE = {"353/8": Clause("an amendment is due in time")}
WAITING = {"353/8": Clause("an amendment is due in time", waiting="amendments")}


def shown(*outcomes: str, cases: int = 1) -> dict[str, Shown]:
    """One test of 353/8, and what became of it."""
    tests = Shown(Counter({"test_a.py::test_late": cases}))
    tests.outcomes["test_a.py::test_late"] = set(outcomes)
    return {"353/8": tests}


def test_the_table_is_so() -> None:
    ran = subprocess.run([sys.executable, clause_table.__file__], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "353/8  An amendment is due" in ran.stdout
    assert (
        "tests/unit/register/test_amend_contract.py::test_a_late_entry_is_accepted_and_told_so" in ran.stdout
    )


@pytest.mark.parametrize(
    ("clauses", "tests", "told"),
    [
        (DONE, shown(), []),
        (DONE, {}, ["353/8: no test shows it"]),
        (DONE, shown("skipped"), ["353/8: every test that shows it is skipped"]),
        (DONE, shown("failed"), ["353/8: test_a.py::test_late fails"]),
        (WAITING, {}, []),
        (WAITING, shown("skipped"), []),
        (WAITING, shown("failed"), ["353/8: test_a.py::test_late fails"]),
        ({}, shown(), ["353/8: test_a.py::test_late shows it, but clauses.yaml does not know it"]),
    ],
)
def test_what_is_not_shown_is_missed(
    clauses: dict[str, Clause], tests: dict[str, Shown], told: list[str]
) -> None:
    assert list(faults(clauses, tests)) == told


def test_a_clause_is_shown_by_one_test_that_runs() -> None:
    tests = shown("skipped")
    tests["353/8"].cases["test_b.py::test_in_time"] = 1
    assert list(faults(DONE, tests)) == []


def test_the_table_tells_the_tests() -> None:
    assert list(table(DONE, shown("skipped", cases=3))) == [
        "353/8  an amendment is due in time",
        "    test_a.py::test_late (3 cases) — skipped",
        "1 shown, 0 waiting",
    ]


def test_every_clause_of_the_order_is_listed() -> None:
    numbers = {*map(str, range(3, 21)), "13-1"}
    clauses = read_clauses(clause_table.TABLE.read_text("utf-8"))
    assert {number.partition("/")[2] for number in clauses if number.startswith("353/")} == numbers
