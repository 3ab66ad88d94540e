"""The store around the unit of work: readiness, what is asked beside the way of messages, seals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from store_works import (
    TABLES,
    cut_connections,
    in_a_loop,
    out_of_reach,
    registration,
    request,
    rows,
    the_journal_is_whole,
    until,
)

from esutd_bus.register.dictionaries import Dictionaries
from esutd_bus.store import dictionaries, seals
from esutd_bus.store import store as store_module
from esutd_bus.store.connection import Connection, connect_now
from esutd_bus.store.dictionaries import load
from esutd_bus.store.editions import DICTIONARIES
from esutd_bus.store.store import Store
from esutd_bus.store.work import RequestKey, StoreUnavailable


@asynccontextmanager
async def opened(url: str, editions: list[Dictionaries] | None = None) -> AsyncIterator[Store]:
    async def read(connection: Connection) -> None:
        if editions is not None:
            editions.append(await dictionaries.read(connection))

    store = Store(url, node="node", exchange_tables=TABLES, follows={DICTIONARIES: read})
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def answered(store: Store, key: RequestKey) -> bool:
    """Whether a work with this key would get the answer of before."""
    work = registration("n1", key=key)
    _, stored = await store.look(work)
    return stored is not None


@in_a_loop
async def test_a_closed_store_has_sealed_what_it_wrote(database: str) -> None:
    async with opened(database) as store:
        await store.submit(registration("n1"))
    assert rows(database, "SELECT seq, heads->'node/0'->'seq' FROM journal_seal") == [(1, 2)]
    the_journal_is_whole(database)


@in_a_loop
async def test_a_store_that_wrote_nothing_seals_nothing(database: str) -> None:
    async with opened(database):
        pass
    assert rows(database, "SELECT count(*) FROM journal_seal") == [(0,)]


@in_a_loop
async def test_seals_are_set_at_intervals_whatever_went_wrong_before(
    database: str, monkeypatch: pytest.MonkeyPatch, logged: list[Any]
) -> None:
    seal, failures = seals.seal, [psycopg.ProgrammingError("no right to"), psycopg.OperationalError("gone")]

    async def fail_first(connection: Any) -> bool:
        if failures:
            raise failures.pop()
        return await seal(connection)

    monkeypatch.setattr(store_module, "SEAL_INTERVAL_SECONDS", 0.01)
    monkeypatch.setattr(seals, "seal", fail_first)
    async with opened(database) as store:
        await store.submit(registration("n1"))
        await until(lambda: rows(database, "SELECT count(*) FROM journal_seal") == [(1,)])
    assert failures == []
    assert {entry["event"] for entry in logged} <= {
        "not done, for the database is away; it will be, when it is back"
    }


@in_a_loop
async def test_an_answer_is_known_for_its_time(database: str) -> None:
    key = request(uuid4())
    async with opened(database) as store:
        assert not await answered(store, key)
        await store.submit(registration("n1", key=key))
        assert await answered(store, key)
        assert await answered(store, request(key.request_id, keeps=timedelta(hours=24)))
        assert not await answered(store, request(key.request_id, keeps=timedelta(0)))


@in_a_loop
async def test_connections_that_were_cut_are_made_anew(database: str) -> None:
    key = request(uuid4())
    async with opened(database) as store:
        await store.submit(registration("n1", key=key))
        assert await store.ready()
        cut_connections(database)
        assert await answered(store, key)
        assert await store.ready()
        with pytest.raises(StoreUnavailable):
            await store.submit(registration("n2"))
        await store.submit(registration("n2"))


@in_a_loop
async def test_without_a_database_nothing_is_ready(postgres: str, database: str) -> None:
    async with opened(database) as store:
        assert await store.ready()
        with out_of_reach(postgres, database):
            assert not await store.ready()
            with pytest.raises(StoreUnavailable):
                await answered(store, request())
        assert await store.ready()


@in_a_loop
async def test_a_node_that_works_no_more_is_not_ready(database: str) -> None:
    async with opened(database) as store:
        assert store._work._task is not None
        store._work._task.cancel()
        await asyncio.wait([store._work._task])
        assert not await store.ready()


@in_a_loop
async def test_the_rules_get_every_edition_of_the_dictionaries(database: str) -> None:
    editions: list[Dictionaries] = []
    async with opened(database, editions) as store:
        with connect_now(database) as connection:
            load(connection, Dictionaries({}))
        await store.submit(registration("n1"))
    assert len(editions) == 2


@in_a_loop
async def test_a_new_edition_is_read_where_no_message_comes(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "FOLLOW_INTERVAL_SECONDS", 0.01)
    editions: list[Dictionaries] = []
    async with opened(database, editions):
        with connect_now(database) as connection:
            load(connection, Dictionaries({}))
        await until(lambda: len(editions) == 2)


@in_a_loop
async def test_a_store_may_be_closed_before_it_is_opened(database: str) -> None:
    await Store(database, node="n", exchange_tables={}, follows={}).close()
