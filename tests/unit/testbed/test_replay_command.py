from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fixture_folders import FAULT, scripted_service, write
from lxml import etree

from esutd_bus.commands.replay import replay_command
from esutd_bus.testbed.test_ca import TestCa

UNSIGNED = "signer: none\nendpoint: /soap\ncode: SCSE003\nfield: contract/number\n"

Run = Callable[..., Result]


@pytest.fixture
def endpoint() -> Iterator[str]:
    with scripted_service(lambda _: (500, FAULT)) as (url, _):
        yield url


@pytest.fixture
def run(tmp_path: Path, ca: TestCa, endpoint: str) -> Run:
    def invoke(*options: str, ca_dir: Path = ca.directory, at: str = endpoint) -> Result:
        arguments = [str(tmp_path), "--endpoint", at, "--ca", str(ca_dir), *options]
        return CliRunner().invoke(replay_command, arguments, env={"COLUMNS": "200"})

    return invoke


def test_all_as_expected_is_0(tmp_path: Path, run: Run) -> None:
    write(tmp_path, "faults/001-ask", UNSIGNED)
    result = run("--junit", str(tmp_path / "replay.xml"))
    assert result.exit_code == 0, result.output
    assert "1 fixtures: 1 as expected, 0 differ" in result.output
    assert len(etree.parse(tmp_path / "replay.xml").findall(".//testcase")) == 1


def test_a_difference_is_1_and_told(tmp_path: Path, run: Run) -> None:
    write(tmp_path, "faults/001-ask", UNSIGNED.replace("SCSE003", "SCSE004"))
    result = run()
    assert result.exit_code == 1
    assert "missing error: SCSE004" in result.output


def test_recording_makes_the_next_run_pass(tmp_path: Path, run: Run) -> None:
    write(tmp_path, "faults/001-ask", UNSIGNED.replace("SCSE003", "SCSE004"))
    assert "recorded: faults/001-ask" in run("--record").output
    assert run().exit_code == 0


def test_wrong_usage_and_broken_fixtures_are_2(tmp_path: Path, run: Run) -> None:
    assert run().exit_code == 2  # no fixtures
    folder = write(tmp_path, "faults/001-ask", UNSIGNED)
    for options in (
        ("--now", "yesterday"),
        ("--now", "2026-01-12T09:30:00"),
        ("--only", "other"),
        ("--what",),
    ):
        assert run(*options).exit_code == 2, options
    assert run("--only", "ask", "--now", "2026-01-12T09:30:00+05:00").exit_code == 0
    (folder / "expect.yaml").write_text(UNSIGNED + "colour: red\n")
    result = run()
    assert result.exit_code == 2
    assert "faults/001-ask/expect.yaml: colour: unknown key" in result.output


def test_no_service_or_no_test_ca_is_3(tmp_path: Path, run: Run) -> None:
    write(tmp_path, "faults/001-ask", UNSIGNED)
    unreachable = run(at="http://127.0.0.1:1")
    assert unreachable.exit_code == 3
    assert "no service answers at http://127.0.0.1:1" in unreachable.output
    absent = run(ca_dir=tmp_path / "nowhere")
    assert absent.exit_code == 3
    assert "no test CA was made here" in absent.output
