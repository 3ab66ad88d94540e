"""What a change of a contract costs the table, and how it is found afterwards: no index names when it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from sqlalchemy import Boolean, Date, Numeric, Text
from store_works import (
    ACCEPTED,
    DAY,
    EMPLOYER,
    answer,
    contract,
    in_a_loop,
    record,
    rows,
    unit_of_work,
    until,
)

from esutd_bus.register.contract import DELETED, TERMS
from esutd_bus.register.event import ContractEvent
from esutd_bus.register.search import ContractSearch, Found, Page
from esutd_bus.register.state import Needs, State
from esutd_bus.store import searching, tables
from esutd_bus.store.beside import Beside
from esutd_bus.store.work import Outcome, StoredAnswer, Work

RECEIVER = "940340000421"
IN_AN_INDEX = {"working_hours_code", "kato_code"}
"""Terms by which violations are found: an amendment of one touches the indexes."""

NOON = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""Not when the ids are made: a testbed takes what a message says for the present."""
HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)


def change(number: str, at: datetime = NOON, *, sender: str = EMPLOYER, **columns: Any) -> Work:
    """Gives a contract other columns."""

    def decide(state: State, _stored: StoredAnswer | None) -> Outcome:
        found = state.contract_by_external_id
        assert found is not None
        row = {**found, **columns, "version": found["version"] + 1}
        changes = {name: (found[name], value) for name, value in columns.items()}
        event = ContractEvent("ContractAmended", row, changes, DAY)
        return Outcome(answer(ACCEPTED), (event,), at)

    needs = Needs(contract_external_id=f"external-{number}")
    return Work([record(sender=sender)], decide, sender, needs)


def entered(number: str, at: datetime = NOON) -> Work:
    """Registers a contract."""

    def decide(_state: State, _stored: StoredAnswer | None) -> Outcome:
        row = contract(number, registered_at=at)
        return Outcome(answer(ACCEPTED), (ContractEvent("ContractRegistered", row, {}, DAY),), at)

    return Work([record(sender=EMPLOYER)], decide, EMPLOYER)


VALUES = {Text: "7", Date: DAY, Numeric: Decimal(7), Boolean: True}

UPDATES = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'contract'"


async def in_place(url: str, *columns: str) -> int:
    """How many of the amendments of a contract, each of one of these terms, touched no index."""
    async with unit_of_work(url) as unit:
        await unit.submit(entered("n1"))
        for hours, column in enumerate(columns, 1):
            value = VALUES[type(tables.contract.c[column].type)]
            await unit.submit(change("n1", NOON + hours * HOUR, **{column: value}))
    # What was counted is told when the connection has ended.
    await until(lambda: rows(url, UPDATES)[0][0] == len(columns))
    hot: int = rows(url, UPDATES)[0][1]
    return hot


@in_a_loop
async def test_an_amendment_touches_no_index_of_contracts(database: str) -> None:
    """Whatever term it changes, but for two; every one of them changes `version` and `changed_at`."""
    terms = [column for column in TERMS if column not in IN_AN_INDEX]
    assert await in_place(database, *terms) == len(terms)


@in_a_loop
async def test_a_page_of_contracts_keeps_room_for_changes(database: str) -> None:
    """Of contracts that fill many pages, each is changed in its own: there is room for one of ten at a time."""
    async with unit_of_work(database) as unit:
        await unit.submit(entered("n1"))
    many = """
        INSERT INTO contract SELECT (jsonb_populate_record(c, jsonb_build_object(
            'id', gen_random_uuid(), 'external_id', 'external-' || n, 'number', n
        ))).* FROM contract c, generate_series(1, 200) n
    """
    with psycopg.connect(database) as connection:
        connection.execute(many)
    async with unit_of_work(database) as unit:
        for number in range(10, 200, 20):
            await unit.submit(change(str(number), NOON + HOUR, address="г. Алматы, пр. Абая, 10"))
    await until(lambda: rows(database, UPDATES)[0][0] == 10)
    assert rows(database, UPDATES) == [(10, 10)]


async def changed(url: str, employer: str = EMPLOYER, since: datetime = NOON, **criteria: Any) -> Found:
    beside = Beside(url)
    try:
        search = ContractSearch(**{"page": Page(1, 100), "changed_since": since, **criteria})
        return await beside.ask(lambda connection: searching.find(connection, employer, search))
    finally:
        await beside.close()


def numbers(found: Found) -> list[str]:
    return [row["number"] for row in found.rows]


@in_a_loop
async def test_what_was_changed_since_is_found_whatever_changed_it(database: str) -> None:
    async with unit_of_work(database) as unit:
        for number in ("left", "amended", "twice", "moved", "gone", "deleted", "new", "before"):
            await unit.submit(entered(number, NOON if number == "new" else NOON - 2 * HOUR))
        await unit.submit(change("left", NOON - MICROSECOND, address="1"))
        await unit.submit(change("amended", address="1"))
        await unit.submit(change("twice", address="1"))
        await unit.submit(change("twice", NOON + HOUR, address="2"))
        # Amended by the one, then moved to the other, whose entries go on.
        await unit.submit(change("moved", NOON - HOUR, address="1"))
        await unit.submit(change("moved", employer=RECEIVER, sender=EMPLOYER))
        await unit.submit(change("gone", NOON - HOUR, sender=EMPLOYER, employer=RECEIVER))
        await unit.submit(change("gone", NOON + HOUR, sender=RECEIVER, status="terminated"))
        await unit.submit(change("deleted", status=DELETED))
    assert numbers(await changed(database)) == ["amended", "twice", "new"]
    assert numbers(await changed(database, since=NOON + MICROSECOND)) == ["twice"]
    assert numbers(await changed(database, since=NOON + HOUR + MICROSECOND)) == []
    assert numbers(await changed(database, RECEIVER)) == ["moved", "gone"]
    assert numbers(await changed(database, RECEIVER, status="terminated")) == ["gone"]
    assert numbers(await changed(database, RECEIVER, since=NOON + MICROSECOND)) == ["gone"]
    pages = [await changed(database, page=Page(number, 2)) for number in (1, 2, 3)]
    assert [numbers(page) for page in pages] == [["amended", "twice"], ["new"], []]
    assert {page.total for page in pages} == {3}
