"""What a person finds about oneself in the database: under all own numbers, and nothing of anybody else's."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg
import pytest
from store_works import (
    ACCEPTED,
    DAY,
    EMPLOYER,
    answer,
    in_a_loop,
    record,
    registration,
    rows,
    told,
    unit_of_work,
)

from esutd_bus.register.event import ContractEvent, Disclosed, RowAdded
from esutd_bus.register.search import (
    ChangeSearch,
    DisclosureSearch,
    Found,
    OneChangeSearch,
    Page,
    PersonContractSearch,
    PersonSearch,
)
from esutd_bus.register.state import Needs, State
from esutd_bus.store import cabinet, searching
from esutd_bus.store.beside import Beside
from esutd_bus.store.ids import uuid7
from esutd_bus.store.unit_of_work import UnitOfWork
from esutd_bus.store.work import Outcome, StoredAnswer, Work

ANNA, BORIS, CLARA = "850312100031", "860101100016", "870101100016"
ANNA_LATER = "991231200176"
ALL = Page(1, 100)
MORNING = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def changing(number: str, hour: int, kind: str = "ContractAmended", **columns: Any) -> Work:
    """An entry that changes columns of a contract, some hours after the morning."""
    message = record(sender=EMPLOYER)

    def decide(state: State, _stored: StoredAnswer | None) -> Outcome:
        found = state.contract_by_external_id
        assert found is not None
        row = {**found, **columns, "version": found["version"] + 1}
        changes = {name: (found[name], value) for name, value in columns.items() if found[name] != value}
        event = ContractEvent(kind, row, changes, DAY)
        return Outcome(answer(ACCEPTED), (event,), MORNING + timedelta(hours=hour), EMPLOYER)

    return Work([message], decide, EMPLOYER, Needs(contract_external_id=f"external-{number}"))


def adding(event: Any) -> Work:
    return Work(
        [record(sender=EMPLOYER)],
        lambda _state, _stored: Outcome(answer(ACCEPTED), (event,), MORNING),
        EMPLOYER,
    )


def iin_change(former: str, iin: str) -> Work:
    row = {"id": uuid7(), "employer": EMPLOYER, "former_iin": former, "iin": iin, "message_id": uuid7()}
    return adding(RowAdded("iin_change", {**row, "recorded_at": MORNING}))


def disclosure(iin: str, hour: int, **more: Any) -> Work:
    row = {
        "id": uuid7(),
        "employer": EMPLOYER,
        "employee_iin": iin,
        "purpose": "приём",
        "message_id": uuid7(),
    }
    return adding(Disclosed({**row, "disclosed_at": MORNING + timedelta(hours=hour), **more}))


def acknowledging(change_id: str, iin: str = ANNA) -> Work:
    """Acknowledges a change, unless that person has."""
    message = record(sender=EMPLOYER)

    def decide(state: State, _stored: StoredAnswer | None) -> Outcome:
        if any(row["employee_iin"] == iin for row in state.acknowledgements):
            return Outcome(answer("KNOWN"))
        row = {
            "id": uuid7(),
            "change_id": change_id,
            "employee_iin": iin,
            "acknowledged_at": MORNING,
            "acknowledged_by": iin,
            "message_id": message.id,
        }
        return Outcome(answer(ACCEPTED), (RowAdded("acknowledgement", row),), MORNING)

    return Work([message], decide, EMPLOYER, Needs(acknowledgements_of=change_id))


async def look(url: str, search: PersonSearch) -> Found:
    beside = Beside(url)
    try:
        return await beside.ask(lambda connection: searching.find(connection, "020140000016", search))
    finally:
        await beside.close()


async def done(unit: UnitOfWork, *works: Work) -> None:
    for work in works:
        assert told([await unit.submit(work)]) == [ACCEPTED]


def contract_id(url: str, number: str) -> UUID:
    ((found,),) = rows(url, "SELECT id FROM contract WHERE number = %s", number)
    assert isinstance(found, UUID)
    return found


def entries(found: Found) -> list[tuple[Any, ...]]:
    """(event, version, before told, after told) of each, in order."""
    return [
        (row["event"], row["change_id"].partition("/")[2], row["tells_before"], row["tells_after"])
        for row in found.rows
    ]


async def notices(url: str, iin: str, since: str | None = None, page: Page = ALL) -> Found:
    return await look(url, ChangeSearch(iin, page, since))


@pytest.mark.clause("353/16")
@in_a_loop
async def test_contracts_of_all_employers_and_numbers_are_found(database: str) -> None:
    """The newest first, page by page; a deleted one is not among them, nor another person's."""
    async with unit_of_work(database) as unit:
        await done(
            unit,
            registration("n1", employee_iin=ANNA),
            registration("n2", employee_iin=ANNA, employer="940340000421"),
            registration("n3", employee_iin=BORIS),
            registration("n4", employee_iin=ANNA, status="deleted"),
            registration("n5", employee_iin=ANNA_LATER),
            iin_change(ANNA, ANNA_LATER),
        )
    found = await look(database, PersonContractSearch(ANNA_LATER, ALL))
    assert [row["contract"]["number"] for row in found.rows] == ["n5", "n2", "n1"]
    second = await look(database, PersonContractSearch(ANNA_LATER, Page(2, 2)))
    assert ([row["contract"]["number"] for row in second.rows], second.total) == (["n1"], 3)
    # The number of before is nobody's any more: what was entered later is not found by it.
    earlier = await look(database, PersonContractSearch(ANNA, ALL))
    assert [row["contract"]["number"] for row in earlier.rows] == ["n2", "n1"]
    assert await look(database, PersonContractSearch(CLARA, ALL)) == Found([], 0)


@pytest.mark.clause("353/16")
@in_a_loop
async def test_numbers_that_name_each_other_are_followed_once(database: str) -> None:
    async with unit_of_work(database) as unit:
        await done(
            unit, iin_change(ANNA, BORIS), iin_change(BORIS, ANNA), registration("n1", employee_iin=ANNA)
        )
    assert (await look(database, PersonContractSearch(BORIS, ALL))).total == 1


@pytest.mark.clause("353/14")
@in_a_loop
async def test_whose_an_entry_is_is_told_by_the_history(database: str) -> None:
    """Anna was entered by mistake, Boris is right; then the contract goes on, and Boris gets another number."""
    async with unit_of_work(database) as unit:
        await done(
            unit,
            registration("n1", employee_iin=ANNA),
            changing("n1", -9, address="a"),
            changing("n1", -8, "ContractCorrected", employee_iin=BORIS),
            changing("n1", -7, address="b"),
            iin_change(BORIS, CLARA),
            changing("n1", -6, "EmployeeIinChanged", employee_iin=CLARA),
            changing("n1", -5, address="c"),
        )
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE contract_event DISABLE TRIGGER only_added")
        connection.execute(
            "UPDATE contract_event SET recorded_at = %s WHERE version = 1", (MORNING - timedelta(days=1),)
        )
    assert entries(await notices(database, ANNA)) == [
        ("ContractCorrected", "3", True, False),
        ("ContractAmended", "2", True, True),
        ("ContractRegistered", "1", True, True),
    ]
    assert entries(await notices(database, CLARA)) == [
        ("ContractAmended", "6", True, True),
        ("EmployeeIinChanged", "5", True, True),
        ("ContractAmended", "4", True, True),
        ("ContractCorrected", "3", False, True),
    ]
    # By the number of before, what happened to it.
    assert entries(await notices(database, BORIS)) == [
        ("EmployeeIinChanged", "5", True, False),
        ("ContractAmended", "4", True, True),
        ("ContractCorrected", "3", False, True),
    ]
    # Whose contract it is no more is not told its number, which may be another one by now.
    assert {row["number"] for row in (await notices(database, ANNA)).rows} == {None}
    assert {row["number"] for row in (await notices(database, CLARA)).rows} == {"n1"}
    (contract,) = (await look(database, PersonContractSearch(CLARA, ALL))).rows
    assert [(row["version"], row["shown"]) for row in contract["history"]] == [
        (1, False),
        (2, False),
        *((version, True) for version in (3, 4, 5, 6)),
    ]
    assert (await look(database, PersonContractSearch(ANNA, ALL))).total == 0


@pytest.mark.clause("353/14")
@in_a_loop
async def test_nobody_sees_more_than_the_own_whoever_comes_after_whom(database: str) -> None:
    """By chance each entry goes on, or gives the contract to somebody; held to a model of three lines."""
    chance, people = random.Random(353), (ANNA, BORIS, CLARA)
    held: dict[str, list[str]] = {}
    async with unit_of_work(database) as unit:
        for number in (f"n{count}" for count in range(30)):
            holders = held[number] = [chance.choice(people)]
            await done(unit, registration(number, employee_iin=holders[0]))
            for hour in range(chance.randrange(5)):
                holders.append(chance.choice((*people, holders[-1], holders[-1])))
                await done(unit, changing(number, hour, address=str(hour), employee_iin=holders[-1]))
    numbers = {contract_id(database, number): number for number in held}
    for iin in people:
        found = await notices(database, iin, page=Page(1, 200))
        seen = {
            (numbers[row["contract_id"]], int(row["change_id"].partition("/")[2])): (
                row["tells_before"],
                row["tells_after"],
            )
            for row in found.rows
        }
        own = {
            (number, version): (before == iin, after == iin)
            for number, holders in held.items()
            for version, (before, after) in enumerate(pairwise([holders[0], *holders]), start=1)
            if iin in {before, after}
        }
        assert seen == own
        assert found.total == len(own)


@pytest.mark.clause("353/11")
@in_a_loop
async def test_a_single_change_is_known_to_whose_it_is(database: str) -> None:
    async with unit_of_work(database) as unit:
        await done(
            unit,
            registration("n1", employee_iin=ANNA),
            changing("n1", 1, "ContractCorrected", employee_iin=BORIS),
            disclosure(ANNA, 2),
        )
    ((disclosed,),) = rows(database, "SELECT id FROM disclosure")
    at = contract_id(database, "n1")
    known = {
        (iin, change)
        for iin in (ANNA, BORIS, CLARA)
        for change in (f"{at}/1", f"{at}/2", f"{at}/3", str(at), str(disclosed), f"{disclosed}/1")
        if (await look(database, OneChangeSearch(iin, change))).change_is_known
    }
    assert known == {
        (ANNA, f"{at}/1"),
        (ANNA, f"{at}/2"),
        (BORIS, f"{at}/2"),
        (ANNA, str(disclosed)),
    }


@pytest.mark.clause("slides/notify")
@in_a_loop
async def test_notices_come_newest_first_and_since_a_change(database: str) -> None:
    """Entries of one moment keep their order; disclosures stand among them."""
    later = (datetime.now(UTC) - MORNING).total_seconds() / 3600 + 24
    async with unit_of_work(database) as unit:
        await done(
            unit,
            registration("n1", employee_iin=ANNA),
            changing("n1", int(later), address="a"),
            changing("n1", int(later), address="b"),
            disclosure(ANNA, int(later) + 1, consent_id=uuid7()),
            disclosure(BORIS, int(later) + 2),
        )
    at = contract_id(database, "n1")
    order = [(None, "", True, True), *((event, str(n), True, True) for event, n in (
        ("ContractAmended", 3), ("ContractAmended", 2), ("ContractRegistered", 1)
    ))]  # fmt: skip
    assert entries(await notices(database, ANNA)) == order
    second = await notices(database, ANNA, page=Page(2, 3))
    assert (entries(second), second.total) == (order[3:], 4)
    for version, newer in ((1, 3), (2, 2), (3, 1)):
        since = await notices(database, ANNA, f"{at}/{version}")
        assert (entries(since), since.total) == (order[:newer], newer)
    newest = str((await notices(database, ANNA)).rows[0]["change_id"])
    assert (await notices(database, ANNA, newest)).total == 0
    assert (await notices(database, ANNA, newest)).change_is_known
    assert not (await notices(database, BORIS, newest)).change_is_known


@pytest.mark.clause("353/16")
@in_a_loop
async def test_a_notice_tells_when_the_message_came_and_since_when_it_is_visible(database: str) -> None:
    """Where the journal does not have the message, it came when it was entered."""
    async with unit_of_work(database) as unit:
        work = registration("n1", employee_iin=ANNA)
        await done(unit, work, disclosure(ANNA, 1))
    found = {row["event"]: row for row in (await notices(database, ANNA)).rows}
    entered = found["ContractRegistered"]
    assert entered["entered_at"] == work.records[0].recorded_at <= entered["visible_at"]
    assert found[None]["entered_at"] == found[None]["visible_at"] == MORNING + timedelta(hours=1)


@pytest.mark.clause("353/14")
@in_a_loop
async def test_disclosures_are_found_with_and_without_a_consent(database: str) -> None:
    consent = uuid7()
    async with unit_of_work(database) as unit:
        await done(
            unit,
            disclosure(ANNA, 1),
            disclosure(ANNA_LATER, 2, consent_id=consent),
            disclosure(BORIS, 3),
            iin_change(ANNA, ANNA_LATER),
        )
    found = await look(database, DisclosureSearch(ANNA_LATER, ALL))
    assert [(row["receiver"], row["purpose"], row["consent_id"], row["operation"]) for row in found.rows] == [
        (EMPLOYER, "приём", consent, None),
        (EMPLOYER, "приём", None, None),
    ]
    second = await look(database, DisclosureSearch(ANNA_LATER, Page(2, 1)))
    assert ([row["consent_id"] for row in second.rows], second.total) == ([None], 2)


@pytest.mark.clause("353/11")
@in_a_loop
async def test_of_two_who_acknowledge_at_once_one_is_kept(database: str) -> None:
    async with unit_of_work(database, "one") as one, unit_of_work(database, "two") as two:
        change = f"{uuid7()}/1"
        outcomes = await asyncio.gather(
            *(unit.submit(acknowledging(change)) for unit in (one, two, one, two)),
            one.submit(acknowledging(change, BORIS)),
        )
    assert sorted(told(outcomes)) == ["KNOWN", "KNOWN", "KNOWN", ACCEPTED, ACCEPTED]
    assert rows(database, "SELECT employee_iin FROM acknowledgement ORDER BY 1") == [(ANNA,), (BORIS,)]


@pytest.mark.clause("353/11")
@in_a_loop
async def test_an_acknowledgement_is_told_and_never_taken_back(database: str) -> None:
    """Told to whom the person has become, and not to the other one whose contract it was."""
    async with unit_of_work(database) as unit:
        await done(
            unit,
            registration("n1", employee_iin=ANNA),
            changing("n1", 1, "ContractCorrected", employee_iin=BORIS),
        )
        at = contract_id(database, "n1")
        await done(unit, acknowledging(f"{at}/2"), iin_change(ANNA, ANNA_LATER))
    seen = {row["change_id"]: row["acknowledged_at"] for row in (await notices(database, ANNA_LATER)).rows}
    assert seen == {f"{at}/1": None, f"{at}/2": MORNING}
    assert [row["acknowledged_at"] for row in (await notices(database, BORIS)).rows] == [None]
    for change in ("UPDATE acknowledgement SET employee_iin = ''", "DELETE FROM acknowledgement"):
        with psycopg.connect(database) as connection, pytest.raises(psycopg.errors.RaiseException):
            connection.execute(change)  # type: ignore[call-overload]


MANY = """
    INSERT INTO contract SELECT (jsonb_populate_record(c, jsonb_build_object(
        'id', gen_random_uuid(), 'external_id', 'm' || n, 'number', 'm' || n, 'employee_iin', 'i' || n / 2
    ))).* FROM contract c, generate_series(1, 5000) n WHERE c.number = 'n1';
    INSERT INTO contract_event SELECT (jsonb_populate_record(e, jsonb_build_object(
        'contract_id', c.id, 'version', v, 'message_id', gen_random_uuid(), 'changes', CASE WHEN c.number LIKE '%7'
        THEN jsonb_build_array(jsonb_build_object('field', 'employee_iin', 'before', 'f' || c.number)) ELSE '[]' END
    ))).* FROM contract c, contract_event e, generate_series(1, 3) v WHERE c.number LIKE 'm%' AND e.version = 1;
    INSERT INTO disclosure SELECT (jsonb_populate_record(d, jsonb_build_object(
        'id', gen_random_uuid(), 'employee_iin', 'i' || n / 2
    ))).* FROM disclosure d, generate_series(1, 5000) n;
    INSERT INTO message (chain, seq, id, direction, recorded_at, channel, service, body_sha256, hash)
        SELECT 'x', row_number() OVER (), message_id, 'in', recorded_at, 'direct', 'x', '', '' FROM contract_event
        WHERE contract_id IN (SELECT id FROM contract WHERE number LIKE 'm%');
    INSERT INTO iin_change SELECT gen_random_uuid(), 'e', 'i' || n, 'j' || n, gen_random_uuid(), now()
        FROM generate_series(1, 5000) n;
    INSERT INTO acknowledgement SELECT gen_random_uuid(), contract_id || '/' || version, 'i1', now(), 'x', message_id
        FROM contract_event
"""

QUERIES: Mapping[str, Sequence[str]] = {
    "contracts": (cabinet._CONTRACTS, cabinet._CONTRACT_COUNT, cabinet._HISTORIES),
    "changes": (cabinet._THE_PERSONS, cabinet._IS_KNOWN, cabinet._COUNT, cabinet._PAGE),
    "disclosures": (cabinet._DISCLOSURES, cabinet._DISCLOSURE_COUNT),
    "numbers": (cabinet.NUMBERS,),
}


@pytest.mark.clause("353/16")
@in_a_loop
async def test_what_a_person_asks_walks_indexes(database: str) -> None:
    """Of many people's many contracts: no query reads a table of the register from end to end."""
    async with unit_of_work(database) as unit:
        await done(unit, registration("n1", employee_iin=ANNA), disclosure(ANNA, 1))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(MANY)  # type: ignore[call-overload]
        connection.execute("VACUUM ANALYZE")
        values: dict[str, Any] = {"iin": "j50", "numbers": ["i50", "j50"], "size": 100, "offset": 0}
        mine = [row[0] for row in connection.execute(cabinet._THE_PERSONS, values).fetchall()]
        assert len(mine) == 2
        values |= {"contracts": mine, "since": mine[0], "since_version": 1}
        for kind, queries in QUERIES.items():
            for query in queries:
                found = connection.execute(f"EXPLAIN {query}", values).fetchall()  # type: ignore[call-overload]
                plan = "\n".join(line for (line,) in found)
                assert "Seq Scan" not in plan, (kind, plan)
