"""The store as the engine sees it: work goes in, durable outcomes come out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import psycopg
import structlog
from sqlalchemy import Table

from esutd_bus.register.dictionaries import Dictionaries
from esutd_bus.store import dictionaries, seals
from esutd_bus.store.connection import Connection, connect
from esutd_bus.store.unit_of_work import UnitOfWork
from esutd_bus.store.work import Outcome, RequestKey, StoreUnavailable, Work

SEAL_INTERVAL_SECONDS = 60.0

_log = structlog.get_logger(__name__)


class Store:
    """One per process: the unit of work's connection, and one for everything that is not on the way of a message."""

    def __init__(
        self,
        url: str,
        *,
        node: str,
        exchange_tables: Mapping[str, Table],
        on_dictionaries: Callable[[Dictionaries], None],
    ) -> None:
        self._url = url
        self._on_dictionaries = on_dictionaries
        self._work = UnitOfWork(
            url, node=node, exchange_tables=exchange_tables, reload_dictionaries=self._reload_dictionaries
        )
        self._aside: Connection | None = None
        self._aside_lock = asyncio.Lock()
        self._sealing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connects. Raises StoreUnavailable."""
        await self._work.open()
        self._sealing = asyncio.create_task(self._seal_at_intervals(), name="seals")

    async def close(self) -> None:
        """Finishes what waits, seals the journal, disconnects."""
        if self._sealing is not None:
            self._sealing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sealing
        await self._work.close()
        with contextlib.suppress(StoreUnavailable):
            await self._seal()
        if self._aside is not None:
            await self._aside.close()

    async def submit(self, work: Work) -> Outcome:
        """The outcome of a piece of work, once it is durable. Raises StoreUnavailable, StoreRejected."""
        return await self._work.submit(work)

    async def answered(self, key: RequestKey) -> bool:
        """Whether a request has its answer already, so that no registry need be asked."""
        async with self._aside_lock:
            connection = await self._beside()
            found = await connection.execute(
                "SELECT bound_at FROM request WHERE sender = %s AND request_id = %s",
                (key.sender, key.request_id),
            )
            row = await found.fetchone()
        return row is not None and (key.keeps is None or datetime.now(UTC) - row["bound_at"] <= key.keeps)

    async def ready(self) -> bool:
        """Whether the database answers."""
        try:
            async with self._aside_lock:
                await (await self._beside()).execute("SELECT 1")
        except (StoreUnavailable, psycopg.Error):
            return False
        return True

    async def _beside(self) -> Connection:
        try:
            if self._aside is None or self._aside.closed or self._aside.broken:
                self._aside = await connect(self._url)
        except (psycopg.OperationalError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        return self._aside

    async def _seal(self) -> None:
        async with self._aside_lock:
            try:
                await seals.seal(await self._beside())
            except psycopg.OperationalError as error:
                raise StoreUnavailable(str(error)) from error

    async def _seal_at_intervals(self) -> None:
        while True:
            await asyncio.sleep(SEAL_INTERVAL_SECONDS)
            try:
                await self._seal()
            except StoreUnavailable:
                _log.warning("the journal could not be sealed; it will be, when the database is back")

    async def _reload_dictionaries(self, connection: Connection) -> None:
        self._on_dictionaries(await dictionaries.read(connection))
