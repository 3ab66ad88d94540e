"""`make soak`, `make soak-kill`, `make bench-overload` and `make bench-scaling` count right, in short runs.

How fast anything is, nobody asks here.
"""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from benchmarks import batches, overload, scaling, soak
from benchmarks.place import Place
from benchmarks.services import Contender, ours

from esutd_bus.testbed.test_ca import TestCa

IDLE = 4300
"""More than the files that two processes may open by the usual limit, 1024, and than the kernel holds back for them."""


@pytest.fixture(scope="module")
def place(ca: TestCa, postgres: str, session_folder: Path) -> Place:
    return Place(session_folder, ca.directory, postgres)


@pytest.fixture(scope="module")
def service(place: Place) -> Iterator[Contender]:
    with ExitStack() as stack:
        with files_allowed(1024):  # as most systems have it for whoever asks for no more
            running = stack.enter_context(ours(place.folder, place.database("bench_load"), place.ca))
        yield running


@contextmanager
def files_allowed(count: int) -> Iterator[None]:
    """How many files this process, and those it starts, may open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_turn_tells_what_a_message_costs_each_side(place: Place, service: Contender) -> None:
    # The first answers of a machine that is busy may take more than one second.
    turn = scaling.Layout("2 workers", [service], 1500).turn(place, 4)
    assert min(turn.rate, turn.p50, turn.service, turn.wal) > 0


def test_contracts_of_batches_are_counted_one_by_one(place: Place, service: Contender) -> None:
    ((alone, together),) = batches.rates(service, place, rounds=1, seconds=0.1, entries=5)
    assert min(alone, together) > 0


def test_at_four_times_the_capacity_every_message_is_answered_one_way_or_the_other(
    place: Place, service: Contender
) -> None:
    told, _ = overload.one_round(service, place, overload.Effort(seconds=1), expected_rate=1000)
    phase = told["overload"]
    assert phase.accepted > 0
    assert phase.accepted + phase.refused > told["before"].accepted
    assert told["before"].refused == told["after"].refused == 0
    assert overload.ratios([told])["accepted_p99"] > 0


def test_idle_connections_keep_nobody_out(service: Contender) -> None:
    parts = urlsplit(service.url)
    address = (str(parts.hostname), int(parts.port or 0))
    with files_allowed(2 * IDLE), ExitStack() as stack:
        for _ in range(IDLE):
            stack.enter_context(socket.create_connection(address, timeout=20))
        for _ in range(8):  # at either worker
            one = stack.enter_context(socket.create_connection(address, timeout=20))
            one.sendall(b"GET /health HTTP/1.1\r\nHost: register\r\n\r\n")
            assert one.recv(100).startswith(b"HTTP/1.1 200")


def test_nothing_acknowledged_is_lost_where_a_worker_is_killed(place: Place, service: Contender) -> None:
    # The last test: by now the service has every connection that it needs.
    effort = soak.Effort(seconds=2, kill_every_seconds=1.2, sample_seconds=0.5, ahead=500, rest_seconds=0)
    soaked = soak.soak(service, place, effort)
    assert soaked.findings == []
    assert soaked.kills
    assert soaked.register.rows == soaked.register.acknowledged == len(soaked.seen.accepted) > 0
    assert {sample.workers for sample in soaked.watch.samples} >= {2}
    assert all(sample.connections and sample.files for sample in soaked.watch.samples[1:])
