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

from esutd_bus.edge.accepting import Shares
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


def all_serve(server: Running, workers: int) -> None:
    """Until each of the workers takes connections."""

    def spread() -> bool:
        with ExitStack() as stack:
            opened = [stack.enter_context(connect(server)) for _ in range(2 * workers)]
            for connection in opened:
                connection.sendall(post("/health", method="GET", length=None, content_type=None))
                connection.recv(65536)
            return connections(server) == [2] * workers

    wait_until(spread, "all workers")
    wait_until(lambda: sum(connections(server)) == 0, "the end of those connections")


@pytest.mark.parametrize(("workers", "opened"), [(2, 8), (3, 9)])
def test_each_worker_gets_its_part_of_the_connections(tmp_path: Path, workers: int, opened: int) -> None:
    with running("asgi", tmp_path, workers=workers) as server, ExitStack() as stack:
        all_serve(server, workers)
        for _ in range(opened):
            stack.enter_context(connect(server))
        wait_until(lambda: sum(connections(server)) == opened, "all connections")
        assert connections(server) == [opened // workers] * workers


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
        for _ in range(6):
            stack.enter_context(connect(server))
        wait_until(lambda: sum(connections(server)) == 6, "all connections")
        assert connections(server) == [3, 3]


def test_who_takes_no_connections_is_not_the_one_with_the_fewest() -> None:
    shares = Shares()
    shares.tell(0, 5)
    shares.tell(1, 3)
    assert shares.fewest() == 3
    shares.close(1)
    assert shares.fewest() == 5
