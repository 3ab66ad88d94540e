"""A replay's results for people (a table) and for continuous integration (JUnit XML)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from esutd_bus.testbed.replay import Result


def table(results: Sequence[Result]) -> Table:
    """One row a fixture; expected lines of an answer begin with `-`, those that came with `+`."""
    made = Table(caption=summary(results), caption_justify="left", pad_edge=False)
    made.add_column("Fixture", overflow="fold")
    made.add_column("Operation", overflow="fold")
    made.add_column("HTTP", justify="right")
    made.add_column("Code", overflow="fold")
    made.add_column("ms", justify="right")
    made.add_column("Verdict")
    if any(result.differences for result in results):
        made.add_column("Difference (- expected, + came)", overflow="fold")
    for result in results:
        made.add_row(*_row(result))
    return made


def _row(result: Result) -> list[Text]:
    answer = result.answer
    row = [
        Text(result.fixture.label),
        Text(result.fixture.operation),
        Text("—" if answer is None else str(answer.status)),
        Text("—" if answer is None else answer.codes),
        Text(f"{result.milliseconds:.0f}"),
        Text("as expected", "green") if result.as_expected else Text("differs", "bold red"),
    ]
    if result.differences:
        row.append(Text("\n".join(result.differences)))
    return row


def summary(results: Sequence[Result]) -> str:
    """How many went as expected."""
    differing = sum(not result.as_expected for result in results)
    return f"{len(results)} fixtures: {len(results) - differing} as expected, {differing} differ"


def write_junit(results: Sequence[Result], file: Path) -> None:
    """The results as JUnit XML: a test case for each fixture, a failure for each that differs."""
    suite = etree.Element(
        "testsuite",
        name="esutd-bus replay",
        tests=str(len(results)),
        failures=str(sum(not result.as_expected for result in results)),
        errors="0",
        skipped="0",
        time=_seconds(sum(result.milliseconds for result in results)),
    )
    for result in results:
        case = etree.SubElement(
            suite,
            "testcase",
            classname=f"{result.fixture.kind}.{result.fixture.operation}",
            name=result.fixture.folder.name,
            time=_seconds(result.milliseconds),
        )
        if result.differences:
            failure = etree.SubElement(
                case, "failure", message=_plain(result.differences[0]), type="difference"
            )
            failure.text = _plain("\n".join(result.differences))
    suites = etree.Element("testsuites")
    suites.append(suite)
    etree.indent(suites)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(etree.tostring(suites, xml_declaration=True, encoding="UTF-8"))


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"


def _plain(text: str) -> str:
    """The text without the control characters that XML 1.0, 2.2 cannot carry."""
    return "".join(
        letter if letter >= " " or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
