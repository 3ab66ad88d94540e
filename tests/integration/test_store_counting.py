"""What the labour authority counts and looks through: equal to a recount by hand, by indexes of their own."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count as numbers
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_works import (
    ACCEPTED,
    EMPLOYER,
    answer,
    contract,
    in_a_loop,
    record,
    registration,
    rows,
    unit_of_work,
)

from esutd_bus.register.calendar import ALMATY
from esutd_bus.register.search import Count, Found, Page, RegionViolationSearch, Search
from esutd_bus.register.state import Needs, Row, State
from esutd_bus.store import counting, searching
from esutd_bus.store.beside import Beside
from esutd_bus.store.connection import connect_now
from esutd_bus.store.work import Outcome, StoredAnswer, Work
from support.replacing import replace

OTHER = "940340000421"
ALMATY_CITY, ASTANA = "750000000", "710000000"
FIGURES = ("entries", "on_time", "late", "without_deadline", "contracts", "employees", "employers")
WINDOW = 70
"""Days that one example of events may be in, so that examples in one database do not meet."""

Entry = Mapping[str, Any]


async def look(url: str, search: Search | Count) -> Found:
    beside = Beside(url)
    try:
        if isinstance(search, Count):
            return await beside.ask(lambda connection: counting.count(connection, search))
        return await beside.ask(lambda connection: searching.find(connection, EMPLOYER, search))
    finally:
        await beside.close()


def put(connection: psycopg.Connection[Any], table: str, row: Mapping[str, Any]) -> None:
    columns, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", row)  # type: ignore[call-overload]


def enter(connection: psycopg.Connection[Any], entry: Entry, version: int) -> None:
    known = {
        "effective_on": entry["recorded_at"].date(),
        "recorded_by": EMPLOYER,
        "message_id": UUID(int=version),
        "changes": "[]",
        "version": version,
    }
    put(connection, "contract_event", {**known, **entry})


def counted_by_hand(entries: Sequence[Entry], search: Count) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """Group → figures; the whole period's go by nothing."""

    def day_of(entry: Entry) -> date:
        return entry["recorded_at"].astimezone(ALMATY).date()  # type: ignore[no-any-return]  # a row's value

    def group_of(entry: Entry) -> tuple[Any, ...]:
        day = day_of(entry)
        first = {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1), None: None}
        return (
            entry["region"] if search.by_region else None,
            first[search.by_period],
            entry["channel"] if search.by_channel else None,
            entry["event"] if search.by_event else None,
        )

    groups: dict[tuple[Any, ...], list[Entry]] = defaultdict(list)
    of_the_period = [entry for entry in entries if search.first_day <= day_of(entry) <= search.last_day]
    groups[()] = of_the_period
    if search.is_grouped:
        for entry in of_the_period:
            groups[group_of(entry)].append(entry)
    return {group: _figures(within) for group, within in groups.items()}


def _figures(entries: Sequence[Entry]) -> tuple[int, ...]:
    late = [entry["days_late"] for entry in entries]
    return (
        len(entries),
        late.count(0),
        sum(1 for days in late if days),
        late.count(None),
        *(
            len({entry[column] for entry in entries})
            for column in ("contract_id", "employee_iin", "employer")
        ),
    )


def told(found: Found) -> dict[tuple[Any, ...], tuple[int, ...]]:
    whole, *groups = found.rows
    names = ("region", "period", "channel", "event")
    by_group = {tuple(row.get(name) for name in names): row for row in groups}
    assert len(by_group) == len(groups) == found.total
    return {group: tuple(row[figure] for figure in FIGURES) for group, row in {(): whole, **by_group}.items()}


@pytest.fixture(scope="module")
def windows() -> Iterator[int]:
    return numbers()


@st.composite
def entries(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Entries of a window that begins with day 0; many at midnight in Kazakhstan, when days change."""
    one = st.fixed_dictionaries(
        {
            "contract_id": st.integers(0, 5).map(lambda number: UUID(int=number)),
            "employee_iin": st.sampled_from(["e1", "e2", "e3"]),
            "employer": st.sampled_from([EMPLOYER, OTHER]),
            "region": st.sampled_from([None, ALMATY_CITY, ASTANA]),
            "channel": st.sampled_from([None, "portal", "employer-system"]),
            "event": st.sampled_from(["ContractRegistered", "ContractAmended", "ContractTerminated"]),
            "days_late": st.sampled_from([None, 0, 1, 30]),
            "day": st.integers(0, WINDOW - 1),
            "seconds": st.sampled_from([0, 86_399, 40_000]),
        }
    )
    return draw(st.lists(one, max_size=25))


@pytest.mark.clause("slides/monitor")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entries(),
    st.tuples(st.integers(0, WINDOW - 1), st.integers(0, WINDOW - 1)).map(sorted),
    st.tuples(st.booleans(), st.sampled_from([None, "day", "month", "year"]), st.booleans(), st.booleans()),
)
def test_figures_are_those_of_a_recount(
    database: str,
    windows: Iterator[int],
    entries: list[dict[str, Any]],
    days: list[int],
    by: tuple[bool, str | None, bool, bool],
) -> None:
    begins = date(2021, 11, 20) + timedelta(days=next(windows) * WINDOW)
    made = []
    for entry in entries:
        midnight = datetime.combine(begins + timedelta(days=entry.pop("day")), time(), ALMATY)
        seconds = timedelta(seconds=entry.pop("seconds"))
        made.append({**entry, "recorded_at": midnight + seconds})
    search = Count(
        begins + timedelta(days=days[0]),
        begins + timedelta(days=days[1]),
        by_region=by[0],
        by_period=by[1],
        by_channel=by[2],
        by_event=by[3],
        at_most=1000,
    )
    with psycopg.connect(database) as connection:
        for number in range(6):
            if not connection.execute("SELECT 1 FROM contract WHERE id = %s", [UUID(int=number)]).fetchone():
                put(connection, "contract", {**contract(f"n{number}"), "id": UUID(int=number)})
        (newest,) = connection.execute("SELECT coalesce(max(version), 0) FROM contract_event").fetchone() or (
            0,
        )
        for version, entry in enumerate(made, start=newest + 1):
            enter(connection, entry, version)
    assert told(asyncio.run(look(database, search))) == counted_by_hand(made, search)


@pytest.mark.clause("slides/monitor")
@pytest.mark.clause("353/4")
@in_a_loop
async def test_what_is_entered_is_counted(database: str) -> None:
    """By the way of messages: the entry keeps region, channel and employee as they were."""
    async with unit_of_work(database) as unit:
        for work in (
            registration("n1", kato_code="751410000"),
            registration("n2", kato_code="711210000", days_late=2),
            registration("n3", employee_iin="850701100173"),
        ):
            await unit.submit(by_channel(work, "portal"))
    day = datetime.now(ALMATY).date()
    found = await look(database, Count(day, day, by_region=True, by_channel=True, at_most=10))
    assert told(found) == {
        (): (3, 2, 1, 0, 3, 2, 1),
        (ASTANA, None, "portal", None): (1, 0, 1, 0, 1, 1, 1),
        (ALMATY_CITY, None, "portal", None): (1, 1, 0, 0, 1, 1, 1),
        (None, None, "portal", None): (1, 1, 0, 0, 1, 1, 1),
    }
    assert datetime.now(UTC) - found.rows[0]["as_of"] < timedelta(minutes=1)


def by_channel(work: Work, channel: str) -> Work:
    """The same, come by a channel."""
    decide = work.decide

    def with_channel(state: State, stored: StoredAnswer | None) -> Outcome:
        return replace(decide(state, stored), channel=channel)

    work.decide = with_channel
    return work


@in_a_loop
async def test_of_too_many_groups_there_are_no_figures(database: str) -> None:
    async with unit_of_work(database) as unit:
        for number, kato in enumerate(("751410000", "711210000", "471010000")):
            await unit.submit(registration(f"n{number}", kato_code=kato))
    day = datetime.now(ALMATY).date()
    assert await look(database, Count(day, day, by_region=True, at_most=2)) == Found((), 3)
    assert (await look(database, Count(day, day, by_region=True, at_most=3))).total == 3


def many(url: str) -> None:
    """Contracts of many employers in many regions, and an entry of each."""
    with psycopg.connect(url, autocommit=True) as connection:
        put(connection, "contract", contract("n", kato_code="751410000"))
        connection.execute("""
            INSERT INTO contract SELECT (jsonb_populate_record(c, jsonb_build_object(
                'id', gen_random_uuid(), 'employer', '1000000' || n % 300, 'external_id', 'm' || n,
                'number', 'm' || n, 'kato_code', (10 + n % 60) || '1410000',
                'working_hours_code', nullif(n % 100, 0)
            ))).* FROM contract c, generate_series(1, 5000) n WHERE c.number = 'n'
        """)
        connection.execute("""
            INSERT INTO contract_event (contract_id, version, event, effective_on, recorded_at, recorded_by,
                message_id, days_late, changes, employer, employee_iin, region)
            SELECT id, 1, 'ContractRegistered', starts_on, changed_at, employer, id,
                CASE WHEN number LIKE '%5' THEN 1 ELSE 0 END, '[]', employer, employee_iin,
                left(kato_code, 2) || '0000000' FROM contract
        """)
        connection.execute("VACUUM ANALYZE contract, contract_event")


def test_the_violations_of_a_region_are_found_by_indexes(database: str) -> None:
    many(database)
    indexes = (
        "ix_registry_check_employer",
        "ix_contract_without_working_time_in_region",
        "ix_contract_event_late_in_region",
    )
    with psycopg.connect(database) as connection:
        for part, index in zip(searching.region_violations("690000000"), indexes, strict=True):
            for query in (part.page, part.count):
                values = {**part.values, "size": 10, "offset": 0}
                plan = connection.execute(f"EXPLAIN {query}", values).fetchall()  # type: ignore[call-overload]
                text = "\n".join(line for (line,) in plan)
                assert index in text
                assert "Seq Scan" not in text


@pytest.mark.clause("slides/violations")
@in_a_loop
async def test_the_violations_of_a_region_are_those_of_its_employers(database: str) -> None:
    async with unit_of_work(database) as unit:
        for work in (
            registration("late", days_late=3, working_hours_code="1", kato_code="751410000"),
            registration("lacking", kato_code="751210000"),
            registration("elsewhere", days_late=9, kato_code="711210000"),
            registration("abroad", days_late=9),
            registration("in time", working_hours_code="1", kato_code="751410000"),
            registration("gone", days_late=9, status="deleted", kato_code="751410000"),
        ):
            await unit.submit(work)
    with connect_now(database) as connection:
        connection.execute("UPDATE contract SET employer = %s WHERE number = 'lacking'", [OTHER])
    found = await look(database, RegionViolationSearch(Page(1, 100), ALMATY_CITY))
    assert [(row["number"], row["employer"], row["clause"]) for row in found.rows] == [
        ("lacking", OTHER, None),
        ("late", EMPLOYER, "353/7"),
    ]
    assert found.total == 2
    pages = [await look(database, RegionViolationSearch(Page(n, 1), ALMATY_CITY)) for n in (1, 2, 3)]
    assert [row["number"] for page in pages for row in page.rows] == ["lacking", "late"]


@pytest.mark.clause("353/13")
@in_a_loop
async def test_another_employers_contract_is_loaded_where_it_is_named(database: str) -> None:
    seen: list[tuple[Row | None, int]] = []

    def asking(needs: Needs) -> Work:
        def look_at(state: State, _stored: StoredAnswer | None) -> Outcome:
            seen.append((state.contract_by_id or state.contract_by_external_id, len(state.history)))
            return Outcome(answer(ACCEPTED))

        return Work([record(sender=OTHER)], look_at, OTHER, needs)

    async with unit_of_work(database) as unit:
        await unit.submit(registration("n1"))
        ((of,),) = rows(database, "SELECT id FROM contract")
        for needs in (
            Needs(owner=EMPLOYER, contract_id=of, history=True),
            Needs(owner=EMPLOYER, contract_external_id="external-n1", history=True),
            Needs(contract_id=of, history=True),
            Needs(owner="960340000514", contract_id=of, history=True),
        ):
            await unit.submit(asking(needs))
    assert [(row["number"] if row else None, entries) for row, entries in seen] == [
        ("n1", 1),
        ("n1", 1),
        (None, 0),
        (None, 0),
    ]
