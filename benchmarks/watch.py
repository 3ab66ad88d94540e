"""A service watched from outside while it works: its workers' memory and open files, its connections to PostgreSQL."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, Self

import psutil  # type: ignore[import-untyped]
import psycopg

if TYPE_CHECKING:
    from benchmarks.services import Contender

_LOOKS: Final = 10
_BETWEEN_LOOKS_SECONDS: Final = 0.2
_CONNECTIONS: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


@dataclass(frozen=True)
class Sample:
    """What was there at a moment."""

    second: float
    """Since the watch began."""

    workers: int
    megabytes: float
    """PSS of the workers together."""

    files: int
    """Which the workers have open, connections among them."""

    connections: int
    """To PostgreSQL, those of jobs among them."""


def workers_of(service: Contender) -> list[psutil.Process]:
    """Its worker processes: forked from the main one, of which they have kept the command line."""
    main = psutil.Process(service.process.pid)
    ours = main.cmdline()
    return [child for child in main.children() if _command(child) == ours]


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def connections_of(service: Contender) -> int:
    """Its connections to PostgreSQL at rest: the fewest that were seen, for jobs come and go."""
    looks = []
    with psycopg.connect(service.database, autocommit=True) as connection:
        for _ in range(_LOOKS):
            looks.append(_count(connection))
            time.sleep(_BETWEEN_LOOKS_SECONDS)
    return min(looks)


def _count(connection: psycopg.Connection) -> int:
    found = connection.execute(_CONNECTIONS).fetchone()
    return int(found[0]) if found else 0


class Watch:
    """Takes samples, in a thread, within a `with`."""

    def __init__(self, service: Contender, interval_seconds: float) -> None:
        self.samples: list[Sample] = []
        self._service, self._interval = service, interval_seconds
        self._stop = Event()
        self._thread = Thread(target=self._go, name="watch")
        self._begun = time.monotonic()

    def __enter__(self) -> Self:
        """It begins."""
        self._begun = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """It ends."""
        self._stop.set()
        self._thread.join()

    def growth(self, settled_seconds: float) -> float:
        """By which share the workers' memory grew between the first and the last tenth of what came after that time.

        Only of samples in which no worker was missing.
        """
        most = max(sample.workers for sample in self.samples)
        sizes = [
            one.megabytes for one in self.samples if one.second >= settled_seconds and one.workers == most
        ]
        tenth = max(1, len(sizes) // 10)
        return median(sizes[-tenth:]) / median(sizes[:tenth]) - 1

    def _go(self) -> None:
        with psycopg.connect(self._service.database, autocommit=True) as connection:
            while True:
                self._take(connection)
                if self._stop.wait(self._interval):
                    return

    def _take(self, connection: psycopg.Connection) -> None:
        megabytes, files, count = 0.0, 0, 0
        for worker in workers_of(self._service):
            try:
                megabytes += worker.memory_full_info().pss / 1e6
                files += worker.num_fds()
            except psutil.Error:  # it was killed while we looked
                continue
            count += 1
        second = time.monotonic() - self._begun
        self.samples.append(Sample(round(second, 1), count, round(megabytes, 1), files, _count(connection)))
