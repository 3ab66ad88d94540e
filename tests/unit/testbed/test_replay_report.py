from __future__ import annotations

import io
from pathlib import Path

from fixture_folders import FAULT, write
from lxml import etree
from rich.console import Console

from esutd_bus.testbed.answers import read_answer
from esutd_bus.testbed.fixtures import read_fixture
from esutd_bus.testbed.replay import Result
from esutd_bus.testbed.replay_report import table, write_junit


def results(root: Path) -> list[Result]:
    good = read_fixture(write(root, "faults/017-number-missing", "signer: none\ncode: SCSE003\n"))
    bad = read_fixture(write(root, "ok/ask", "signer: none\n"))
    answer = read_answer(500, {}, FAULT.encode())
    return [
        Result(good, answer, 12.34, ()),
        Result(bad, answer, 5.0, ("HTTP status: expected 200, got 500", "unexpected error: <SCSE003>\x00")),
        Result(bad, None, 0.0, ("not sent: register goes first",)),
    ]


def test_junit_has_a_case_for_each_fixture_and_a_failure_for_each_difference(tmp_path: Path) -> None:
    file = tmp_path / "reports" / "replay.xml"
    write_junit(results(tmp_path), file)
    suite = etree.parse(file).getroot().find("testsuite")
    assert suite is not None
    counted = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time")}
    assert counted == {"tests": "3", "failures": "2", "errors": "0", "skipped": "0", "time": "0.017"}
    cases = suite.findall("testcase")
    named = [(case.get("classname"), case.get("name"), case.get("time")) for case in cases]
    assert named[:2] == [("faults.Ask", "017-number-missing", "0.012"), ("ok.Ask", "ask", "0.005")]
    assert cases[0].find("failure") is None
    failure = cases[1].find("failure")
    assert failure is not None
    assert failure.get("message") == "HTTP status: expected 200, got 500"
    assert (
        failure.text
        == "HTTP status: expected 200, got 500\nunexpected error: <SCSE003>\N{REPLACEMENT CHARACTER}"
    )


def test_the_table_tells_what_a_person_needs(tmp_path: Path) -> None:
    console = Console(width=180, record=True, file=io.StringIO())
    console.print(table(results(tmp_path)))
    text = console.export_text()
    for told in (
        "faults/017-number-missing",
        "Ask",
        "500",
        "SCSE003",
        "as expected",
        "differs",
        "HTTP status: expected 200, got 500",
        "3 fixtures: 1 as expected, 2 differ",
    ):
        assert told in text
