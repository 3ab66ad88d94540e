"""The threat model names tests that are there, and what checks that they have run does tell when one has not."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.threat_model import PAGE, faults, named_tests

ROOT = Path(__file__).parents[2]
THREAT = re.compile(r"^\| (T\d+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
"""| number | threat | control | where | tests |"""


def rows() -> list[tuple[str, ...]]:
    return THREAT.findall(PAGE.read_text(encoding="utf-8"))


def test_every_threat_names_a_test_and_a_place() -> None:
    numbers = [number for number, *_ in rows()]
    assert numbers == [f"T{number}" for number in range(1, len(numbers) + 1)]
    for number, _, _, where, tests in rows():
        assert named_tests(tests), number
        for place in re.findall(r"`([\w./-]+)`", where):
            assert (ROOT / place).exists() or (ROOT / "src" / "esutd_bus" / place).exists(), (number, place)


@pytest.mark.parametrize("node", named_tests(PAGE.read_text(encoding="utf-8")))
def test_a_named_test_is_there(node: str) -> None:
    file, *names = node.split("::")
    within: ast.AST = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for name in names:
        parts = {getattr(part, "name", None): part for part in ast.iter_child_nodes(within)}
        assert name in parts
        within = parts[name]


PROBE = """
import pytest

def test_held(): pass

@pytest.mark.parametrize("door", ["asgi", "wsgi"])
def test_one_of_two_skipped(door):
    if door == "wsgi":
        pytest.skip("no such door here")

def test_broken(): assert False

class TestOfAKind:
    def test_held(self): pass

def test_not_chosen(): pass
"""


def test_what_did_not_run_or_did_not_hold_is_told(tmp_path: Path) -> None:
    """A real run of pytest, in which one test holds, one is skipped in part, one fails, and one is left out."""
    folder = tmp_path / "tests" / "unit"
    folder.mkdir(parents=True)
    (folder / "test_probe.py").write_text(PROBE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--junitxml=report.xml",
            "-k",
            "not not_chosen",
        ],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    report = (tmp_path / "report.xml").read_text(encoding="utf-8")
    node = "tests/unit/test_probe.py::test_"
    page = " ".join(
        f"`{node}{name}`" for name in ("held", "one_of_two_skipped", "broken", "not_chosen", "never_written")
    )
    assert list(faults(page, report)) == [
        f"{node}one_of_two_skipped: was skipped (1 of 2)",
        f"{node}broken: failed (1 of 1)",
        f"{node}not_chosen: did not run",
        f"{node}never_written: did not run",
    ]
    in_a_class = f"{node.removesuffix('test_')}TestOfAKind::test_held"
    assert list(faults(f"`{node}held` `{in_a_class}`", report)) == []
