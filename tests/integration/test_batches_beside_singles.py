"""Batches through the whole engine, on a real database: what they come to equals what single messages would."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from esutd_bus.engine import Engine
from esutd_bus.node import open_node
from esutd_bus.passage import Incoming
from esutd_bus.settings import Settings
from esutd_bus.signature.keys import SigningKey
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.store import writer
from esutd_bus.store.dictionaries import load_packaged_once
from esutd_bus.store.schema import upgrade
from esutd_bus.store.work import Work
from esutd_bus.testbed.test_ca import TestCa
from support.batches import Told, asking, batch, entries
from support.databases import create_database
from support.messages import EMPLOYER, Reply, contract, register, today

IN_BATCHES, ALONE = "960340000514", "940340000421"
"""Two employers, of whom one sends the same contracts in batches that the other one sends one by one."""

OLD = {"concludedOn": date(2015, 3, 2), "startsOn": date(2015, 3, 2)}

SPOILS: list[dict[str, Any]] = [
    {},
    {},
    OLD,
    {"startsOn": "завтра"},
    {"startsOn": None},
    {"externalId": None},
    {"externalId": "?"},
    {"employee": {"iin": "850312100032"}},
    {"employee": {"surname": "Без ИИН"}},
    {"term": {"termCode": "2"}},
    {"term": {"termCode": "нет"}},
    {"positionCode": "0000-0-000", "remoteWorkCode": "99"},
    {"concludedOn": today() + timedelta(days=3)},
    {"stranger": "?"},
    {"workPlace": {"countryCode": "398", "address": "без территории"}},
    {"workingConditions": {"kind": "normal"}},
    {"workingConditions": {"kind": "normal", "heavyConditionsCode": "L3.6.56"}},
]
MIXTURES = st.lists(
    st.tuples(st.sampled_from(SPOILS), st.sampled_from("1234"), st.sampled_from("abcd")),
    min_size=1,
    max_size=10,
)


@pytest.fixture(scope="module")
def database(postgres: str) -> str:
    url = create_database(postgres, "esutd_batches")
    upgrade(url, [])
    load_packaged_once(url)
    return url


async def say(engine: Engine, message: bytes, key: SigningKey) -> Reply:
    answer = await engine.handle(Incoming("/soap/contracts", sign_wsse(message, key)))
    return Reply(answer.status, answer.body, dict(answer.headers))


def on_nodes(database: str, ca: TestCa, work: Callable[..., Awaitable[Any]], nodes: int = 1) -> Any:
    """Does a work with so many nodes on the same database."""

    async def run() -> Any:
        engines = [
            await open_node(Settings(database_url=database, trust_dir=ca.trust_dir, node=f"n{number}"))
            for number in range(nodes)
        ]
        try:
            return await work(*engines)
        finally:
            for engine in engines:
                await engine.close()

    return asyncio.run(run())


def fresh(mixture: list[tuple[dict[str, Any], str, str]]) -> list[dict[str, Any]]:
    """The contracts of a mixture: numbers and ids collide within it, and with no other one's."""
    salt = uuid4().hex

    return [
        contract(**{"number": f"{salt}-{number}", "externalId": f"{salt}-{name}", **spoil})
        for spoil, number, name in mixture
    ]


async def one_by_one(engine: Engine, contracts: list[dict[str, Any]], key: SigningKey) -> list[Told]:
    told = []
    for place, terms in enumerate(contracts, start=1):
        reply = await say(engine, register(employer=ALONE, contract=terms), key)
        refused = reply.text("faultcode") is not None
        told.append(
            Told(
                None,
                None if refused else "registered",
                tuple(
                    (code, (field or "").replace("contract", f"contract[{place}]", 1))
                    for code, field in reply.fields
                ),
                tuple(reply.warnings),
            )
        )
    return told


async def at_once(
    engine: Engine, contracts: list[dict[str, Any]], key: SigningKey, employer: str
) -> list[Told]:
    submitted = await say(engine, batch(*contracts, employer=employer), key)
    assert submitted.codes == ["SCSS001"], submitted.body.decode()
    told = entries(await say(engine, asking(submitted.text("batchId"), employer), key))
    return [Told(None, each.contract_id and "registered", each.errors, each.warnings) for each in told]


def rows(database: str, employer: str) -> list[Any]:
    """What the register knows of an employer's contracts and their history, without ids and moments."""
    with psycopg.connect(database) as connection:
        return connection.execute(
            "SELECT c.number, c.external_id, c.concluded_on, c.starts_on, c.status, c.version, e.event, e.version,"
            " e.clause, e.due_on, e.days_late, e.changes FROM contract c JOIN contract_event e ON e.contract_id = c.id"
            " WHERE c.employer = %s ORDER BY c.number, c.external_id",
            (employer,),
        ).fetchall()


def test_a_batch_that_is_all_new_is_written_without_a_look(
    database: str, ca: TestCa, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ca.identity("employer")
    looks = []
    really: Callable[..., Awaitable[Any]] = writer.load

    async def counted(connection: Any, works: Sequence[Work]) -> Any:
        looks.append(sum(len(work.needs.entries) for work in works))
        return await really(connection, works)

    async def work(engine: Engine) -> tuple[list[Told], list[Told]]:
        monkeypatch.setattr(writer, "load", counted)
        three, four = (fresh([({}, str(n), str(n)) for n in range(count)]) for count in (3, 4))
        new = await at_once(engine, three, key, EMPLOYER)
        looks.clear()  # what the batch came to is looked for
        return new, await at_once(engine, [four[0], three[1], *four[1:]], key, EMPLOYER)

    new, mixed = on_nodes(database, ca, work)
    assert [told.contract_id for told in new] == ["registered"] * 3
    assert [told.errors for told in mixed] == [
        (),
        (("SCSE086", "contract[2]/externalId"), ("SCSE014", "contract[2]/number")),
        *[()] * 3,
    ]
    assert looks[0] == 5


@pytest.mark.clause("353/7")
def test_random_mixtures_come_to_what_single_messages_would(database: str, ca: TestCa) -> None:
    third, other = ca.identity("third-employer"), ca.identity("other-employer")

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(mixtures=st.lists(MIXTURES, min_size=4, max_size=4))
    def compare(mixtures: list[list[tuple[dict[str, Any], str, str]]]) -> None:
        async def both(engine: Engine) -> None:
            for mixture in mixtures:
                contracts = fresh(mixture)
                together = await at_once(engine, contracts, third, IN_BATCHES)
                assert together == await one_by_one(engine, contracts, other)

        on_nodes(database, ca, both)

    compare()
    assert rows(database, ALONE)
    assert rows(database, IN_BATCHES) == rows(database, ALONE)


@pytest.mark.code("SCSE014")
@pytest.mark.parametrize("nodes", [1, 2])
def test_a_number_sent_in_a_batch_and_alone_at_the_same_time_is_taken_once(
    database: str, ca: TestCa, nodes: int
) -> None:
    employer = ca.identity("employer")
    contracts = [contract() for _ in range(40)]
    singles = [contract(number=terms["number"]) for terms in contracts[::4]]

    async def race(*engines: Engine) -> tuple[Reply, list[Reply], Reply]:
        submitted, *alone = await asyncio.gather(
            say(engines[0], batch(*contracts), employer),
            *(say(engines[-1], register(contract=terms), employer) for terms in singles),
        )
        return submitted, alone, await say(engines[0], asking(submitted.text("batchId")), employer)

    submitted, alone, told = on_nodes(database, ca, race, nodes)
    assert submitted.codes == ["SCSS001"]
    for place, single in enumerate(alone):
        entry = entries(told)[4 * place]
        number = (("SCSE014", f"contract[{4 * place + 1}]/number"),)
        if single.codes == ["SCSS001"]:
            assert (entry.contract_id, entry.errors) == (None, number)
        else:
            assert single.fields == [("SCSE014", "contract/number")]
            assert entry.contract_id is not None
    for neighbour in (place for place in range(40) if place % 4):
        assert entries(told)[neighbour].contract_id is not None


def test_each_event_points_to_the_message_of_the_batch(database: str, ca: TestCa) -> None:
    async def submit(engine: Engine) -> Reply:
        return await say(engine, batch(contract(), contract()), ca.identity("employer"))

    submitted = on_nodes(database, ca, submit)
    with psycopg.connect(database) as connection:
        told = connection.execute(
            "SELECT count(*), count(DISTINCT e.contract_id) FROM contract_event e JOIN message m ON m.id = e.message_id"
            " WHERE m.id = %s AND m.operation = 'SubmitBatch'",
            (submitted.text("messageId"),),
        ).fetchone()
    assert told == (2, 2)


def test_when_the_rules_took_effect_is_a_setting(database: str, ca: TestCa) -> None:
    async def submit() -> list[Told]:
        engine = await open_node(
            Settings(
                database_url=database, trust_dir=ca.trust_dir, rules_in_force_on=today() + timedelta(days=1)
            )
        )
        try:
            return await at_once(engine, [contract(**OLD)], ca.identity("employer"), EMPLOYER)
        finally:
            await engine.close()

    (told,) = asyncio.run(submit())
    assert (told.contract_id, told.warnings) == ("registered", ())
