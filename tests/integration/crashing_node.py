"""A node that dies at the n-th of its points: run as a process of its own, which forks a node for each line it reads.

Points are found by instrumentation: before and after every commit of the job that writes, and after every call to the
bus, when what it did is not recorded yet. In: `DATABASE BUS N`, the point to die at, 0: none. Out: how many points were
passed, or `killed`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import structlog
from outbox_at_work import at_work, delivery_by

from esutd_bus.registries.transport import ChannelTransport
from esutd_bus.work.delivery import Delivery

KILLED = "killed"
DEADLINE = timedelta(seconds=5)


class Points:
    """Counts, and dies when it is time."""

    def __init__(self, fatal: int) -> None:
        self._fatal = fatal
        self._lock = threading.Lock()
        self.passed = 0

    def point(self) -> None:
        with self._lock:
            self.passed += 1
            if self.passed == self._fatal:
                os.kill(os.getpid(), signal.SIGKILL)


def instrument(points: Points) -> None:
    """From now on the process passes points."""
    transaction, post = psycopg.Connection.transaction, ChannelTransport.post

    @contextlib.contextmanager
    def counted_transaction(self: Any, *arguments: Any) -> Iterator[Any]:
        with transaction(self, *arguments) as opened:
            yield opened
            writes = self.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS writes").fetchone()[
                "writes"
            ]
            if writes:
                points.point()
        if writes:
            points.point()

    def counted_post(self: Any, *arguments: Any) -> Any:
        try:
            return post(self, *arguments)
        finally:
            points.point()

    psycopg.Connection.transaction = counted_transaction  # type: ignore[method-assign]  # that is the point
    ChannelTransport.post = counted_post  # type: ignore[method-assign]  # the same


def node(database: str, bus: str, delivery: Delivery, fatal: int) -> int:
    """A node's life; the points it passed."""
    points = Points(fatal)
    instrument(points)
    with at_work(database, bus, delivery, deadline=DEADLINE, most_setbacks=2) as work:
        work.until_idle()
    return points.passed


def main() -> None:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("ERROR"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    delivery: Delivery | None = None
    for line in sys.stdin:
        database, bus, fatal = line.split()
        delivery = delivery or delivery_by(bus, DEADLINE)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(writing, str(node(database, bus, delivery, int(fatal))).encode())
            finally:
                os._exit(0)
        os.close(writing)
        told = os.read(reading, 100).decode()
        os.close(reading)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{KILLED if os.WIFSIGNALED(status) else told or 'failed'}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
