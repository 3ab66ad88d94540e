"""Each clause's rule, changed in one place, turns one of the clause's tests red (`support/clause_mutations.yaml`)."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clause_table import TABLE, read_clauses
from support import clause_mutants
from support.clause_mutants import Mutation, MutationError, read_mutations

MUTATIONS, EXCUSED = read_mutations(clause_mutants.TABLE.read_text("utf-8"))
CLAUSES = read_clauses(TABLE.read_text("utf-8"))
NOTHING = ""


@pytest.fixture(scope="module")
def became() -> dict[str, Any]:
    """What became of each mutation, and of none at all."""
    return tried(clause_mutants.TABLE)


def tried(table: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", clause_mutants.__name__, str(table)]
    ran = subprocess.run(
        command, cwd=clause_mutants.ROOT / "tests", capture_output=True, text=True, check=True
    )
    said: dict[str, Any] = json.loads(ran.stdout)
    return said


def test_every_clause_has_a_mutation_or_a_reason() -> None:
    there = {number for number, clause in CLAUSES.items() if clause.waiting is None}
    shown = {mutation.clause for mutation in MUTATIONS}
    assert there - shown - EXCUSED.keys() == set()
    assert shown & EXCUSED.keys() == set()
    assert (shown | EXCUSED.keys()) - CLAUSES.keys() == set()
    assert all(EXCUSED.values())


def test_mutations_are_told_apart() -> None:
    assert len({str(mutation) for mutation in MUTATIONS}) == len(MUTATIONS)


def test_without_a_mutation_all_is_green(became: dict[str, Any]) -> None:
    assert became[NOTHING]["run"] > 0
    assert (became[NOTHING]["failed"], became[NOTHING]["error"]) == ([], None)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_test_of_the_clause_turns_red(mutation: Mutation, became: dict[str, Any]) -> None:
    said = became[str(mutation)]
    assert said["error"] is None
    assert said["failed"], f"{said['run']} tests of {mutation.clause} do not notice: {mutation.does}"


# The harness itself.

SOURCE = """
LIMIT: int = 3

def allowed(days):
    if days > LIMIT:
        yield 'late'

class Desk:
    def allowed(self, days):
        return days > LIMIT and days > LIMIT
"""


def mutation(at: str, find: str, put: str) -> Mutation:
    return Mutation("353/0", "…", "desk.py", at, find, put, ())


@pytest.mark.parametrize(
    ("at", "find", "put", "stands"),
    [
        ("allowed", "days>LIMIT", "False", "if False:"),
        ("allowed", 'yield "late"', "pass", "pass"),
        ("LIMIT", "3", "4", "LIMIT: int = 4"),
        ("Desk.allowed", "return days > LIMIT and days > LIMIT", "return False", "return False"),
    ],
)
def test_what_is_found_is_replaced(at: str, find: str, put: str, stands: str) -> None:
    mutated = ast.unparse(mutation(at, find, put).mutated(SOURCE))
    assert stands in mutated
    assert mutated != ast.unparse(ast.parse(SOURCE))


@pytest.mark.parametrize(
    ("at", "find"),
    [
        ("allowed", "days >= LIMIT"),
        ("Desk.allowed", "days > LIMIT"),
        ("nobody", "days > LIMIT"),
        ("LIMIT", "4"),
    ],
)
def test_what_is_gone_or_stands_twice_is_told(at: str, find: str) -> None:
    with pytest.raises(MutationError):
        mutation(at, find, "False").mutated(SOURCE)


IN_VAIN = """
353/12:
  - {does: nothing, in: register/deadlines.py, at: TERMS, find: 'Term(days=3, working=True, warning="SCSE091")',
     put: 'Term(3, True, "SCSE091")', red: [unit/register/test_due_dates_by_hand.py]}
  - {does: what is gone, in: register/deadlines.py, at: TERMS, find: Term(days=2), put: Term(days=3),
     red: [unit/register/test_due_dates_by_hand.py]}
  - {does: elsewhere, in: register/leave.py, at: said, find: given, put: "{}",
     red: [unit/register/test_due_dates_by_hand.py]}
  - {does: no such clause there, in: register/deadlines.py, at: deadline, find: days_late, put: "0",
     red: [unit/register/test_years.py]}
  - {does: a mistake, in: register/deadlines.py, at: TERMS, find: 'Term(days=3, working=True, warning="SCSE091")',
     put: Term(), red: [unit/register/test_due_dates_by_hand.py]}
"""


def test_what_shows_nothing_is_told(tmp_path: Path) -> None:
    """Tests that stay green; a place that is gone; a module that no test meets; no test; no rule at all any more."""
    table = tmp_path / "mutations.yaml"
    table.write_text(IN_VAIN, "utf-8")
    said = tried(table)
    assert (said["353/12: nothing"]["failed"], said["353/12: nothing"]["error"]) == ([], None)
    for name in ("what is gone", "elsewhere", "no such clause there", "a mistake"):
        assert said[f"353/12: {name}"]["error"] is not None
