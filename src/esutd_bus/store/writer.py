"""A writer: one connection and the chain it holds, on which batches are loaded, decided and written."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import psycopg
from psycopg import errors
from sqlalchemy import Table

from esutd_bus.store import statements, tables
from esutd_bus.store.chain import head_of, open_chain
from esutd_bus.store.connection import Asked, Connection, connect
from esutd_bus.store.decision import Decided, decide, expects_nothing, is_guarded
from esutd_bus.store.editions import Followed, in_force
from esutd_bus.store.journal import Head, Record, link
from esutd_bus.store.loading import Nothing, load
from esutd_bus.store.projection import Projection
from esutd_bus.store.subscriptions import Subscriptions
from esutd_bus.store.work import Outcome, RequestKey, StoreUnavailable, Work

_WARY_BATCHES = 32
"""So many batches are loaded first after one that was not all new, and right: where there is one there are more."""

_MOVE_HEAD = "UPDATE journal_chain SET seq = %s, hash = %s WHERE chain = %s"


class Writer:
    """Two round trips a batch: load the states, write what was decided.

    One, where all of a batch is new: it is decided as if nothing of it were there, and written; the unique keys tell if
    that was wrong, and then it is loaded and decided like any other.

    No rows are locked: every write is guarded by a unique key (a contract's version, a request's id, a place in
    the chain), so that of two writers who decided on the same state one fails, and may try again.
    """

    def __init__(
        self,
        url: str,
        *,
        node: str,
        exchange_tables: Mapping[str, Table],
        followed: Followed,
        subscriptions: Subscriptions,
    ) -> None:
        self._url = url
        self._node = node
        self._exchange_tables = exchange_tables
        self._subscriptions = subscriptions
        in_order = (*tables.metadata.sorted_tables, *exchange_tables.values())
        self._order = {table: place for place, table in enumerate(in_order)}
        self._followed = followed
        self._connection: Connection | None = None
        self._chain: str | None = None
        self._head: Head | None = None
        self._wary = 0

    async def open(self) -> None:
        """Connects, takes a chain, reads what is kept in memory. Raises StoreUnavailable, psycopg.Error."""
        try:
            connection, _ = await self._ready()
            await self._followed.follow(connection, await in_force(connection))
        except BaseException:
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        """Lets go of connection and chain; the next batch takes them anew."""
        connection, self._connection, self._chain, self._head = self._connection, None, None, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()

    async def process(self, batch: Sequence[Work]) -> Mapping[Work, Outcome]:
        """Loads, decides and writes; what is in the result is durable, what is not must be asked again.

        Raises StoreUnavailable where no connection is to be had, psycopg.Error where the database does not take
        the batch, and whatever a work's decision raises: nothing is written then, but see `Connection.trip`.
        """
        connection, head = await self._ready()
        if self._may_hope(batch):
            decided = decide(batch, Nothing())
            if all(is_guarded(work, outcome) for work, outcome in decided.outcomes.items()):
                with contextlib.suppress(errors.UniqueViolation, errors.DivisionByZero):
                    await self._write(connection, head, decided, self._followed.unless_changed())
                    return decided.outcomes
                connection, head = await self._ready()
            self._wary = _WARY_BATCHES
        loaded = await load(connection, batch)
        await self._followed.follow(connection, loaded.editions)
        decided = decide(batch, loaded)
        await self._write(connection, head, decided)
        return decided.outcomes

    def _may_hope(self, batch: Sequence[Work]) -> bool:
        self._wary = max(0, self._wary - 1)
        return not self._wary and all(map(expects_nothing, batch))

    async def _write(self, connection: Connection, head: Head, decided: Decided, *first: Asked) -> None:
        moved = Head(head.chain, head.seq, head.hash)
        projection = rows_of(decided, moved, Projection(self._exchange_tables, self._subscriptions))
        # Until the commit is known to hold, nobody knows where the chain ends.
        self._head = None
        await connection.trip(
            [
                *first,
                *(
                    statements.insert(table, projection.inserts[table])
                    for table in sorted(projection.inserts, key=self._order.__getitem__)
                ),
                *(statements.update(table, rows) for table, rows in projection.updates.items()),
                _move(moved),
            ]
        )
        self._head = moved

    async def _ready(self) -> tuple[Connection, Head]:
        try:
            if self._connection is None or self._connection.closed:
                self._chain = self._head = None
                self._connection = await connect(self._url, by_key=True)
            if self._chain is None:
                self._chain = await open_chain(self._connection, self._node)
            if self._head is None:
                self._head = await head_of(self._connection, self._chain)
        except (psycopg.OperationalError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        return self._connection, self._head


def _move(head: Head) -> Asked:
    return Asked(
        _MOVE_HEAD,
        [b"%d" % head.seq, b"\\x" + head.hash.hex().encode(), head.chain.encode()],
        as_text=True,
    )


def rows_of(decided: Decided, head: Head, projection: Projection) -> Projection:
    """Gathers all rows that a batch comes to, but the chain's head, which is moved."""
    records = [
        record
        for work, outcome in decided.outcomes.items()
        for record in (*work.records, outcome.answer, *_and(outcome.acknowledgement))
    ]
    projection.inserts[tables.message].extend(link(head, records))
    for work, outcome in decided.outcomes.items():
        projection.add(outcome, work.records[0])
        if outcome.binds and work.key is not None:
            target = projection.updates if work in decided.rebound else projection.inserts
            target[tables.request].append(_binding(work.key, outcome))
    return projection


def _and(record: Record | None) -> tuple[Record, ...]:
    return () if record is None else (record,)


def _binding(key: RequestKey, outcome: Outcome) -> Mapping[str, object]:
    """The row of `request` that binds a request to its answer."""
    return {
        "sender": key.sender,
        "request_id": key.request_id,
        "operation": key.operation,
        "payload_sha256": key.payload_sha256,
        "answer_id": outcome.answer.id,
        "bound_at": datetime.now(UTC),
    }
