"""The country is loaded as the service would have written it, to the end, even by a loader that is killed."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import re
import signal
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from benchmarks.country.employers import employer
from benchmarks.country.loader import keep_plan, load
from benchmarks.country.messages import registration, unsigned
from benchmarks.country.plan import NODE, Plan
from psycopg.rows import dict_row

from esutd_bus.node import open_node
from esutd_bus.passage import Incoming
from esutd_bus.settings import Settings
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.store.connection import connect_now
from esutd_bus.store.dictionaries import load_packaged_once
from esutd_bus.store.schema import upgrade
from esutd_bus.store.verification import verify
from esutd_bus.testbed.test_ca import TestCa
from support.databases import create_database

EMPLOYEES = 1500
REGISTERED_HERE = (0, 1, 10, 11, 500)
"""Contracts of the plan that the engine registers too: one of them late."""

ROWS = """
    SELECT to_jsonb(c) AS contract, to_jsonb(e) AS contract_event, to_jsonb(r) AS request, to_jsonb(m) AS message,
        to_jsonb(a) AS answer, m.body AS message_body, a.body AS answer_body
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


def plan() -> Plan:
    end = datetime.now(UTC) - timedelta(minutes=1)
    return Plan(EMPLOYEES, end - timedelta(minutes=30), end)


@pytest.fixture
def country(postgres: str) -> str:
    url = create_database(postgres, "esutd_country")
    upgrade(url, [])
    load_packaged_once(url)
    return url


def rows(url: str, told: Any) -> dict[str, Any]:
    """What the register holds of a registration, but for ids, moments and what signatures differ in."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        (found,) = connection.execute(ROWS, (told.signed_by, told.values["external_id"])).fetchall()
    bodies = {name: DIFFERS.sub(b"", bytes(found.pop(name))) for name in ("message_body", "answer_body")}
    return {**{name: same(row) for name, row in found.items()}, **bodies}


def same(value: Any) -> Any:
    match value:
        case Mapping():
            return {
                name: same(inner)
                for name, inner in value.items()
                if name not in OWN | MOMENTS | OF_THE_CERTIFICATE
            }
        case list():
            return [same(inner) for inner in value]
        case _:
            return value


async def register(url: str, ca: TestCa, messages: list[bytes]) -> list[str]:
    engine = await open_node(Settings(database_url=url, trust_dir=ca.trust_dir, believe_sent_at=True))
    try:
        return [(await engine.handle(Incoming("/soap/contracts", message))).code for message in messages]
    finally:
        await engine.close()


def test_a_loaded_contract_is_one_that_was_registered(country: str, postgres: str, ca: TestCa) -> None:
    loaded_by = plan()
    load(country, loaded_by, EMPLOYEES, ca)
    told = [registration(loaded_by, contract) for contract in REGISTERED_HERE]
    elsewhere = create_database(postgres, "esutd_country_registered")
    upgrade(elsewhere, [])
    load_packaged_once(elsewhere)
    messages = [sign_wsse(unsigned(one), employer(ca, one.employer)) for one in told]
    assert asyncio.run(register(elsewhere, ca, messages)) == ["SCSS001"] * len(told)
    assert any(one.late_by > 10 for one in told)
    for one in told:
        assert rows(country, one) == rows(elsewhere, one)
