"""What is all new is written without a look; what is not, is looked at: nobody is answered otherwise for that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_works import (
    ACCEPTED,
    TAKEN,
    UNKNOWN,
    Follower,
    amendment,
    in_a_loop,
    note,
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
from esutd_bus.store import writer
from esutd_bus.store.connection import connect, connect_now
from esutd_bus.store.dictionaries import load
from esutd_bus.store.statements import as_array
from esutd_bus.store.work import Work

Looks = list[int]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """How many works each look into the database was for."""
    seen: Looks = []
    really: Callable[..., Awaitable[Any]] = writer.load

    async def counted(connection: Any, batch: Sequence[Work]) -> Any:
        seen.append(len(batch))
        return await really(connection, batch)

    monkeypatch.setattr(writer, "load", counted)
    return seen


@in_a_loop
async def test_what_is_all_new_is_written_without_a_look(database: str, looks: Looks) -> None:
    async with unit_of_work(database) as unit:
        outcomes = await submit_all(unit, [registration(f"n{n}", key=request()) for n in range(5)])
    assert (told(outcomes), looks) == ([ACCEPTED] * 5, [])
    assert rows(database, "SELECT count(*), count(DISTINCT xmin::text) FROM request") == [(5, 1)]
    the_journal_is_whole(database)


@pytest.mark.parametrize(
    ("other", "answer"),
    [
        (lambda: registration("n1"), TAKEN),
        (lambda: amendment("другой", Needs(contract_external_id="external-n1")), ACCEPTED),
        (lambda: amendment("другой", Needs(contract_external_id="external-n9")), UNKNOWN),
        (lambda: note("text"), ACCEPTED),
    ],
    ids=["a number that is taken", "an amendment", "a contract that is not there", "another table"],
)
@in_a_loop
async def test_with_anything_else_the_batch_is_looked_at(
    database: str, looks: Looks, other: Callable[[], Work], answer: str
) -> None:
    async with unit_of_work(database) as unit:
        await unit.submit(registration("n1", key=request()))
        outcomes = await submit_all(unit, [registration("n2", key=request()), other(), registration("n3")])
    assert told(outcomes) == [ACCEPTED, answer, ACCEPTED]
    assert looks == [3]
    the_journal_is_whole(database)


@in_a_loop
async def test_a_request_that_comes_again_gets_the_first_answer(database: str, looks: Looks) -> None:
    key = request()
    async with unit_of_work(database) as unit:
        first = await unit.submit(registration("n1", key=key))
        again = await unit.submit(registration("n1", key=key))
        # Under the same id, and of another payload, number and all: still the request that came first.
        other = await unit.submit(registration("n2", key=request(key.request_id, payload=b"q")))
    assert (again.answer.body, other.answer.body) == (first.answer.body, first.answer.body)
    assert looks == [1, 1]
    assert rows(database, "SELECT count(*) FROM contract") == [(1,)]
    the_journal_is_whole(database)


@in_a_loop
async def test_after_a_disappointment_there_is_a_look_first_for_a_while(
    database: str, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_WARY_BATCHES", 3)
    async with unit_of_work(database) as unit:
        await unit.submit(registration("n1"))
        for number in range(1, 6):
            await unit.submit(registration(f"n{number}"))
    # n1 again, then two more that are looked for, then hope.
    assert looks == [1, 1, 1]


@in_a_loop
async def test_nothing_is_decided_by_an_edition_that_is_no_longer_in_force(
    database: str, looks: Looks
) -> None:
    follower = Follower()
    async with unit_of_work(database, follower=follower) as unit:
        await unit.submit(registration("n1"))
        read = len(follower.editions)
        with connect_now(database) as connection:
            load(connection, Dictionaries({"position": [Entry("2", "a", "a")]}))
        await unit.submit(registration("n2"))
        assert len(follower.editions) == read + 1
    assert looks == [1]


@in_a_loop
async def test_nobody_hopes_before_the_editions_were_ever_read(database: str, looks: Looks) -> None:
    follower = Follower()
    async with unit_of_work(database, follower=follower) as unit:
        follower.followed._read.clear()
        await unit.submit(registration("n1"))
    assert looks == [1]


def test_an_array_is_read_as_it_was_meant(database: str) -> None:
    async def read(values: list[str]) -> list[str]:
        connection = await connect(database)
        try:
            cursor = await connection.execute("SELECT %s::text[] AS found", (as_array(values).decode(),))
            return (await cursor.fetchall())[0]["found"]  # type: ignore[no-any-return]
        finally:
            await connection.close()

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(
            st.text(
                st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
                | st.sampled_from('\\"{}, NUL')
            )
        )
    )
    def hold(values: list[str]) -> None:
        assert asyncio.run(read(values)) == values

    hold()
    with pytest.raises(ValueError, match=r"U\+0000"):
        as_array(["a\x00b"])
    assert as_array([uuid4()]).startswith(b'{"')
