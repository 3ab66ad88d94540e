"""An employer's violations: what it entered late, and the contracts whose working time it has not told."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from store_works import EMPLOYER, amendment, contract, in_a_loop, registration, unit_of_work

from esutd_bus.register.event import ContractEvent
from esutd_bus.register.search import Found, Page, ViolationSearch
from esutd_bus.register.state import Needs
from esutd_bus.store import searching
from esutd_bus.store.beside import Beside
from esutd_bus.store.connection import connect_now


async def look(url: str, page: Page = Page(1, 100), employer: str = EMPLOYER) -> Found:  # noqa: B008  # frozen
    beside = Beside(url)
    try:
        return await beside.ask(
            lambda connection: searching.find(connection, employer, ViolationSearch(page))
        )
    finally:
        await beside.close()


def told(found: Found) -> list[tuple[Any, ...]]:
    return [(row["number"], row["clause"], row.get("days_late")) for row in found.rows]


@pytest.mark.clause("353/6")
@pytest.mark.clause("slides/violations")
@in_a_loop
async def test_late_entries_and_lacking_parts_are_found(database: str) -> None:
    async with unit_of_work(database) as unit:
        for work in (
            registration("late", days_late=3, working_hours_code="1"),
            registration("in time", working_hours_code="1"),
            registration("lacking"),
            registration("lacking too", days_late=1),
            registration("ended", status="terminated"),
            registration("gone", days_late=9, status="deleted"),
        ):
            await unit.submit(work)
    found = await look(database)
    assert told(found) == [
        ("lacking too", None, None),
        ("lacking", None, None),
        ("lacking too", "353/7", 1),
        ("late", "353/7", 3),
    ]
    assert found.total == 4
    assert (await look(database, employer="940340000421")).total == 0


@in_a_loop
async def test_pages_go_from_one_kind_into_the_other(database: str) -> None:
    async with unit_of_work(database) as unit:
        for number in range(3):
            await unit.submit(registration(f"n{number}", days_late=1))
    whole = told(await look(database))
    assert len(whole) == 6
    for size in (1, 2, 4, 6):
        pages = [await look(database, Page(number, size)) for number in range(1, 6 // size + 2)]
        assert [row for page in pages for row in told(page)] == whole
        assert {page.total for page in pages} == {6}


@pytest.mark.clause("353/6")
@in_a_loop
async def test_what_is_mended_is_told_no_longer(database: str) -> None:
    async with unit_of_work(database) as unit:
        await unit.submit(registration("n1"))
        assert (await look(database)).total == 1
        mended = amendment("ул. Абая, 2", Needs(contract_external_id="external-n1"))
        decide = mended.decide

        def with_working_time(state: Any, stored: Any) -> Any:
            outcome = decide(state, stored)
            (event,) = outcome.events
            assert isinstance(event, ContractEvent)
            assert isinstance(event.contract, dict)
            event.contract["working_hours_code"] = "1"
            return outcome

        mended.decide = with_working_time
        await unit.submit(mended)
    assert (await look(database)).total == 0


@in_a_loop
async def test_an_entry_is_its_employers_even_after_the_contract_moved(database: str) -> None:
    async with unit_of_work(database) as unit:
        await unit.submit(registration("n1", days_late=2, working_hours_code="1"))
    with connect_now(database) as connection:
        connection.execute("UPDATE contract SET employer = '940340000421'")
    assert told(await look(database)) == [("n1", "353/7", 2)]


def test_a_search_walks_the_small_indexes(database: str) -> None:
    row = contract("n")
    names, values = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"INSERT INTO contract ({names}) VALUES ({values})", row)  # type: ignore[call-overload]
        connection.execute("""
            INSERT INTO contract SELECT (jsonb_populate_record(c, jsonb_build_object(
                'id', gen_random_uuid(), 'employer', '1000000' || n % 300, 'external_id', 'm' || n,
                'number', 'm' || n, 'working_hours_code', nullif(n % 100, 0)
            ))).* FROM contract c, generate_series(1, 5000) n WHERE c.number = 'n'
        """)
        connection.execute("""
            INSERT INTO contract_event (contract_id, version, event, effective_on, recorded_at, recorded_by,
                message_id, days_late, changes, employer, employee_iin)
            SELECT id, 1, 'ContractRegistered', starts_on, changed_at, employer, id,
                CASE WHEN number LIKE '%5' THEN 1 ELSE 0 END, '[]', employer, employee_iin FROM contract
        """)
        connection.execute("""
            INSERT INTO registry_check (contract_id, about, number, employer, message_id, wanted_at, tries, state)
            SELECT id, 'employee', employee_iin, employer, id, now(), 1,
                CASE WHEN number LIKE '%7' THEN 'unconfirmed' ELSE 'confirmed' END FROM contract
        """)
        connection.execute("VACUUM ANALYZE contract, contract_event, registry_check")
        indexes = ("ix_registry_check_employer", "ix_contract_without_working_time", "ix_contract_event_late")
        for part, index in zip(searching.violations("10000007"), indexes, strict=True):
            window = {"size": 10, "offset": 0}
            for query in (part.page, part.count):
                plan = connection.execute(f"EXPLAIN {query}", {**part.values, **window}).fetchall()
                text = "\n".join(line for (line,) in plan)
                assert index in text
                assert "Seq Scan" not in text
