"""Works for the unit of work, as the engine makes them; and a look at what became of them."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence, Sized
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import BigInteger, Column, DateTime, Index, MetaData, Table, Text, Uuid

from esutd_bus.register.dictionaries import Dictionaries
from esutd_bus.register.event import ContractEvent, Deadline, DelegationRecorded, RowsStored
from esutd_bus.register.state import Needs, State
from esutd_bus.store import dictionaries
from esutd_bus.store.connection import Connection, connect_now
from esutd_bus.store.editions import DICTIONARIES, Followed
from esutd_bus.store.ids import uuid7
from esutd_bus.store.journal import Record
from esutd_bus.store.subscriptions import Subscriptions
from esutd_bus.store.unit_of_work import UnitOfWork
from esutd_bus.store.verification import verify
from esutd_bus.store.work import Outcome, RequestKey, StoredAnswer, Work

EMPLOYER = "990440000385"
DAY = date(2026, 3, 2)
ACCEPTED, TAKEN, UNKNOWN = "SCSS001", "SCSE014", "SCSE025"

NOTE = Table(
    "note",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("employer", Text, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("text", Text),
    Column("places", BigInteger),
    Index("ix_note_text", "text"),
    schema="exchange",
)
TABLES = {"note": NOTE}


def record(direction: Any = "in", body: bytes = b"<in/>", **more: Any) -> Record:
    return Record(uuid7(), direction, datetime.now(UTC), "direct", "Test", body, **more)


def answer(code: str, body: bytes | None = None) -> Record:
    return record("out", body or f"<{code}/>".encode(), code=code, status=200 if code == ACCEPTED else 500)


def request(
    request_id: UUID | None = None, *, payload: bytes = b"p", keeps: timedelta | None = None
) -> RequestKey:
    return RequestKey(EMPLOYER, request_id or uuid4(), payload, "Test.Do", keeps)


def contract(number: str, **more: Any) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "employer": EMPLOYER,
        "external_id": f"external-{number}",
        "number": number,
        "concluded_on": DAY,
        "employee_iin": "850312100031",
        "starts_on": DAY,
        "term_code": "1",
        "position_code": "2511-1-002",
        "established_post": "инженер",
        "employment_type_code": "2",
        "remote_work_code": "3",
        "country_code": "398",
        "address": "пр. Абая, 1",
        "status": "active",
        "registered_at": datetime.now(UTC),
        "version": 1,
        "changed_at": datetime.now(UTC),
        **more,
    }


def _done(event: ContractEvent | DelegationRecorded | RowsStored, key: RequestKey | None) -> Outcome:
    return Outcome(answer(ACCEPTED), (event,), datetime.now(UTC), "BIN990440000385", binds=key is not None)


def registration(number: str, *, key: RequestKey | None = None, days_late: int = 0, **more: Any) -> Work:
    """Registers a contract, if its number is free."""

    def decide(state: State, stored: StoredAnswer | None) -> Outcome:
        if stored is not None:
            return Outcome(answer(stored.code, stored.body))
        if state.contract_by_number is not None:
            return Outcome(answer(TAKEN), binds=key is not None)
        deadline = Deadline("353/7", DAY, days_late, None)
        row = contract(number, **more)
        return _done(ContractEvent("ContractRegistered", row, {}, DAY, deadline), key)

    needs = Needs(contract_external_id=f"external-{number}", contract_number=number, expects_nothing=True)
    return Work([record(sender=EMPLOYER)], decide, EMPLOYER, needs, key)


def amendment(address: str, needs: Needs) -> Work:
    """Gives a contract another address."""

    def decide(state: State, _stored: StoredAnswer | None) -> Outcome:
        found = state.contract_by_id or state.contract_by_external_id
        if found is None:
            return Outcome(answer(UNKNOWN))
        row = {**found, "address": address, "version": found["version"] + 1}
        changes = {"address": (found["address"], address)}
        return _done(ContractEvent("ContractAmended", row, changes, DAY), None)

    return Work([record(sender=EMPLOYER)], decide, EMPLOYER, needs)


def delegation(delegate: str, act: str, **more: Any) -> Work:
    """Records an act by which the employer entrusts a person."""

    def decide(state: State, _stored: StoredAnswer | None) -> Outcome:
        before = state.delegation
        row = {
            "id": uuid7(),
            "employer": EMPLOYER,
            "delegate_iin": delegate,
            "version": 1 if before is None else before["version"] + 1,
            "act_number": act,
            "act_date": DAY,
            "message_id": uuid7(),
            "recorded_at": datetime.now(UTC),
            "recorded_by": EMPLOYER,
            **more,
        }
        return _done(DelegationRecorded(row), None)

    return Work([record(sender=EMPLOYER)], decide, EMPLOYER, Needs(delegation_to=delegate))


def note(text: str, *, places: int = 0) -> Work:
    """Stores a row of a table of a mapping's own."""
    row = {"id": uuid7(), "text": text, "places": places}
    return Work(
        [record(sender=EMPLOYER)], lambda _state, _stored: _done(RowsStored((("note", row),)), None), EMPLOYER
    )


def raising(error: BaseException) -> Work:
    """Its decision goes wrong."""

    def decide(_state: State, _stored: StoredAnswer | None) -> Outcome:
        raise error

    return Work([record()], decide, EMPLOYER)


class Follower:
    """Sees the dictionaries as the rules do."""

    def __init__(self) -> None:
        self.editions: list[Dictionaries] = []
        self.followed = Followed({DICTIONARIES: self.reload})

    async def reload(self, connection: Connection) -> None:
        self.editions.append(await dictionaries.read(connection))


@asynccontextmanager
async def unit_of_work(
    url: str,
    node: str = "node",
    follower: Follower | None = None,
    subscriptions: Subscriptions | None = None,
    coming: Sized = (),
) -> AsyncIterator[UnitOfWork]:
    made = UnitOfWork(
        url,
        node=node,
        exchange_tables=TABLES,
        followed=(follower or Follower()).followed,
        subscriptions=subscriptions,
        coming=coming,
    )
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def submit_all(unit: UnitOfWork, works: Sequence[Work]) -> list[Outcome | BaseException]:
    """Submitted at once: what fits in a batch is one."""
    return await asyncio.gather(*(unit.submit(work) for work in works), return_exceptions=True)


def told(outcomes: Sequence[Outcome | BaseException]) -> list[str]:
    """Code of each answer, or the name of the exception."""
    return [str(each.answer.code) if isinstance(each, Outcome) else type(each).__name__ for each in outcomes]


def in_a_loop(story: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that is a coroutine; one that would wait for ever fails."""

    @functools.wraps(story)
    def run(*args: Any, **named: Any) -> None:
        async def limited() -> None:
            async with asyncio.timeout(60):
                await story(*args, **named)

        asyncio.run(limited())

    return run


def rows(url: str, query: Any, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query, values).fetchall()


def the_journal_is_whole(url: str) -> int:
    """Proves it; the count of records."""
    with connect_now(url) as connection:
        verification = verify(connection)
    assert verification.findings == []
    return verification.records


BACKENDS = (
    "SELECT {} FROM pg_stat_activity WHERE application_name = 'esutd-bus' AND datname = current_database()"
)


def cut_connections(url: str) -> None:
    """Ends every connection of a node, as a restart of the server does."""
    assert rows(url, BACKENDS.format("pg_terminate_backend(pid, 5000)"))


@contextmanager
def locked(url: str, table: str, mode: str) -> Iterator[None]:
    """Nobody gets on with a table meanwhile."""
    with psycopg.connect(url) as connection:
        connection.execute(f"LOCK TABLE {table} IN {mode} MODE")
        yield


async def until(holds: Callable[[], bool]) -> None:
    """Looks again and again; what never comes to hold is a failure."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  # it is the database that is waited for
            await asyncio.sleep(0.01)


async def until_a_node_waits(url: str) -> None:
    """Until a statement of a node waits for a lock."""
    await until(lambda: bool(rows(url, BACKENDS.format("pid") + " AND wait_event_type = 'Lock'")))


@contextmanager
def out_of_reach(server: str, url: str) -> Iterator[None]:
    """The server lives, but lets nobody into this database."""
    name = conninfo_to_dict(url)["dbname"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
