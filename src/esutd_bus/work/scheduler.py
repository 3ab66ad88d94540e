"""The scheduler: each job at its interval, in a thread and on a connection of its own, until the process is stopped."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

import psycopg
import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from esutd_bus.logs import trace
from esutd_bus.own_keys import open_keys
from esutd_bus.store.connection import connect_now
from esutd_bus.work.labour_activity import LabourActivity
from esutd_bus.work.refresh_trust import RefreshTrust
from esutd_bus.work.retention import Retention
from esutd_bus.work.sources import Sources

if TYPE_CHECKING:
    from esutd_bus.settings import Settings

_LOOK_FOR_PARENT_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)


class Job(Protocol):
    """What is done at intervals. That only one node does it, where it matters, is the job's own affair."""

    @property
    def name(self) -> str:
        """For the log."""

    @property
    def seconds(self) -> float:
        """From one beginning to the next; a job that takes longer misses turns."""

    def run(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        """Does it, on a connection that commits by itself. May raise psycopg.Error."""


@runtime_checkable
class WorksBeside(Protocol):
    """A job that has something under way between its turns."""

    def finish(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        """Brings that to an end, after the last turn. May raise psycopg.Error."""


def jobs_of(settings: Settings) -> Sequence[Job]:
    """What there is to do. Raises TrustError, ConfigurationError, KeyFileError, MappingError."""
    jobs: list[Job] = []
    sources = Sources.of(settings)
    if sources:
        jobs.append(RefreshTrust(settings, sources))
    keys = open_keys(settings)
    keys.watch()
    if settings.checks_wanted and settings.trust_dir is not None:
        from esutd_bus.work.registry_checks import RegistryChecks  # noqa: PLC0415  # zeep is slow to load

        jobs.append(RegistryChecks.of(settings, keys))
    if settings.key_file:
        jobs.append(LabourActivity(keys, settings.clock))
    else:
        _log.warning("requests for labour activity stay in progress", missing="ESUTD_KEY_FILE")
    if settings.bus_async_url:
        from esutd_bus.work.outbox_jobs import outbox_jobs  # noqa: PLC0415  # zeep is slow to load

        jobs += outbox_jobs(settings, keys if settings.key_file else None)
    if Retention.has_something_to_do(settings):
        jobs.append(Retention(settings))
    return jobs


def work(jobs: Sequence[Job], database_url: str, parent: int | None = None) -> None:
    """Works until SIGTERM or SIGINT, or until the parent process is gone; what is under way is finished.

    For a process's main thread.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(max(1, len(jobs)))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    turns = {job: _Turns(job, database_url) for job in jobs}
    for job in jobs:
        scheduler.add_job(
            turns[job].take,
            "interval",
            seconds=job.seconds,
            id=job.name,
            next_run_time=datetime.now(UTC),
        )
    scheduler.start()
    while not stopping.wait(_LOOK_FOR_PARENT_SECONDS):
        if parent is not None and os.getppid() != parent:
            _log.warning("the process that started this one is gone")
            break
    scheduler.shutdown(wait=True)
    for each in turns.values():
        each.finish()


class _Turns:
    """A job's turns: whatever one of them meets, the next one begins anew."""

    def __init__(self, job: Job, database_url: str) -> None:
        self._job = job
        self._url = database_url
        self._connection: psycopg.Connection[dict[str, Any]] | None = None
        self._is_away = False

    def take(self) -> None:
        self._do(self._job.run)

    def finish(self) -> None:
        """What the job has under way is brought to an end."""
        if isinstance(self._job, WorksBeside):
            self._do(self._job.finish)

    def _do(self, do: Callable[[psycopg.Connection[dict[str, Any]]], None]) -> None:
        try:
            if self._connection is None:
                self._connection = connect_now(self._url)
                self._connection.autocommit = True
            do(self._connection)
            self._is_away = False
        except psycopg.Error as error:
            if not self._is_away:  # told once, not at every turn
                _log.warning("job interrupted by the database", job=self._job.name, error=str(error))
            self._is_away = True
            self._disconnect()
        except Exception as error:  # noqa: BLE001  # no mistake in one turn may end all turns
            _log.error("job failed", job=self._job.name, trace=trace(error))
            self._disconnect()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
