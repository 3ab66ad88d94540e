"""The country is loaded as the service would have written it, to the end, even by a loader that is killed.

How fast anything is, nobody asks here.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
import shutil
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from benchmarks.country.aside import put_aside, put_back
from benchmarks.country.employers import employer
from benchmarks.country.filling import FILLED
from benchmarks.country.loader import keep_plan, load
from benchmarks.country.measure import LOOKUPS, registers
from benchmarks.country.messages import Registration, registration, unsigned
from benchmarks.country.plan import Plan
from benchmarks.country.server import prepare
from lxml import etree
from psycopg.rows import dict_row

from esutd_bus.node import open_node
from esutd_bus.passage import Incoming
from esutd_bus.register.identifiers import is_bin, is_iin
from esutd_bus.settings import Settings
from esutd_bus.signature import canonical, names
from esutd_bus.signature.certificates import read_certificate
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.store.compression import expand
from esutd_bus.store.connection import connect_now
from esutd_bus.store.journal import read_report
from esutd_bus.store.verification import verify
from esutd_bus.testbed.test_ca import TestCa
from support.databases import create_database

EMPLOYEES = 2000
REGISTERED_HERE = (0, 1, 10, 11, 500)
"""Contracts of the plan that the engine registers too: one of them too late."""

INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexdef"
ENTRIES = "SELECT count(*) FROM contract_event"
CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace ORDER BY conname
"""
ROWS = """
    SELECT to_jsonb(c) AS contract, to_jsonb(e) AS contract_event, to_jsonb(r) AS request, to_jsonb(m) AS message,
        to_jsonb(a) AS answer, m.body AS message_body, a.body AS answer_body, m.report
    FROM contract c JOIN contract_event e ON e.contract_id = c.id JOIN message m ON m.id = e.message_id
    JOIN message a ON a.reply_to = m.id JOIN request r ON r.answer_id = a.id
    WHERE c.employer = %s AND c.external_id = %s
"""
OWN = {
    "id",
    "contract_id",
    "message_id",
    "answer_id",
    "reply_to",
    "chain",
    "seq",
    "hash",
    "body",
    "body_sha256",
}
MOMENTS = {"recorded_at", "registered_at", "changed_at", "bound_at", "verified_at"}
OF_THE_CERTIFICATE = {"fingerprint", "serial", "reference"}
DIFFERS = re.compile(
    rb"(?<=<ds:DigestValue>)[^<]+|(?<=<ds:SignatureValue>)[^<]+|(?<=X509v3\">)[^<]+|(?<=[#\"]id-)[0-9a-f-]+"
    rb"|(?<=messageId>)[^<]+|(?<=receivedAt>)[^<]+|(?<=contractId>)[^<]+"
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    end = datetime.now(UTC) - timedelta(minutes=1)
    return Plan(EMPLOYEES, end - timedelta(minutes=30), end, chains=1)


@pytest.fixture(scope="module")
def empty(postgres: str, ca: TestCa) -> str:
    return prepare(create_database(postgres, "esutd_country_empty"), ca)


@pytest.fixture(scope="module")
def country(postgres: str, ca: TestCa, plan: Plan) -> str:
    """A country that a loader was killed over, and another one went on with."""
    url = prepare(create_database(postgres, "esutd_country"), ca)
    with psycopg.connect(url, autocommit=True) as connection:
        keep_plan(connection, plan)
        _kill_a_loader(url, plan, ca, connection)
        assert 0 < _loaded(connection) < EMPLOYEES
    assert 0 < load(url, plan, EMPLOYEES, ca.directory).contracts < EMPLOYEES
    return url


def _kill_a_loader(url: str, plan: Plan, ca: TestCa, connection: psycopg.Connection[Any]) -> None:
    """After its first slice; its own process sees that with the next one."""
    loader = multiprocessing.get_context("spawn").Process(
        target=load, args=(url, plan, EMPLOYEES, ca.directory, 100)
    )
    loader.start()
    while not _loaded(connection) and loader.is_alive():
        time.sleep(0.005)
    loader.kill()
    loader.join()


def _loaded(connection: psycopg.Connection[Any]) -> int:
    (count,) = connection.execute("SELECT coalesce(sum(seq), 0)::int / 2 FROM journal_chain").fetchone() or (
        0,
    )
    return int(count)


def told_of(url: str, query: Any) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def rows(url: str, told: Registration) -> dict[str, Any]:
    """What the register holds of a registration, but for ids, moments and what signatures differ in."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        (found,) = connection.execute(ROWS, (told.signed_by, told.values["external_id"])).fetchall()
    bodies = {name: DIFFERS.sub(b"", expand(found.pop(name))) for name in ("message_body", "answer_body")}
    found["message"]["report"] = read_report(found.pop("report"))
    return {**{name: same(row) for name, row in found.items()}, **bodies}


def same(value: Any) -> Any:
    match value:
        case Mapping():
            ours = OWN | MOMENTS | OF_THE_CERTIFICATE
            return {name: same(inner) for name, inner in value.items() if name not in ours}
        case list():
            return [same(inner) for inner in value]
        case _:
            return value


async def registered(url: str, ca: TestCa, messages: list[bytes]) -> list[str]:
    engine = await open_node(Settings(database_url=url, trust_dir=ca.trust_dir, believe_sent_at=True))
    try:
        return [(await engine.handle(Incoming("/soap/contracts", message))).code for message in messages]
    finally:
        await engine.close()


def test_a_loaded_contract_is_one_that_was_registered(
    country: str, empty: str, plan: Plan, ca: TestCa
) -> None:
    told = [registration(plan, contract) for contract in REGISTERED_HERE]
    assert max(one.late_by for one in told) > 10
    messages = [sign_wsse(unsigned(one), employer(ca, one.employer)) for one in told]
    assert asyncio.run(registered(empty, ca, messages)) == ["SCSS001"] * len(told)
    for one in told:
        assert rows(country, one) == rows(empty, one)


def test_a_killed_loader_leaves_nothing_out_and_nothing_open(country: str, empty: str) -> None:
    assert told_of(country, "SELECT count(*), count(DISTINCT (employer, number)) FROM contract") == [
        (EMPLOYEES,) * 2
    ]
    for what in (INDEXES, CONSTRAINTS):
        assert told_of(country, what) == told_of(empty, what)
    with connect_now(country) as connection:
        verified = verify(connection)
    assert verified.whole
    assert verified.records == 2 * EMPLOYEES
    assert verified.seals > 0


@pytest.mark.parametrize("kind", ["CREATE", "PRIMARY KEY", "FOREIGN KEY"])
def test_what_was_put_aside_comes_back_whenever_it_is_interrupted(
    postgres: str, ca: TestCa, empty: str, kind: str
) -> None:
    url = prepare(create_database(postgres, f"esutd_country_{kind[:3].lower()}"), ca)
    with psycopg.connect(url, autocommit=True) as connection:
        put_aside(connection, FILLED)
    assert told_of(url, INDEXES) != told_of(empty, INDEXES)

    def tell(statement: str) -> None:
        if kind in statement:
            raise InterruptedError(statement)

    with pytest.raises(InterruptedError):
        put_back(url, FILLED, tell)
    assert told_of(url, CONSTRAINTS) != told_of(empty, CONSTRAINTS)
    with psycopg.connect(url, autocommit=True) as connection:
        put_aside(connection, FILLED)  # as by a load that goes on with more
    put_back(url, FILLED, lambda _statement: None)
    for what in (INDEXES, CONSTRAINTS):
        assert told_of(url, what) == told_of(empty, what)


def test_a_report_tells_of_what_its_message_holds(country: str, plan: Plan) -> None:
    for told in (registration(plan, contract) for contract in REGISTERED_HERE):
        with psycopg.connect(country, row_factory=dict_row) as connection:
            (found,) = connection.execute(ROWS, (told.signed_by, told.values["external_id"])).fetchall()
        envelope = etree.fromstring(expand(found["message_body"]))
        (signature,) = read_report(found["report"])["signatures"]
        body = next(envelope.iter(names.BODY))
        assert signature["reference"] == f"#{body.attrib[names.WSU_ID]}"
        digest = b64encode(sha256(canonical.exclusive(body)).digest()).decode()
        assert digest == next(envelope.iter(names.DIGEST_VALUE)).text
        der = b64decode(
            next(one for one in envelope.iter() if "X509v3" in one.get("ValueType", "")).text or ""
        )
        certificate = read_certificate(der)
        assert certificate.require_holder().bin == told.signed_by
        for part, read in (("certificate", certificate.summary), ("signer", certificate.holder)):
            texts = {name: text for name in signature[part] if isinstance(text := getattr(read, name), str)}
            assert {"serial", "fingerprint", "subject"} <= texts.keys()
            assert {name: signature[part][name] for name in texts} == texts


def test_a_plan_of_the_countrys_size_tells_its_last_message() -> None:
    end = datetime.now(UTC)
    whole = Plan(5_200_000, end - timedelta(days=743), end)
    last = registration(whole, whole.employees - 1)
    assert whole.begin < last.at < whole.end
    assert is_bin(last.signed_by)
    assert is_iin(last.values["iin"])


@pytest.mark.skipif(
    shutil.which("wrk") is None and not os.environ.get("CI"), reason="wrk is not installed (Debian: wrk)"
)
def test_what_is_measured_was_answered_and_written(
    country: str, plan: Plan, ca: TestCa, session_folder: Path
) -> None:
    folder = session_folder / "country"
    folder.mkdir()
    (before,) = told_of(country, ENTRIES)
    with registers(folder, {"full": country}, plan, ca.directory) as (register,):
        assert register.register(40).answers == 40
        known = register.contracts(20)
        answers = {lookup.name: register.look_up(lookup, known).answers for lookup in LOOKUPS}
        assert set(answers.values()) == {20}
        assert set(register.statistics()) == {"a month by region", "everything", "everything by region"}
    (after,) = told_of(country, ENTRIES)
    assert after[0] - before[0] == 40 + answers["AmendContract"]
