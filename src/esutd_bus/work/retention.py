"""The job «retention»: what was kept as long as the settings say goes into the archive, or goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import psycopg
import structlog

from esutd_bus.safekeeping.archive import ArchiveError, archive
from esutd_bus.store import retention
from esutd_bus.store.singleton import alone

if TYPE_CHECKING:
    from esutd_bus.settings import Settings

LOCK: Final = "esutd-bus archive"
"""Held by whoever archives, the job or the command."""

_log = structlog.get_logger(__name__)


class Retention:
    """A `scheduler.Job`. Ages are real time, whatever the rules take for the present."""

    name: Final = "retention"
    seconds: Final = 6 * 3600.0

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @staticmethod
    def has_something_to_do(settings: Settings) -> bool:
        """Whether anything is to be kept for some time only."""
        kept = (settings.keep_bodies_days, settings.keep_requests_days, settings.keep_certificates_days)
        return any(days is not None for days in kept)

    def run(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        """Does what is due, unless another node is at it. Raises psycopg.Error."""
        with alone(connection, LOCK) as is_alone:
            if is_alone:
                self._archive(connection)
                self._forget(connection)

    def _archive(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        before, folder = _ago(self._settings.keep_bodies_days), self._settings.archive_dir
        if before is None or folder is None:
            return
        try:
            done = archive(connection, folder, before)
        except (ArchiveError, OSError) as error:
            # What is there already stays, in the database; the rest of the job does not hang on it.
            _log.error("journal not archived", error=str(error))
        else:
            _log.info("journal archived", slices=done.slices, records=done.records, released=done.released)

    def _forget(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        if (before := _ago(self._settings.keep_requests_days)) is not None:
            _log.info("requests unbound", count=retention.forget_requests(connection, before))
        if (before := _ago(self._settings.keep_certificates_days)) is not None:
            _log.info("certificates forgotten", count=retention.forget_certificates(connection, before))


def _ago(days: float | None) -> datetime | None:
    return None if days is None else datetime.now(UTC) - timedelta(days=days)
