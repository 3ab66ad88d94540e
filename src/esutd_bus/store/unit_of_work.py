"""The unit of work: what waits is taken as one batch, decided one by one, and committed once.

Nothing waits for a batch to fill: while one batch commits, the next gathers by itself. Two round trips a batch:
load the states, write what was decided. No rows are locked: every write is guarded by a unique key (a contract's
version, a request's id, a place in the chain), so that of two writers who decided on the same state one fails,
reloads and decides again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import structlog
from psycopg import errors
from sqlalchemy import Table

from esutd_bus.register.state import State
from esutd_bus.store import statements, tables
from esutd_bus.store.chain import open_chain
from esutd_bus.store.connection import Connection, connect
from esutd_bus.store.journal import Head, link
from esutd_bus.store.loading import Loaded, load
from esutd_bus.store.projection import Projection
from esutd_bus.store.work import Outcome, StoredAnswer, StoreRejected, StoreUnavailable, Work

MAX_BATCH = 64
_CONFLICTS = (errors.UniqueViolation, errors.DeadlockDetected, errors.SerializationFailure)
_TRIES_TOGETHER = 2
_TRIES_ALONE = 8

_log = structlog.get_logger(__name__)

Reload = Callable[[Connection], Awaitable[None]]


class UnitOfWork:
    """One connection, one task: the only writer of its chain."""

    def __init__(
        self, url: str, *, node: str, exchange_tables: Mapping[str, Table], reload_dictionaries: Reload
    ) -> None:
        self._url = url
        self._node = node
        self._exchange_tables = exchange_tables
        self._order = {table: n for n, table in enumerate(tables.metadata.sorted_tables)}
        self._reload_dictionaries = reload_dictionaries
        self._dictionary_version = -1
        self._queue: asyncio.Queue[tuple[Work, asyncio.Future[Outcome]] | None] = asyncio.Queue()
        self._connection: Connection | None = None
        self._head: Head | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connects, takes a chain, reads the dictionaries. Raises StoreUnavailable."""
        connection, _ = await self._ready()
        loaded = await load(connection, [])
        await self._follow_dictionaries(connection, loaded.dictionary_version)
        self._task = asyncio.create_task(self._run(), name="unit-of-work")

    async def close(self) -> None:
        """Finishes what waits, then lets go of the chain."""
        if self._task is not None:
            self._queue.put_nowait(None)
            await self._task
        await self._disconnect()

    async def submit(self, work: Work) -> Outcome:
        """Waits until the work is durable. Raises StoreUnavailable or StoreRejected.

        The work goes on to its end even where the caller is cancelled meanwhile.
        """
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((work, future))
        return await asyncio.shield(future)

    async def _run(self) -> None:
        waiting: list[tuple[Work, asyncio.Future[Outcome]]] = []
        stopping = False
        while not stopping or waiting:
            if not waiting:
                first = await self._queue.get()
                if first is None:
                    stopping = True
                    continue
                waiting.append(first)
            while len(waiting) < MAX_BATCH and not self._queue.empty():
                item = self._queue.get_nowait()
                if item is None:
                    stopping = True
                    break
                waiting.append(item)
            batch, waiting = waiting[:MAX_BATCH], waiting[MAX_BATCH:]
            deferred = await self._finish(batch)
            waiting[:0] = deferred

    async def _finish(
        self, batch: list[tuple[Work, asyncio.Future[Outcome]]]
    ) -> list[tuple[Work, asyncio.Future[Outcome]]]:
        """Answers every future of the batch; gives back those that must see this batch's effects first."""
        futures = dict(batch)
        try:
            outcomes = await self._attempt(list(futures), tries=_TRIES_TOGETHER)
        except (psycopg.OperationalError, psycopg.InterfaceError, StoreUnavailable, OSError) as error:
            await self._disconnect()
            _log.warning("database unavailable", error=type(error).__name__, waiting=len(batch))
            for future in futures.values():
                _fail(future, StoreUnavailable("the database cannot be reached"))
            return []
        except Exception as error:  # whatever one message provokes must not touch its neighbours
            if len(batch) > 1:
                for item in batch:
                    batch_of_one = [item]
                    while batch_of_one:
                        batch_of_one = await self._finish(batch_of_one)
                return []
            _log.exception("message rejected by the store", error=type(error).__name__)
            contended = isinstance(error, _CONFLICTS)
            _fail(
                batch[0][1],
                StoreUnavailable("contended") if contended else StoreRejected(type(error).__name__),
            )
            return []
        for work, outcome in outcomes.items():
            future = futures.pop(work)
            if not future.done():
                future.set_result(outcome)
        return list(futures.items())

    async def _attempt(self, batch: list[Work], *, tries: int) -> dict[Work, Outcome]:
        tries = max(tries, _TRIES_ALONE if len(batch) == 1 else 0)
        while True:
            connection, head = await self._ready()
            loaded = await load(connection, batch)
            await self._follow_dictionaries(connection, loaded.dictionary_version)
            tries -= 1
            try:
                return await self._write(connection, head, *_decide(batch, loaded))
            except _CONFLICTS:
                if not tries:
                    raise
                # Whoever wrote on our chain, or beside it: look again where it ends.
                self._head = None

    async def _write(
        self,
        connection: Connection,
        head: Head,
        outcomes: dict[Work, Outcome],
        rebound: set[Work],
    ) -> dict[Work, Outcome]:
        projection = Projection(self._exchange_tables)
        moved = replace(head)
        for work, outcome in outcomes.items():
            for record in (*work.records, outcome.answer):
                projection.inserts[tables.message].append(link(moved, record))
            projection.add(outcome, work.records[0])
            if outcome.binds and work.key is not None:
                target = projection.updates if work in rebound else projection.inserts
                target[tables.request].append(
                    {
                        "sender": work.key.sender,
                        "request_id": work.key.request_id,
                        "operation": work.key.operation,
                        "payload_sha256": work.key.payload_sha256,
                        "answer_id": outcome.answer.id,
                        "bound_at": datetime.now(UTC),
                    }
                )
        async with connection.pipeline(), connection.transaction():
            for table, rows in sorted(
                projection.inserts.items(), key=lambda item: self._order.get(item[0], 99)
            ):
                await connection.execute(*statements.insert(table, rows))
            for table, rows in projection.updates.items():
                await connection.execute(*statements.update(table, rows))
            await connection.execute(
                "UPDATE journal_chain SET seq = %s, hash = %s WHERE chain = %s",
                (moved.seq, moved.hash, moved.chain),
            )
        # Only now: a head that moved before its commit would leave a hole.
        self._head = moved
        return outcomes

    async def _ready(self) -> tuple[Connection, Head]:
        try:
            if self._connection is None or self._connection.closed:
                self._head = None
                self._connection = await connect(self._url, by_key=True)
            if self._head is None:
                self._head = await open_chain(self._connection, self._node)
        except (psycopg.OperationalError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        return self._connection, self._head

    async def _disconnect(self) -> None:
        connection, self._connection, self._head = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close()

    async def _follow_dictionaries(self, connection: Connection, version: int) -> None:
        if version != self._dictionary_version:
            await self._reload_dictionaries(connection)
            self._dictionary_version = version


def _decide(batch: Sequence[Work], loaded: Loaded) -> tuple[dict[Work, Outcome], set[Work]]:
    """The outcomes of the batch, and which of them replace an answer that no longer holds.

    A command that meets what an earlier one of the same batch has touched is left out: it decides in the next
    batch, on the state as it is then.
    """
    outcomes: dict[Work, Outcome] = {}
    rebound: set[Work] = set()
    touched: set[tuple[str, object]] = set()
    for work in batch:
        state = loaded.state(work.employer, work.needs)
        keys = _touches(work, state)
        if not touched.isdisjoint(keys):
            continue
        stored = loaded.answer(work.key)
        if stored is not None and _expired(work, stored):
            rebound.add(work)
            stored = None
        outcome = work.decide(state, stored)
        outcomes[work] = outcome
        if outcome.events:
            touched |= keys
        if work.key is not None:
            touched.add(("request", (work.key.sender, work.key.request_id)))
    return outcomes, rebound


def _touches(work: Work, state: State) -> set[tuple[str, object]]:
    needs, employer = work.needs, work.employer
    keys: set[tuple[str, object]] = {
        ("contract", row["id"]) for row in (state.contract_by_id, state.contract_by_external_id) if row
    }
    if needs.contract_external_id is not None:
        keys.add(("external id", (employer, needs.contract_external_id)))
    if needs.contract_number is not None:
        keys.add(("number", (employer, needs.contract_number)))
    if needs.amendment_external_id is not None:
        keys.add(("amendment", (employer, needs.amendment_external_id)))
    if work.key is not None:
        keys.add(("request", (work.key.sender, work.key.request_id)))
    return keys


def _expired(work: Work, stored: StoredAnswer) -> bool:
    keeps = work.key.keeps if work.key else None
    return keeps is not None and datetime.now(UTC) - stored.bound_at > keeps


def _fail(future: asyncio.Future[Outcome], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
