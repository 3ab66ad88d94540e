"""Fault scripts: which call meets which fault, and what a wrong script is told."""

from __future__ import annotations

import pytest

from esutd_bus.testbed.fault_script import (
    Fault,
    FaultsAtWork,
    FaultScript,
    FaultScriptError,
    Word,
    read_fault_script,
)

GBDFL = "GBDFL_UniversalServiceSync"


class Clock:
    """Seconds, as a test sets them."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def met(script: str, calls: int, service: str = GBDFL, operation: str = "SendMessage") -> list[int]:
    """Which of so many calls meet a fault, counted from 1."""
    at_work = FaultsAtWork(read_fault_script(script))
    return [call for call in range(1, calls + 1) if at_work.meets(service, operation)]


@pytest.mark.parametrize(
    ("chosen", "calls"),
    [("", [1, 2, 3, 4]), ("call: 3", [3]), ("times: 2", [1, 2])],
)
def test_a_fault_says_which_calls_it_is_about(chosen: str, calls: list[int]) -> None:
    assert met(f"faults:\n  - do: hang\n    {chosen}\n", 4) == calls


def test_other_services_and_operations_are_not_counted() -> None:
    at_work = FaultsAtWork(
        read_fault_script(f"faults: [{{do: hang, service: {GBDFL}, operation: SendMessage, call: 1}}]")
    )

    assert at_work.meets("KDP_SERVICE", "SendMessage") is None
    assert at_work.meets(GBDFL, "sendMessage") is None
    assert at_work.meets(GBDFL, "SendMessage") is not None
    assert at_work.met == [1]


def test_chance_is_the_same_each_time_and_another_with_another_seed() -> None:
    script = "seed: {}\nfaults: [{{do: hang, probability: 0.5}}]"

    first = met(script.format(1), 40)
    assert first == met(script.format(1), 40)
    assert first != met(script.format(2), 40)
    assert 5 < len(first) < 35


def test_a_fault_begins_and_ends() -> None:
    clock = Clock()
    at_work = FaultsAtWork(read_fault_script("faults: [{do: refuse, after: 5, for: 10}]"), clock)
    refused = []
    for clock.now in (100, 104.9, 105, 114.9, 115):
        refused.append(at_work.refuses())

    assert refused == [False, False, True, True, False]


@pytest.mark.parametrize("word", ["duplicate", "wrong-signature"])
def test_what_the_bus_delivers_meets_only_faults_that_are_about_that(word: Word) -> None:
    at_work = FaultsAtWork(FaultScript(faults=(Fault(do="hang"), Fault(do="lost"), Fault(do=word))))

    found = at_work.meets(GBDFL, "deliver")
    assert found is not None
    assert found.word == word


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("faults:\n  - do: hang\n    sevice: X\n", "script, line 3: faults.sevice: unknown key"),
        ("faults:\n  - do: hang\n  - do: {cut: -1}\n", "script, line 3: faults.do.cut: "),
        ("faults:\n  - do: explode\n", "script, line 2: faults.do: Input should be 'refuse', 'hang', "),
        ("faults:\n  - do: hang\n    call: 1\n    times: 2\n", "`call` and `times` exclude each other"),
        ("faults:\n  - do: {cut: 1, html: 500}\n", "script, line 2: faults.do: say one thing that happens"),
        ("\nfaults:\n  - service: X\n", "script, line 3: faults.do: Field required"),
        ("faults:\n  - do: refuse\n    service: X\n", "`refuse` takes only `after` and `for`"),
        (
            "faults:\n  - {do: wrong-signature, operation: sendMessage}\n",
            "is about SendMessage and deliver alone",
        ),
        ("faults:\n  - do: {statuses: [LOST]}\n", "script, line 2: faults.do.statuses: "),
        ("faults:\n  - do: [\n", "script, line 3: "),
        ("- do: hang\n", "script, line 1: "),
    ],
)
def test_a_wrong_script_is_told_where(script: str, told: str) -> None:
    with pytest.raises(FaultScriptError) as caught:
        read_fault_script(script)
    assert told in str(caught.value)


def test_an_empty_script_is_none() -> None:
    assert read_fault_script("# nothing\n") == FaultScript()
