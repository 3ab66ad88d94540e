"""Of a few connections that last, each worker gets its part; and nobody waits for one that cannot come."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from servers import Running, running, wait_until
from test_asgi_server import connect
from test_http import ENVELOPE, answered

from esutd_bus.edge import accepting
from esutd_bus.edge.accepting import Board, Turn
from support.wire import post, read


def workers_of(server: Running) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children()  # type: ignore[no-any-return]


def connections(server: Running) -> list[int]:
    """How many each worker has, the fewest first."""
    port = int(server.url.rpartition(":")[2])
    return sorted(
        sum(
            one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port
            for one in worker.net_connections("tcp")
        )
        for worker in workers_of(server)
    )


def assert_even(server: Running) -> None:
    """Each has at least half of its part: workers are not always at once on a processor."""
    counts = connections(server)
    assert 2 * len(counts) * counts[0] >= sum(counts), counts


def all_serve(server: Running, workers: int) -> None:
    """Until each of the workers takes connections."""

    def spread() -> bool:
        with ExitStack() as stack:
            opened = [stack.enter_context(connect(server)) for _ in range(2 * workers)]
            for connection in opened:
                connection.sendall(post("/health", method="GET", length=None, content_type=None))
                connection.recv(65536)
            counts = connections(server)
            return len(counts) == workers and counts[0] > 0

    wait_until(spread, "all workers")
    wait_until(lambda: sum(connections(server)) == 0, "the end of those connections")


@pytest.mark.parametrize(("workers", "opened"), [(2, 16), (3, 21)])
def test_each_worker_gets_its_part_of_the_connections(tmp_path: Path, workers: int, opened: int) -> None:
    with running("asgi", tmp_path, workers=workers) as server, ExitStack() as stack:
        all_serve(server, workers)
        for _ in range(opened):
            stack.enter_context(connect(server))
        wait_until(lambda: sum(connections(server)) == opened, "all connections")
        assert_even(server)


def test_a_worker_with_fewer_connections_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    with running("asgi", tmp_path, workers=2) as server, ExitStack() as stack:
        all_serve(server, 2)
        silent = workers_of(server)[0]
        silent.suspend()
        try:
            for _ in range(6):
                connection = stack.enter_context(connect(server))
                connection.sendall(post("/soap/test", ENVELOPE))
                response = read(stack.enter_context(connection.makefile("rb")), b"POST")
                assert response is not None
                assert answered(response, ENVELOPE)
        finally:
            silent.resume()


def test_a_worker_that_is_started_in_the_place_of_another_gets_its_part(tmp_path: Path) -> None:
    with running("asgi", tmp_path, workers=2) as server, ExitStack() as stack:
        all_serve(server, 2)
        killed = workers_of(server)[0]
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        wait_until(lambda: len(workers_of(server)) == 2, "another worker")
        all_serve(server, 2)
        for _ in range(16):
            stack.enter_context(connect(server))
        wait_until(lambda: sum(connections(server)) == 16, "all connections")
        assert_even(server)


class Two:
    """Workers at one board."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(accepting, "monotonic", lambda: self.now)
        self.open = [0, 0]
        board = Board()
        self.first, self.second = (Turn(board, place, lambda n=place: self.open[n]) for place in (0, 1))  # type: ignore[misc]


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Two:
    return Two(monkeypatch)


def test_turns_are_taken_one_after_the_other(two: Two) -> None:
    for _ in range(2):  # there is nobody else
        assert two.first.is_mine(1)
        two.first.took()
    two.now += 1
    two.second.tell()
    assert two.second.is_mine(1)
    two.second.took()
    assert not two.second.is_mine(1)
    assert not two.second.has_moved()
    assert two.first.is_mine(1)
    two.first.took()
    two.first.tell()
    assert two.second.has_moved()
    assert two.second.is_mine(1)
    two.second.took()
    assert not two.second.is_mine(1)
    two.first.leave()
    assert two.second.is_mine(1)


def test_a_connection_that_comes_alone_goes_to_the_worker_with_fewer(two: Two) -> None:
    two.open = [5, 3]
    two.first.tell()
    two.second.tell()
    assert not two.first.is_mine(1)
    assert two.second.is_mine(1)


def test_of_many_that_come_at_once_each_takes_its_share_whatever_is_open(two: Two) -> None:
    """After all connections broke, one worker may not know yet that its own are gone."""
    two.open = [700, 0]
    two.first.tell()
    assert two.first.share(100) == 100
    two.second.tell()
    assert [two.first.share(waiting) for waiting in (0, 1, 100, 101)] == [1, 1, 50, 51]
    taken = 0
    while two.second.is_mine(50):
        two.second.took()
        taken += 1
    assert taken in (49, 50, 51)
    assert two.first.is_mine(50)


def test_others_who_come_and_go_do_not_make_up_for_the_one_whose_turn_it_is() -> None:
    """Or two would wait for a third that is stopped, each for what the other does meanwhile."""
    open_ = [5, 6, 0]
    board = Board()
    first, second, silent = (Turn(board, place, lambda n=place: open_[n]) for place in range(3))  # type: ignore[misc]
    for turn in (first, second, silent):
        turn.tell()
    assert not first.is_mine(1)
    open_[1] = 7
    second.tell()
    assert not first.has_moved()
    open_[2] = 1
    silent.tell()
    assert first.has_moved()
