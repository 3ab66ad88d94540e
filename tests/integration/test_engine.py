"""The engine on a real database, where something inside goes wrong."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from lxml import etree

from esutd_bus.answers import Answer
from esutd_bus.node import open_node
from esutd_bus.passage import Fetched, Incoming, Question
from esutd_bus.settings import Settings
from esutd_bus.signature.signing import sign_document, sign_wsse
from esutd_bus.store.beside import Beside
from esutd_bus.store.compression import expand
from esutd_bus.store.dictionaries import load_packaged_once
from esutd_bus.store.schema import upgrade
from esutd_bus.store.unit_of_work import TURNS
from esutd_bus.store.work import Outcome, StoreUnavailable, Work
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.testbed.test_partners import record_test_partners
from support.databases import create_database
from support.messages import CABINET, EMPLOYEE, EMPLOYER, PERSONAL_FILE, envelope, header, register


def ready(postgres: str, name: str) -> str:
    url = create_database(postgres, name)
    upgrade(url, [])
    load_packaged_once(url)
    return url


async def answered(url: str, trust: Path, incoming: Incoming, ports: dict[str, Any]) -> Answer:
    engine = await open_node(Settings(database_url=url, trust_dir=trust))
    engine._ports = {**engine._ports, **ports}
    try:
        return await engine.handle(incoming)
    finally:
        await engine.close()


def test_a_mistake_of_ours_is_answered_and_journaled(postgres: str, ca: TestCa) -> None:
    url = ready(postgres, "esutd_engine")
    parts = {
        "requestHeader": header(),
        "employer": {"bin": EMPLOYER},
        "employee": {"iin": EMPLOYEE},
        "purpose": "тест",
    }
    message = sign_wsse(envelope(PERSONAL_FILE, "GetPersonalFile", parts), ca.identity("employer"))

    async def broken(_question: Question) -> Fetched:
        raise RuntimeError("a mistake")

    with psycopg.connect(url) as connection:
        connection.execute(
            """INSERT INTO consent VALUES
            (gen_random_uuid(), %s, %s, 'c1', 'тест', current_date + 1, gen_random_uuid(), now(), %s)""",
            (EMPLOYEE, EMPLOYER, EMPLOYER),
        )
    answer = asyncio.run(
        answered(url, ca.trust_dir, Incoming("/soap/personal-file", message), {"person": broken})
    )
    assert (answer.status, answer.code) == (500, "ESB099")
    assert etree.fromstring(answer.body).findtext(".//faultcode") == "soap:Server"
    assert b"a mistake" not in answer.body
    with psycopg.connect(url) as connection:
        kept = connection.execute("SELECT direction, body FROM message ORDER BY seq").fetchall()
    assert [(direction, expand(body)) for direction, body in kept] == [("in", message), ("out", answer.body)]


def test_how_far_clocks_may_differ_is_a_setting(postgres: str, ca: TestCa) -> None:
    url = ready(postgres, "esutd_clock_skew")
    ahead = datetime.now(UTC) + timedelta(minutes=2)
    parts = {"requestHeader": header(), "employer": {"bin": EMPLOYER}, "purpose": "тест"}
    message = sign_wsse(
        envelope(PERSONAL_FILE, "GetPersonalFile", parts),
        ca.identity("employer"),
        timestamp=(ahead, ahead + timedelta(minutes=5)),
    )

    async def answered_within(seconds: float) -> str:
        engine = await open_node(
            Settings(database_url=url, trust_dir=ca.trust_dir, clock_skew_seconds=seconds)
        )
        try:
            return (await engine.handle(Incoming("/soap/personal-file", message))).code
        finally:
            await engine.close()

    assert asyncio.run(answered_within(60)) == "SCSE001"
    assert asyncio.run(answered_within(300)) != "SCSE001"


def test_a_batch_waits_for_those_who_are_being_read(postgres: str, ca: TestCa) -> None:
    """So many turns of the event loop as the longest way to the unit of work has."""
    url = ready(postgres, "esutd_turns")
    document = sign_document(register(), ca.identity("employer"))
    message = sign_wsse(document, ca.identity("bus"))

    async def turns() -> tuple[int, int]:
        engine = await open_node(Settings(database_url=url, trust_dir=ca.trust_dir))
        submitted = asyncio.Event()

        async def submit(_work: Work) -> Outcome:
            submitted.set()
            raise StoreUnavailable("no more is asked")

        engine._store.submit = submit  # type: ignore[method-assign]  # here the way ends
        answer = asyncio.create_task(engine.handle(Incoming("/soap/contracts", message)))
        taken = read = 0
        while not submitted.is_set():
            await asyncio.sleep(0)
            taken += 1
            read += len(engine._store._work._coming)
        await answer
        await engine.close()
        return taken, read

    taken, read = asyncio.run(turns())
    assert TURNS - 4 < taken < TURNS
    assert taken - 4 < read < taken, "while it is read, the unit of work knows that it comes"


@pytest.mark.clause("353/14")
def test_nothing_is_looked_for_a_stranger(postgres: str, ca: TestCa) -> None:
    """Not even how long a search takes tells an employer whether a portal would find something."""
    url = ready(postgres, "esutd_stranger")
    parts = {"requestHeader": header(), "employee": {"iin": EMPLOYEE}, "page": {"number": 1, "size": 10}}
    message = sign_wsse(envelope(CABINET, "GetNotifications", parts), ca.identity("employer"))

    async def answered_without_a_search() -> str:
        engine = await open_node(Settings(database_url=url, trust_dir=ca.trust_dir))
        engine._store._searches = None  # type: ignore[assignment]  # whoever looks for something fails
        try:
            return (await engine.handle(Incoming("/soap/cabinet", message))).code
        finally:
            engine._store._searches = Beside(url)
            await engine.close()

    assert asyncio.run(answered_without_a_search()) == "ESB005"


def test_who_has_just_been_let_in_is_asked_to_try_again(postgres: str, ca: TestCa) -> None:
    """The right came between the look that found none and the decision: nothing was looked for meanwhile."""
    url = ready(postgres, "esutd_just_let_in")
    record_test_partners(url, ca)
    parts = {"requestHeader": header(), "employee": {"iin": EMPLOYEE}, "page": {"number": 1, "size": 10}}
    message = sign_wsse(envelope(CABINET, "GetNotifications", parts), ca.identity("portal"))

    async def not_let_in_yet(*_asked: Any) -> bool:
        return True

    async def answered_twice() -> list[str]:
        engine = await open_node(Settings(database_url=url, trust_dir=ca.trust_dir))
        looks = engine._is_strangers
        try:
            engine._is_strangers = not_let_in_yet  # type: ignore[method-assign]
            first = await engine.handle(Incoming("/soap/cabinet", message))
            engine._is_strangers = looks  # type: ignore[method-assign]
            return [first.code, (await engine.handle(Incoming("/soap/cabinet", message))).code]
        finally:
            await engine.close()

    assert asyncio.run(answered_twice()) == ["ESB009", "SCSS001"]
