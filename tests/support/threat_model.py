"""The tests that docs/threat-model.md leans on: each must exist, have run, and have passed.

    python tests/support/threat_model.py REPORT

REPORT is pytest's own of the whole suite (`--junitxml`). Prints each test that is missing from it, was skipped
or failed, and exits with 1; with 0 where there is none.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

PAGE = Path(__file__).parents[2] / "docs" / "threat-model.md"

_NODE = re.compile(r"`(tests/[\w/]+\.py(?:::\w+)+)`")


def named_tests(page: str) -> list[str]:
    """The tests that a page names (`tests/unit/test_x.py::test_y`, in a class or not), each once, in its order."""
    return list(dict.fromkeys(_NODE.findall(page)))


def faults(page: str, report: str) -> Iterator[str]:
    """What is wrong with the tests that a page names, by pytest's report in JUnit's XML."""
    outcomes: dict[tuple[str, str], list[str]] = {}
    for case in ET.fromstring(report).iter("testcase"):  # our own test run wrote it
        outcome = next(
            (child.tag for child in case if child.tag in {"skipped", "failure", "error"}), "passed"
        )
        name = case.get("name", "").partition("[")[0]
        outcomes.setdefault((case.get("classname", ""), name), []).append(outcome)
    for node in named_tests(page):
        file, *classes, name = node.split("::")
        said = outcomes.get((".".join((file.removesuffix(".py").replace("/", "."), *classes)), name), [])
        if not said:
            yield f"{node}: did not run"
        for wrong, words in (("skipped", "was skipped"), ("failure", "failed"), ("error", "failed")):
            if wrong in said:
                yield f"{node}: {words} ({said.count(wrong)} of {len(said)})"


def main(report: str) -> int:
    """The exit code."""
    page = PAGE.read_text(encoding="utf-8")
    found = list(faults(page, Path(report).read_text(encoding="utf-8")))
    said = f"threat model: {len(named_tests(page))} tests are named, {len(found)} of them are wanting"
    sys.stdout.write("\n".join((*found, said, "")))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
