"""The database goes away, the caller goes away, the task goes away: nobody waits for ever, nothing is halved."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from store_works import (
    ACCEPTED,
    BACKENDS,
    TABLES,
    Follower,
    cut_connections,
    in_a_loop,
    locked,
    out_of_reach,
    registration,
    request,
    rows,
    submit_all,
    the_journal_is_whole,
    told,
    unit_of_work,
    until,
    until_a_node_waits,
)

from esutd_bus.store import connection
from esutd_bus.store.connection import Asked, Connection, Row
from esutd_bus.store.editions import Followed
from esutd_bus.store.unit_of_work import UnitOfWork
from esutd_bus.store.work import StoreUnavailable


@pytest.mark.parametrize(
    ("table", "mode"),
    [
        pytest.param("contract", "ACCESS EXCLUSIVE", id="while the states are loaded"),
        pytest.param("contract_event", "EXCLUSIVE", id="while the batch is written"),
    ],
)
@in_a_loop
async def test_a_connection_lost_on_the_way_leaves_nothing_behind(
    database: str, table: str, mode: str
) -> None:
    async with unit_of_work(database) as unit:
        await unit.submit(registration("n0"))
        with locked(database, table, mode):
            under_way = asyncio.create_task(submit_all(unit, [registration("n1"), registration("n2")]))
            await until_a_node_waits(database)
            cut_connections(database)
            assert told(await under_way) == ["StoreUnavailable"] * 2
        assert rows(database, "SELECT number FROM contract") == [("n0",)]
        assert told(await submit_all(unit, [registration("n1"), registration("n2")])) == [ACCEPTED] * 2
    assert the_journal_is_whole(database) == 6


@in_a_loop
async def test_somebodys_lock_does_not_stall_the_node(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STATEMENT_TIMEOUT_MS", 100)
    async with unit_of_work(database) as unit:
        with locked(database, "contract", "ACCESS EXCLUSIVE"):
            outcomes = await submit_all(unit, [registration("n1"), registration("n2")])
            assert told(outcomes) == ["StoreUnavailable"] * 2
        assert told(await submit_all(unit, [registration("n1")])) == [ACCEPTED]


@in_a_loop
async def test_an_idle_connection_that_was_cut_costs_one_retry(database: str) -> None:
    async with unit_of_work(database) as unit:
        cut_connections(database)
        assert told(await submit_all(unit, [registration("n1")])) == ["StoreUnavailable"]
        assert told(await submit_all(unit, [registration("n1")])) == [ACCEPTED]


@in_a_loop
async def test_a_commit_whose_answer_is_lost_counts_once(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch is durable, but nobody heard: the sender is told to try again, and gets the one answer there is."""
    cut = True

    async def cut_after_the_commit(link: Connection, asked: Sequence[Asked]) -> list[list[Row]]:
        nonlocal cut
        rows = await trip(link, asked)
        if cut and any(one.query.startswith("INSERT") for one in asked):
            cut = False
            await link.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return rows

    trip = Connection.trip
    monkeypatch.setattr(Connection, "trip", cut_after_the_commit)
    key = request(uuid4())
    async with unit_of_work(database) as unit:
        assert told(await submit_all(unit, [registration("n1", key=key)])) == ["StoreUnavailable"]
        assert rows(database, "SELECT number FROM contract") == [("n1",)]
        again = await unit.submit(registration("n1", key=key))
    assert (again.answer.code, again.events) == (ACCEPTED, ())
    assert rows(database, "SELECT count(*) FROM contract") == [(1,)]
    assert the_journal_is_whole(database) == 4


@in_a_loop
async def test_while_no_connection_is_to_be_had_nobody_waits(postgres: str, database: str) -> None:
    async with unit_of_work(database) as unit:
        await unit.submit(registration("n0"))
        with out_of_reach(postgres, database):
            cut_off = await submit_all(unit, [registration(f"n{n}") for n in range(200)])
        assert told(cut_off) == ["StoreUnavailable"] * 200
        assert told(await submit_all(unit, [registration("n1")])) == [ACCEPTED]
    the_journal_is_whole(database)


@in_a_loop
async def test_a_database_that_cannot_be_reached_at_the_start_is_used_when_it_can(
    postgres: str, database: str
) -> None:
    with out_of_reach(postgres, database):
        unit = unit_of_work(database)
        opened = await unit.__aenter__()
        assert told(await submit_all(opened, [registration("n1")])) == ["StoreUnavailable"]
    try:
        assert told(await submit_all(opened, [registration("n1")])) == [ACCEPTED]
    finally:
        await unit.__aexit__(None, None, None)
    the_journal_is_whole(database)


@in_a_loop
async def test_a_start_that_fails_leaves_no_connection(database: str) -> None:
    async def fail(_connection: Connection) -> None:
        raise ValueError("no rulebook can be made of these dictionaries")

    unit = UnitOfWork(database, node="n", exchange_tables=TABLES, followed=Followed({"subject": fail}))
    with pytest.raises(ValueError, match="no rulebook"):
        await unit.open()
    await unit.close()
    await until(lambda: not rows(database, BACKENDS.format("pid")))


@in_a_loop
async def test_a_caller_who_is_gone_does_not_stop_the_work(database: str) -> None:
    async with unit_of_work(database) as unit:
        with locked(database, "contract_event", "EXCLUSIVE"):
            begun = asyncio.create_task(unit.submit(registration("n1")))
            await until_a_node_waits(database)
            queued = asyncio.create_task(unit.submit(registration("n2")))
            stays = asyncio.create_task(unit.submit(registration("n3")))
            await asyncio.sleep(0)
            begun.cancel()
            queued.cancel()
            await asyncio.wait([begun, queued])
        assert (await stays).answer.code == ACCEPTED
    assert begun.cancelled()
    assert queued.cancelled()
    assert rows(database, "SELECT number FROM contract ORDER BY 1") == [("n1",), ("n2",), ("n3",)]
    assert the_journal_is_whole(database) == 6


@in_a_loop
async def test_closing_finishes_what_waits_and_turns_away_what_comes(database: str) -> None:
    unit = UnitOfWork(database, node="n", exchange_tables=TABLES, followed=Follower().followed)
    await unit.open()
    with locked(database, "contract_event", "EXCLUSIVE"):
        begun = asyncio.create_task(submit_all(unit, [registration("n0")]))
        await until_a_node_waits(database)
        waiting = asyncio.create_task(submit_all(unit, [registration(f"n{n}") for n in range(1, 100)]))
        await asyncio.sleep(0)
        closing = asyncio.create_task(unit.close())
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable):
            await unit.submit(registration("late"))
    await closing
    assert told([*await begun, *await waiting]) == [ACCEPTED] * 100
    with pytest.raises(StoreUnavailable):
        await unit.submit(registration("later"))
    await unit.close()
    assert rows(database, "SELECT count(*) FROM contract") == [(100,)]
    the_journal_is_whole(database)


@in_a_loop
async def test_nothing_is_taken_before_the_unit_of_work_is_open(database: str) -> None:
    unit = UnitOfWork(database, node="n", exchange_tables=TABLES, followed=Follower().followed)
    with pytest.raises(StoreUnavailable):
        await unit.submit(registration("n1"))
    await unit.close()


@in_a_loop
async def test_a_task_that_is_cancelled_leaves_nobody_waiting(database: str) -> None:
    """A loop that is torn down cancels every task, this one too."""
    async with unit_of_work(database) as unit:
        assert unit._task is not None
        with locked(database, "contract_event", "EXCLUSIVE"):
            begun = asyncio.create_task(submit_all(unit, [registration("n0"), registration("n1")]))
            await until_a_node_waits(database)
            waiting = asyncio.create_task(submit_all(unit, [registration("n2")]))
            await asyncio.sleep(0)
            unit._task.cancel()
            assert told([*await begun, *await waiting]) == ["StoreUnavailable"] * 3
            assert not unit.is_working
            with pytest.raises(StoreUnavailable):
                await unit.submit(registration("n3"))
    assert rows(database, "SELECT count(*) FROM contract") == [(0,)]
    assert rows(database, "SELECT seq FROM journal_chain") == [(0,)]


@in_a_loop
async def test_a_decision_that_ends_the_task_leaves_nobody_waiting(database: str) -> None:
    class Stop(BaseException):
        """What is no Exception: nobody here can go on."""

    def decide(_state: Any, _stored: Any) -> Any:
        raise Stop

    async with unit_of_work(database) as unit:
        fatal = registration("n1")
        fatal.decide = decide
        assert told(await submit_all(unit, [registration("n0"), fatal])) == ["StoreUnavailable"] * 2
        assert not unit.is_working
        assert unit._task is not None
        assert isinstance(unit._task.exception(), Stop)
    assert rows(database, "SELECT count(*) FROM message") == [(0,)]


@in_a_loop
async def test_no_work_is_quoted_in_the_log(database: str, logged: list[Any]) -> None:
    async with unit_of_work(database) as unit:
        cut_connections(database)
        await submit_all(unit, [registration("850312100031")])
    assert [entry["event"] for entry in logged] == ["database unavailable"]
    assert "850312100031" not in str(logged)
