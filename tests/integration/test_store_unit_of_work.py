"""Batches on a real PostgreSQL: committed once, each work answered, none in its neighbours' way."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from store_works import (
    ACCEPTED,
    EMPLOYER,
    TAKEN,
    UNKNOWN,
    Follower,
    amendment,
    contract,
    in_a_loop,
    note,
    raising,
    record,
    registration,
    request,
    rows,
    submit_all,
    the_journal_is_whole,
    told,
    unit_of_work,
)

from esutd_bus.register.dictionaries import Dictionaries, Entry
from esutd_bus.register.state import Needs
from esutd_bus.store import unit_of_work as unit_of_work_module
from esutd_bus.store.compression import expand
from esutd_bus.store.connection import connect_now
from esutd_bus.store.dictionaries import load
from esutd_bus.store.unit_of_work import UnitOfWork
from esutd_bus.store.work import Outcome, StoreUnavailable, Work


@in_a_loop
async def test_a_batch_is_one_transaction(database: str) -> None:
    async with unit_of_work(database) as unit:
        outcomes = await submit_all(unit, [registration(f"n{n}", key=request()) for n in range(20)])
    assert told(outcomes) == [ACCEPTED] * 20
    written = rows(
        database,
        "SELECT DISTINCT xmin::text FROM message UNION SELECT xmin::text FROM contract"
        " UNION SELECT xmin::text FROM contract_event UNION SELECT xmin::text FROM request"
        " UNION SELECT xmin::text FROM journal_chain",
    )
    assert len(written) == 1
    assert rows(database, "SELECT count(*), count(DISTINCT number) FROM contract") == [(20, 20)]
    assert the_journal_is_whole(database) == 40


@in_a_loop
async def test_more_than_a_batch_is_several(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work_module, "MAX_BATCH", 8)
    async with unit_of_work(database) as unit:
        outcomes = await submit_all(unit, [registration(f"n{n}") for n in range(20)])
    assert told(outcomes) == [ACCEPTED] * 20
    assert rows(database, "SELECT count(DISTINCT xmin::text) FROM contract") == [(3,)]


@in_a_loop
async def test_an_outcome_is_told_once_it_is_durable(database: str) -> None:
    async with unit_of_work(database) as unit:
        outcome = await unit.submit(registration("n1"))
        [[kept]] = rows(database, "SELECT body FROM message WHERE id = %s", outcome.answer.id)
        assert expand(kept) == b"<SCSS001/>"


POISON = {
    "a decision that raises": lambda: raising(ValueError("no answer to be made")),
    "an event that no table keeps": lambda: registration("poison", unknown=object(), version="one"),
    "a value too large for its column": lambda: registration("poison", days_late=2**31),
    "a value that breaks a rule of the table": lambda: registration("poison", address=None),
    "a value too large for an index": lambda: note(secrets.token_hex(8000)),
    "a number too large": lambda: note("n", places=2**63),
    "a text that the database cannot hold": lambda: note("\x00"),
    "a value that cannot be written": lambda: note(object()),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
@in_a_loop
async def test_what_one_work_provokes_its_neighbours_do_not_feel(database: str, poison: object) -> None:
    assert callable(poison)
    batch = [
        registration("n1"),
        note("first"),
        poison(),
        *(registration(f"n{n}") for n in range(2, 6)),
        note("second"),
        registration("n1"),
    ]
    async with unit_of_work(database) as unit:
        outcomes = await submit_all(unit, batch)
        assert told([await unit.submit(registration("after"))]) == [ACCEPTED]
    assert told(outcomes) == [ACCEPTED, ACCEPTED, "StoreRejected", *[ACCEPTED] * 5, TAKEN]
    assert rows(database, "SELECT count(*) FROM contract") == [(6,)]
    assert rows(database, "SELECT text FROM exchange.note ORDER BY 1") == [("first",), ("second",)]
    # Of the one that was rejected nothing is left, not even in the journal.
    assert the_journal_is_whole(database) == 2 * 9


@in_a_loop
async def test_many_poisoned_works_leave_the_others_alone(database: str) -> None:
    batch = [raising(KeyError(n)) if n % 3 else registration(f"n{n}") for n in range(60)]
    async with unit_of_work(database) as unit:
        outcomes = await submit_all(unit, batch)
    assert told(outcomes) == ["StoreRejected" if n % 3 else ACCEPTED for n in range(60)]


@in_a_loop
async def test_a_refused_work_does_not_touch_its_neighbours(database: str) -> None:
    async with unit_of_work(database) as unit:
        await unit.submit(registration("n1"))
        outcomes = await submit_all(unit, [registration("n2"), registration("n1"), registration("n3")])
    assert told(outcomes) == [ACCEPTED, TAKEN, ACCEPTED]
    assert rows(database, "SELECT count(DISTINCT xmin::text) FROM message") == [(2,)]


@in_a_loop
async def test_works_that_meet_in_a_batch_are_decided_one_after_the_other(database: str) -> None:
    async with unit_of_work(database) as unit:
        outcomes = await submit_all(
            unit,
            [
                registration("n1"),
                registration("n1"),
                amendment("второй", Needs(contract_external_id="external-n1")),
                registration("n2"),
                amendment("третий", Needs(contract_external_id="external-n1")),
                amendment("никакой", Needs(contract_external_id="external-n9")),
            ],
        )
    assert told(outcomes) == [ACCEPTED, TAKEN, ACCEPTED, ACCEPTED, ACCEPTED, UNKNOWN]
    history = rows(
        database,
        "SELECT e.version, e.changes->0->>'before', e.changes->0->>'after' FROM contract_event e"
        " JOIN contract c ON c.id = e.contract_id WHERE c.number = 'n1' ORDER BY 1",
    )
    assert history == [(1, None, None), (2, "пр. Абая, 1", "второй"), (3, "второй", "третий")]
    assert rows(database, "SELECT address, version FROM contract WHERE number = 'n1'") == [("третий", 3)]
    the_journal_is_whole(database)


@in_a_loop
async def test_the_same_request_has_one_effect_and_one_answer(database: str) -> None:
    request_id = uuid4()
    async with unit_of_work(database) as unit:
        batch = [registration("n1", key=request(request_id)) for _ in range(3)]
        outcomes = await submit_all(unit, batch)
        outcomes.append(await unit.submit(registration("n1", key=request(request_id))))
    assert told(outcomes) == [ACCEPTED] * 4
    assert rows(database, "SELECT count(*) FROM contract") == [(1,)]
    bound = rows(database, "SELECT r.request_id, m.seq FROM request r JOIN message m ON m.id = r.answer_id")
    assert bound == [(request_id, 2)]


@in_a_loop
async def test_a_read_is_answered_anew_when_its_time_is_over(database: str) -> None:
    request_id = uuid4()
    asked: list[bool] = []

    def read(keeps: timedelta) -> Work:
        key = request(request_id, keeps=keeps)

        def decide(_state: object, stored: object) -> Outcome:
            asked.append(stored is not None)
            return Outcome(
                record("out", f"<answer{len(asked)}/>".encode(), code=ACCEPTED, status=200), binds=not stored
            )

        return Work([record()], decide, EMPLOYER, key=key)

    async with unit_of_work(database) as unit:
        for keeps in (timedelta(hours=24), timedelta(hours=24), timedelta(0), timedelta(hours=24)):
            await unit.submit(read(keeps))
    assert asked == [False, True, False, True]
    [[bound]] = rows(database, "SELECT m.body FROM request r JOIN message m ON m.id = r.answer_id")
    assert expand(bound) == b"<answer3/>"


@in_a_loop
async def test_two_writers_on_one_database_never_decide_twice(database: str) -> None:
    numbers = [f"n{n}" for n in range(25)]
    async with unit_of_work(database, "one") as one, unit_of_work(database, "two") as two:

        async def hammer(unit: object, order: list[str]) -> list[str]:
            outcomes: list[Outcome | BaseException] = []
            for start in range(0, len(order), 10):
                outcomes += await submit_all(unit, [registration(n) for n in order[start : start + 10]])  # type: ignore[arg-type]
            return told(outcomes)

        codes = await asyncio.gather(hammer(one, numbers * 4), hammer(two, numbers[::-1] * 4))
    counted = Counter(code for each in codes for code in each)
    assert counted == {ACCEPTED: 25, TAKEN: 175}
    assert rows(database, "SELECT count(*), count(DISTINCT number) FROM contract") == [(25, 25)]
    assert the_journal_is_whole(database) == 2 * 200


@in_a_loop
async def test_two_writers_on_one_contract_lose_no_change(database: str) -> None:
    async with unit_of_work(database, "one") as one, unit_of_work(database, "two") as two:
        await one.submit(registration("n1"))
        by_external_id = Needs(contract_external_id="external-n1")
        outcomes = await asyncio.gather(
            *(unit.submit(amendment(f"{n}", by_external_id)) for n in range(15) for unit in (one, two))
        )
    assert told(outcomes) == [ACCEPTED] * 30
    chained = rows(
        database,
        "SELECT version, changes->0->>'before' = lag(changes->0->>'after') OVER (ORDER BY version)"
        " FROM contract_event ORDER BY version OFFSET 2",
    )
    assert chained == [(version, True) for version in range(3, 32)]
    the_journal_is_whole(database)


@in_a_loop
async def test_another_writers_row_is_seen_after_the_conflict(database: str) -> None:
    """Between a batch's load and its write somebody else takes the number: it is decided again, and refused."""
    other = psycopg.connect(database, autocommit=True)
    meddled = False
    work = registration("n1")
    decide = work.decide

    def decide_while_another_writes(state: object, stored: object) -> Outcome:
        nonlocal meddled
        outcome = decide(state, stored)  # type: ignore[arg-type]
        if not meddled:
            meddled = True
            row = contract("n1")
            names = ", ".join(row)
            marks = ", ".join(["%s"] * len(row))
            other.execute(f"INSERT INTO contract ({names}) VALUES ({marks})", list(row.values()))
        return outcome

    work.decide = decide_while_another_writes
    with other:
        async with unit_of_work(database) as unit:
            outcomes = await submit_all(unit, [registration("n0"), work, registration("n2")])
    assert told(outcomes) == [ACCEPTED, TAKEN, ACCEPTED]
    the_journal_is_whole(database)


@in_a_loop
async def test_new_dictionaries_are_seen_by_whoever_is_running(database: str) -> None:
    follower = Follower()
    async with unit_of_work(database, follower=follower) as unit:
        assert [edition.names for edition in follower.editions] == [frozenset()]
        await unit.submit(note("before"))
        assert len(follower.editions) == 1
        with connect_now(database) as connection:
            load(connection, Dictionaries({"colours": [Entry("1", "красный", "қызыл")]}))
        seen: list[int] = []

        def decide(_state: object, _stored: object) -> Outcome:
            seen.append(len(follower.editions))
            return Outcome(record("out", code=ACCEPTED))

        await unit.submit(Work([record()], decide, EMPLOYER))
        await unit.submit(note("after"))
    assert seen == [2]
    assert [edition.names for edition in follower.editions[1:]] == [frozenset({"colours"})]


@in_a_loop
async def test_a_table_that_gains_a_column_disturbs_nobody_who_is_running(database: str) -> None:
    async with unit_of_work(database) as unit:
        for n in range(8):  # often enough for statements to be prepared
            await unit.submit(registration(f"n{n}"))
            await unit.submit(amendment("x", Needs(contract_external_id=f"external-n{n}")))
        with psycopg.connect(database) as connection:
            connection.execute("ALTER TABLE contract ADD COLUMN gained text")
            connection.execute("ALTER TABLE message ADD COLUMN gained text")
            connection.execute("ALTER TABLE contract_event ADD COLUMN gained text DEFAULT 'x'")
        outcomes = await submit_all(
            unit,
            [
                amendment("y", Needs(contract_external_id="external-n3")),
                registration("n9"),
                registration("n1"),
            ],
        )
    assert told(outcomes) == [ACCEPTED, ACCEPTED, TAKEN]
    the_journal_is_whole(database)


@in_a_loop
async def test_a_plan_that_no_longer_fits_is_made_anew(database: str) -> None:
    async with unit_of_work(database) as unit:
        for n in range(8):
            await unit.submit(registration(f"n{n}"))
        with psycopg.connect(database) as connection:
            connection.execute("ALTER TABLE contract ALTER COLUMN address TYPE varchar(500)")
        outcomes = await submit_all(unit, [registration("n1"), registration("n8")])
    assert told(outcomes) == [TAKEN, ACCEPTED]


@in_a_loop
async def test_memory_has_an_end(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work_module, "MAX_WAITING", 10)
    async with unit_of_work(database) as unit:
        outcomes = await submit_all(unit, [registration(f"n{n}") for n in range(12)])
        again = await unit.submit(registration("n11"))
    assert told(outcomes) == [*[ACCEPTED] * 10, "StoreUnavailable", "StoreUnavailable"]
    assert told([again]) == [ACCEPTED]


@in_a_loop
async def test_a_work_submitted_twice_is_answered_twice(database: str) -> None:
    work = registration("n1")
    async with unit_of_work(database) as unit:
        outcomes = await submit_all(unit, [work, work])
    assert isinstance(outcomes[0], Outcome)
    assert rows(database, "SELECT count(*) FROM contract") == [(1,)]
    assert all(isinstance(each, Outcome | StoreUnavailable) for each in outcomes)


def sizes_of_batches(unit: UnitOfWork) -> list[int]:
    """Of those that it will take."""
    seen, process = [], unit._writer.process

    async def counted(batch: Sequence[Work]) -> Mapping[Work, Outcome]:
        seen.append(len(batch))
        return await process(batch)

    unit._writer.process = counted  # type: ignore[method-assign]
    return seen


@pytest.mark.parametrize(("coming", "batches"), [(["one"], [2]), ([], [1, 1])])
def test_who_is_being_read_joins_the_batch(database: str, coming: list[str], batches: list[int]) -> None:
    async def sizes() -> list[int]:
        async with unit_of_work(database, coming=coming) as unit:
            seen = sizes_of_batches(unit)
            first = asyncio.create_task(unit.submit(registration("n1")))
            for _ in range(10):
                await asyncio.sleep(0)
            await asyncio.gather(first, unit.submit(registration("n2")))
        return seen

    assert asyncio.run(sizes()) == batches


@in_a_loop
async def test_who_was_answered_by_a_larger_batch_may_come_again(database: str) -> None:
    async with unit_of_work(database) as unit:
        seen = sizes_of_batches(unit)
        await asyncio.gather(unit.submit(registration("n1")), unit.submit(registration("n2")))
        first = asyncio.create_task(unit.submit(registration("n3")))
        for _ in range(10):
            await asyncio.sleep(0)
        await asyncio.gather(first, unit.submit(registration("n4")))
    assert seen == [2, 2]


@in_a_loop
async def test_behind_a_full_batch_nobody_should_wait(database: str) -> None:
    coming: list[str] = []
    async with unit_of_work(database, coming=coming) as unit:
        assert not unit.is_behind()
        with psycopg.connect(database) as holding:
            holding.execute("LOCK TABLE contract IN ACCESS EXCLUSIVE MODE")
            works = [registration(f"n{n}") for n in range(unit_of_work_module.MAX_BATCH)]
            submitted = [asyncio.create_task(unit.submit(work)) for work in works[:40]]
            await asyncio.sleep(0.1)  # a batch is under way
            submitted += [asyncio.create_task(unit.submit(work)) for work in works[40:-1]]
            await asyncio.sleep(0)
            one_less_than_a_batch = unit.is_behind()
            one_has_come = unit.is_behind(1)
            coming.append("one")
            one_is_being_read = unit.is_behind()
            coming.clear()
            submitted.append(asyncio.create_task(unit.submit(works[-1])))
            await asyncio.sleep(0)
            a_batch = unit.is_behind()
        assert (one_less_than_a_batch, one_has_come, one_is_being_read, a_batch) == (False, True, True, True)
        assert told(await asyncio.gather(*submitted)) == [ACCEPTED] * len(works)
        assert not unit.is_behind()
