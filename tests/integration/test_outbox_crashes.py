"""The crash matrix: a node dies by kill -9 at every commit and between every call and its record; nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from crashing_node import KILLED
from outbox_at_work import OutboxAtWork
from store_works import rows

from esutd_bus.store.outbox_state import OutboxState
from esutd_bus.testbed.fault_script import Fault
from esutd_bus.testbed.simulated_bus import SimulatedBus
from support.breaking import CUT, NOT_DELIVERED, REFUSES, STOPPED, Does, always, delivered, once, plays

HERE = Path(__file__).parent
SOME = 12
"""One in so many points is tried where not all are asked for."""

WAYS: dict[str, tuple[Does | None, str]] = {
    "well": (None, "DELIVERED"),
    "refused": (REFUSES, "DELIVERED"),
    "cut": (CUT, "DELIVERED"),
    "lost": ("lost", "DELIVERED"),
    "not-delivered": (NOT_DELIVERED, "DELIVERED"),
    "stopped": (STOPPED, "DEAD"),
    "poison": (REFUSES, "DEAD"),
    "request": (CUT, "ANSWERED"),
}
"""What the bus does with the first try at a message, and where that must end, whoever dies meanwhile."""

FOR_EVER = ("poison", "stopped")
"""… with each try."""


class Nodes:
    """A process that forks nodes."""

    def __init__(self, process: subprocess.Popen[str], database: str, bus: str) -> None:
        self._process, self._where = process, f"{database} {bus}"

    def live(self, fatal: int = 0) -> str:
        """Points passed, or `killed`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{self._where} {fatal}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@contextmanager
def nodes(database: str, bus: str) -> Iterator[Nodes]:
    path = os.pathsep.join([str(HERE), str(HERE.parent), *sys.path])
    process = subprocess.Popen(
        [sys.executable, str(HERE / "crashing_node.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    with process:
        yield Nodes(process, database, bus)
        process.stdin.close()  # type: ignore[union-attr]  # it is a pipe


def put_out(work: OutboxAtWork, bus: SimulatedBus, number: int) -> dict[UUID, str]:
    """A message for each way, to destinations of their own; behind each another one about the same contract."""
    expected: dict[UUID, str] = {}
    faults: list[Fault] = []
    for place, (way, (does, end)) in enumerate(WAYS.items()):
        destination = f"{way}-{number}"
        if does is not None:
            faults += [always(destination, does)] if way in FOR_EVER else once(destination, does)
        kind = "REQUEST" if way == "request" else "NOTIFICATION"
        expected[work.put(destination, kind, contract_id=UUID(int=number * 100 + place), version=1)] = end
    plays(bus, *faults)
    destination = f"well-{number}"
    expected[work.put(destination, contract_id=UUID(int=number * 100), version=2)] = "DELIVERED"
    return expected


def what_is_wrong(database: str, bus: SimulatedBus, expected: dict[UUID, str], number: int) -> list[str]:
    """Of one life and the next: what did not end as it must, what had no effect or two."""
    with psycopg.connect(database) as connection:
        found = dict(
            connection.execute(
                "SELECT id, state FROM outbox WHERE id = ANY(%s)", (list(expected),)
            ).fetchall()
        )
    wrong = [
        f"{number}: {each} is {found[each]}, not {end}"
        for each, end in expected.items()
        if found[each] != end
    ]
    effects = delivered(bus)
    for each, end in expected.items():
        if effects.count(str(each)) != (end != "DEAD"):
            wrong.append(f"{number}: {each} had {effects.count(str(each))} effects")
    chain = [str(each) for each in expected]
    first, second = chain[0], chain[-1]
    if effects.index(first) > effects.index(second):
        wrong.append(f"{number}: {second} came before {first}")
    return wrong


def test_wherever_a_node_dies_every_message_has_its_one_effect(
    database: str, bus: SimulatedBus, work: OutboxAtWork, request: pytest.FixtureRequest
) -> None:
    every = request.config.getoption("--every-crash")
    with nodes(database, bus.async_url) as node:
        expected = put_out(work, bus, 0)
        points = int(node.live())
        wrong = what_is_wrong(database, bus, expected, 0)
        assert points > 30
        met: set[str] = set()
        killed = 0
        step = 1 if every else SOME
        # Threads take turns as they like, and pauses are left to chance: a life may have more points than the first.
        fatals = range(1, points + points // 4, step)
        for fatal in fatals:
            expected = put_out(work, bus, fatal)
            killed += node.live(fatal) == KILLED
            found = rows(database, "SELECT DISTINCT state FROM outbox WHERE id = ANY(%s)", list(expected))
            met |= {state for (state,) in found}
            assert node.live().isdecimal()
            wrong += what_is_wrong(database, bus, expected, fatal)
        assert wrong == []
        assert not every or met == {state.value for state in OutboxState} - {"ABORTED"}, (
            "they died at every state"
        )
        assert killed >= points / step * 0.7
