"""Revocation lists are fetched when they are due, and kept when they verify."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import structlog

from esutd_bus.signature.revocation.problem import NotBelieved, Problem
from esutd_bus.signature.revocation.revocation_list import read_revocation_list
from esutd_bus.store import revocation_lists as store
from esutd_bus.store.revocation_lists import FetchedList, ListState
from esutd_bus.work import retrying
from esutd_bus.work.collecting import NotCollected

if TYPE_CHECKING:
    from esutd_bus.work.collecting import Collector
    from esutd_bus.work.sources import Sources

_log = structlog.get_logger(__name__)


class ListRefresher:
    """Fetches. A list that does not verify, or is older than the one that is here, replaces nothing."""

    def __init__(self, sources: Sources, collector: Collector, clock: Callable[[], datetime]) -> None:
        """`clock`: the present that lists are judged at; when to try again is told by the machine's own."""
        self._sources = sources
        self._collector = collector
        self._clock = clock

    def refresh(
        self,
        connection: psycopg.Connection[dict[str, Any]],
        is_due: Callable[[ListState, datetime], bool] = lambda state, now: state.next_try <= now,
    ) -> None:
        """Fetches each list that is due. Raises psycopg.Error."""
        for state in store.states(connection, self._sources.crl_urls, datetime.now(UTC)):
            if is_due(state, datetime.now(UTC)):
                self._fetch(connection, state)

    def _fetch(self, connection: psycopg.Connection[dict[str, Any]], state: ListState) -> None:
        interval = self._sources.crl_interval
        try:
            fetched = self._verified(self._collector.get(state.url), state)
        except (NotCollected, NotBelieved) as error:
            now = datetime.now(UTC)
            next_try = retrying.after_failure(now, interval, state.failures)
            store.keep_failure(connection, state.url, str(error), now, next_try)
            _log.warning("no revocation list", url=state.url, error=str(error), failures=state.failures + 1)
            return
        now = datetime.now(UTC)
        next_try = retrying.after_success(now, interval, fetched.next_update)
        if store.keep(connection, state.url, fetched, now, next_try):
            _log.info(
                "revocation list", url=state.url, kind=fetched.kind, number=fetched.number,
                this_update=fetched.this_update.isoformat(), next_update=fetched.next_update.isoformat(),
            )  # fmt: skip

    def _verified(self, der: bytes, state: ListState) -> FetchedList:
        found = read_revocation_list(der, self._sources.authorities.values())
        found.period.require(self._clock(), self._sources.tolerance)
        fetched = FetchedList(
            kind="delta" if found.is_delta else "whole",
            issuer=found.issuer,
            number=found.number,
            this_update=found.period.this_update,
            next_update=found.period.next_update,
            der=der,
        )
        _require_successor(fetched, state)
        return fetched


def _require_successor(fetched: FetchedList, state: ListState) -> None:
    """Whoever stands between us and the authority can exchange its lists, though not forge them."""
    if state.this_update is None:
        return
    if (fetched.issuer, fetched.kind) != (state.issuer, state.kind):
        told = f"a {fetched.kind} list of {fetched.issuer} is not what was here: a {state.kind} list of {state.issuer}"
        raise NotBelieved(Problem.ISSUER, told)
    if fetched.this_update < state.this_update:
        told = f"it is of {fetched.this_update.isoformat()}, older than the list that is here"
        raise NotBelieved(Problem.STALE, told)
