"""Looking through an employer's contracts: the right ones, page by page, by an index that begins with the employer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from store_works import (
    DAY,
    EMPLOYER,
    cut_connections,
    in_a_loop,
    registration,
    request,
    rows,
    unit_of_work,
)

from esutd_bus.register.search import ContractSearch, Found, Page, RequestSearch
from esutd_bus.store import searching
from esutd_bus.store.beside import Beside

OTHER = "940340000421"
ANNA, BORIS = "991231200176", "850701100173"
MORNING = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ALL = Page(1, 100)
ALONE = "Index Only Scan using"


def put(
    url: str, number: int, *, iin: str = ANNA, status: str = "active", employer: str = EMPLOYER, **more: Any
) -> None:
    """A contract as it is now, registered `number` hours after the morning."""
    then = MORNING + timedelta(hours=number)
    row = {
        "id": UUID(int=number),
        "employer": employer,
        "external_id": f"e{number}",
        "number": f"n{number}",
        "concluded_on": DAY,
        "employee_iin": iin,
        "starts_on": DAY,
        "term_code": "1",
        "position_code": "2511-1-002",
        "established_post": "инженер",
        "employment_type_code": "2",
        "remote_work_code": "3",
        "country_code": "398",
        "address": "пр. Абая, 1",
        "status": status,
        "registered_at": then,
        "version": 1,
        "changed_at": then,
        **more,
    }
    columns, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    with psycopg.connect(url) as connection:
        connection.execute(f"INSERT INTO contract ({columns}) VALUES ({places})", row)  # type: ignore[call-overload]


@pytest.fixture
def filled(database: str) -> str:
    put(database, 5, status="terminated")
    put(database, 2)
    put(database, 3, iin=BORIS)
    put(database, 1, iin=BORIS)
    put(database, 4, status="deleted")
    put(database, 6, employer=OTHER)
    return database


async def look(url: str, **given: Any) -> Found:
    beside = Beside(url)
    try:
        search = ContractSearch(**{"page": ALL, **given})
        return await beside.ask(lambda connection: searching.find(connection, EMPLOYER, search))
    finally:
        await beside.close()


@pytest.mark.parametrize(
    ("given", "numbers", "total"),
    [
        ({}, [1, 2, 3, 5], 4),
        ({"page": Page(1, 3)}, [1, 2, 3], 4),
        ({"page": Page(2, 3)}, [5], 4),
        ({"page": Page(3, 3)}, [], 4),
        ({"page": Page(2**31 - 1, 100)}, [], 4),
        ({"page": Page(2**63, 100)}, [], 4),
        ({"employee_iin": ANNA}, [2, 5], 2),
        ({"status": "terminated"}, [5], 1),
        ({"status": "active", "employee_iin": BORIS, "page": Page(2, 1)}, [3], 2),
        ({"changed_since": MORNING + timedelta(hours=3)}, [3, 5], 2),
        ({"changed_since": MORNING + timedelta(hours=3, microseconds=1)}, [5], 1),
        ({"employee_iin": "870101100016"}, [], 0),
    ],
)
def test_an_employer_finds_its_own(
    filled: str, given: dict[str, Any], numbers: list[int], total: int
) -> None:
    @in_a_loop
    async def looks() -> None:
        found = await look(filled, **given)
        assert [row["number"] for row in found.rows] == [f"n{number}" for number in numbers]
        assert found.total == total

    looks()


@in_a_loop
async def test_a_row_is_told_whole(filled: str) -> None:
    (row,) = (await look(filled, status="terminated")).rows
    assert (row["employer"], row["changed_at"]) == (EMPLOYER, MORNING + timedelta(hours=5))


WALKS: tuple[tuple[dict[str, Any], str, str], ...] = (
    # What is counted without other criteria, the index of the numbers in use knows too.
    ({}, f"{ALONE} ix_contract_employer_id", f"{ALONE} ix_contract_employer_number"),
    ({"status": "active", "changed_since": MORNING}, *[f"{ALONE} ix_contract_employer_id"] * 2),
    ({"employee_iin": ANNA}, *["Index Scan using ix_contract_employee_iin"] * 2),
)


def test_a_search_walks_an_index(filled: str) -> None:
    """Of many employers' many contracts: neither the page nor the count reads the table from end to end."""
    many = """
        INSERT INTO contract SELECT (jsonb_populate_record(c, jsonb_build_object(
            'id', gen_random_uuid(), 'external_id', 'm' || n, 'number', 'm' || n, 'employee_iin', 'i' || n / 2,
            'employer', CASE WHEN n % 20 = 0 THEN c.employer ELSE '1000000' || n % 300 END
        ))).* FROM contract c, generate_series(1, 20000) n WHERE c.number = 'n1'
    """
    changed = """
        INSERT INTO contract_event (contract_id, version, event, effective_on, recorded_at, recorded_by, message_id,
            changes, employer, employee_iin)
        SELECT id, v, '', starts_on, changed_at + v * interval '1 hour', '', id, '[]', employer, employee_iin
        FROM contract, generate_series(1, 2) v
    """
    with psycopg.connect(filled, autocommit=True) as connection:
        connection.execute(many)
        connection.execute(changed)
        connection.execute("VACUUM ANALYZE contract, contract_event")
        for given, page, count in WALKS:
            part = searching.contracts(EMPLOYER, ContractSearch(page=ALL, **given))
            values = {**part.values, "size": 100, "offset": 0}
            for query, walk in ((part.page, page), (part.count, count)):
                found = connection.execute(f"EXPLAIN {query}", values).fetchall()  # type: ignore[call-overload]
                text = "\n".join(line for (line,) in found)
                assert f"{walk} on contract" in text
                assert "Seq Scan" not in text
                if "changed_since" in given:
                    assert "ix_contract_event_changed" in text
                    assert "Index Cond: ((COALESCE(" in text


@in_a_loop
async def test_a_connection_that_was_cut_meanwhile_is_not_missed(filled: str) -> None:
    beside = Beside(filled, at_once=2)

    async def count(connection: Any) -> Any:
        return (await (await connection.execute("SELECT count(*) AS n FROM contract")).fetchone())["n"]

    assert await beside.ask(count) == 6
    cut_connections(filled)
    assert await beside.ask(count) == 6
    await beside.close()
    assert rows(
        filled,
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'esutd-bus'"
        " AND datname = current_database()",
    ) == [(0,)]


@in_a_loop
async def test_what_became_of_a_request_is_found(database: str) -> None:
    """Answered, refused, come but not bound, never come, and another's."""
    beside = Beside(database)
    accepted, refused, unbound, never = (uuid4() for _ in range(4))
    async with unit_of_work(database) as unit:
        await unit.submit(registration("n1", key=request(accepted)))
        await unit.submit(registration("n1", key=request(refused)))
        came = registration("n2")
        came.records[0].said = {"request_id": unbound}
        await unit.submit(came)

    async def asked(request_id: UUID, sender: str = EMPLOYER) -> Found:
        search = RequestSearch(request_id)
        return await beside.ask(lambda connection: searching.find(connection, sender, search))

    (row,) = (await asked(accepted)).rows
    assert (row["operation"], row["code"], row["status"]) == ("Test.Do", "SCSS001", 200)
    assert row["envelope"] == "<SCSS001/>"
    assert (await asked(refused)).rows[0]["code"] == "SCSE014"
    assert (await asked(unbound)).rows == [{"operation": None}]
    assert (await asked(never)).rows == []
    assert (await asked(accepted, OTHER)).rows == []
    await beside.close()
