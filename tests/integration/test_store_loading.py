"""What a batch is loaded by: every query of it finds its rows by an index's key, however many rows there are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Literal
from store_works import DAY, EMPLOYER, in_a_loop, registration, request, unit_of_work

from esutd_bus.register.state import Moving, Needs
from esutd_bus.store import loading
from esutd_bus.store.connection import Asked, _numbered, connect
from esutd_bus.store.work import Work

EVERYTHING = Needs(
    contract_id=uuid4(),
    contract_external_id="external-n1",
    contract_number="n1",
    amendment_external_id="e",
    amendments=True,
    history=True,
    leaves=True,
    leave_external_id="e",
    proof_external_id="e",
    employee_iin="850312100031",
    new_iin="i",
    moving=Moving("r", "n", DAY, 10),
    delegation_to="i",
    system="s",
    labour_request_id=uuid4(),
    acknowledgements_of="c",
    consents_of="i",
    own_consent_id=uuid4(),
    own_consent_external_id="e",
    new_external_id="e",
    batch_id=uuid4(),
    delivery=("d", "i"),
)
NOT_ASKED_ALONE = {loading._BY_ID_OR_EXTERNAL_ID}

SMALL = "edition"
"""Is read from end to end: it holds a row for each kind of thing that has editions."""

READS = ("Seq Scan", "Index Scan", "Index Only Scan")
"""How the names end of what reads a table or an index; a bitmap's is read by a `Bitmap Index Scan` beneath."""

HANDFUL = 20

MANY = """
    INSERT INTO contract SELECT (jsonb_populate_record(c, jsonb_build_object(
        'id', gen_random_uuid(), 'external_id', 'm' || n, 'number', 'm' || n, 'employee_iin', 'i' || n / 2,
        'employer', CASE WHEN n % 3 = 0 THEN c.employer ELSE '1000000' || n % 300 END
    ))).* FROM contract c, generate_series(1, 3000) n WHERE c.number = 'n1';
    INSERT INTO contract_event SELECT (jsonb_populate_record(e, jsonb_build_object('contract_id', c.id))).*
        FROM contract c, contract_event e WHERE c.number LIKE 'm%';
    INSERT INTO amendment (id, contract_id, employer, external_id, number, concluded_on, starts_on, terms, status,
        version, message_id, recorded_at)
        SELECT gen_random_uuid(), id, employer, external_id, '1', starts_on, starts_on, '{}', 'active', 1, id, now()
        FROM contract;
    INSERT INTO leave (id, contract_id, employer, external_id, leave_type_code, personnel_number, starts_on, ends_on,
        status, version, message_id, recorded_at)
        SELECT gen_random_uuid(), id, employer, external_id, '1', '1', starts_on, starts_on, 'active', 1, id, now()
        FROM contract;
    INSERT INTO message (chain, seq, id, direction, recorded_at, channel, service, body_sha256, hash)
        SELECT 'x', row_number() OVER (), id, 'out', now(), 'direct', 'x', '', '' FROM contract;
    INSERT INTO request SELECT (jsonb_populate_record(r, jsonb_build_object(
        'sender', c.employer, 'request_id', gen_random_uuid(), 'answer_id', c.id
    ))).* FROM request r, contract c WHERE c.number LIKE 'm%';
    ANALYZE contract, contract_event, amendment, leave, message, request
"""


class Listener:
    """In a connection's place: keeps what is asked."""

    def __init__(self) -> None:
        self.asked: Sequence[Asked] = ()

    async def trip(self, asked: Sequence[Asked]) -> list[list[Any]]:
        self.asked = asked
        return [[] for _ in asked]


def all_queries() -> Sequence[Asked]:
    """What is asked for a message that needs everything."""
    listener = Listener()
    work = Work([], lambda _state, _stored: NotImplemented, EMPLOYER, EVERYTHING, request())
    asyncio.run(loading.load(listener, [work]))  # type: ignore[arg-type]  # it answers a trip alone
    return listener.asked


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def finds_by_key(node: Mapping[str, Any]) -> bool:
    """Whether what reads a table, or an index, goes by a key, and meets next to nothing but what it looks for."""
    seen = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return "Index Cond" in node and seen * node["Actual Loops"] <= HANDFUL


def test_a_message_that_needs_everything_asks_every_query() -> None:
    """So that the next test sees each."""
    texts = {value for value in vars(loading).values() if isinstance(value, str) and "SELECT" in value}
    assert texts - NOT_ASKED_ALONE <= {each.query for each in all_queries()}


@in_a_loop
async def test_every_query_of_a_batch_walks_an_index_by_its_key(database: str) -> None:
    """Else it would read a table, or a whole index, for each batch: what an amendment costs would grow with them all.

    A plan is the one that the hot path has: made once, for keys that are not known yet. The employer has a thousand
    contracts; most have ten.
    """
    async with unit_of_work(database) as unit:
        await unit.submit(registration("n1", key=request()))
    with psycopg.connect(database, autocommit=True) as filling:
        filling.execute(MANY)  # type: ignore[call-overload]
    asked = await asyncio.to_thread(all_queries)
    connection = await connect(database, by_key=True)
    for number, each in enumerate(asked):
        text, names = _numbered(each.query)
        values = (
            [each.parameters[name] for name in names]
            if isinstance(each.parameters, Mapping)
            else each.parameters
        )
        await connection.execute(f"PREPARE q{number} AS {text.decode()}")
        told = [value.decode() if each.as_text else value for value in values]
        keys = SQL("({})").format(SQL(", ").join(map(Literal, told))) if told else SQL("")
        explain = SQL("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE {}{}").format(SQL(f"q{number}"), keys)
        (found,) = await (await connection.execute(explain)).fetchall()
        reading = [
            node for node in nodes(found["QUERY PLAN"][0]["Plan"]) if node["Node Type"].endswith(READS)
        ]
        astray = [node for node in reading if node.get("Relation Name") != SMALL and not finds_by_key(node)]
        assert astray == [], each.query
    await connection.close()
