"""The job «refresh trust»: revocation lists and certificates' statuses, by one node at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import psycopg

from esutd_bus.revocation_memory import SEEN_LATELY
from esutd_bus.store import certificate_statuses, revocation_lists
from esutd_bus.store.singleton import alone
from esutd_bus.work import metrics
from esutd_bus.work.certificate_statuses import StatusRefresher
from esutd_bus.work.collecting import Collector
from esutd_bus.work.revocation_lists import ListRefresher

if TYPE_CHECKING:
    from esutd_bus.settings import Settings
    from esutd_bus.work.sources import Sources

_LOCK: Final = "esutd-bus refresh trust"


class RefreshTrust:
    """A `scheduler.Job`. Used by one thread; its connections commit by themselves."""

    name: Final = "refresh trust"

    seconds: Final = 2.0
    """A look into the database costs little, and a certificate seen for the first time waits for it."""

    def __init__(self, settings: Settings, sources: Sources) -> None:
        self._sources = sources
        collector = Collector(settings.revocation_deadline_seconds)
        self._lists = ListRefresher(sources, collector, settings.clock)
        self._statuses = StatusRefresher(sources, collector, settings.clock)

    def run(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        """Fetches and asks what is due, unless another node is at it. Raises psycopg.Error."""
        with alone(connection, _LOCK) as is_alone:
            if is_alone:
                self._lists.refresh(connection)
                self._statuses.refresh(connection, _seen_since())
        # Whichever node has done it, each tells the metrics.
        now = datetime.now(UTC)
        metrics.tell(
            revocation_lists.states(connection, self._sources.crl_urls, now),
            certificate_statuses.counts(connection, _seen_since()),
        )

    def everything(self, connection: psycopg.Connection[dict[str, Any]]) -> bool:
        """Fetches all lists now, and asks about all certificates soon; False where another node is at it."""
        with alone(connection, _LOCK) as is_alone:
            if is_alone:
                self._lists.refresh(connection, lambda _state, _now: True)
                certificate_statuses.make_due(connection, datetime.now(UTC))
                self._statuses.refresh(connection, _seen_since())
            return is_alone

    def what_was_never_fetched(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        """For the start: so that the first messages are not judged without lists."""
        with alone(connection, _LOCK) as is_alone:
            if is_alone:
                self._lists.refresh(connection, lambda state, _now: state.fetched_at is None)


def _seen_since() -> datetime:
    return datetime.now(UTC) - SEEN_LATELY
