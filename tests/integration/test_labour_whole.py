"""From the request for labour activity to the document, by signed messages through the engine."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, date, datetime
from typing import Any

import pytest
from lxml import etree
from lxml.etree import _Element as Element
from psycopg import sql
from pydantic import SecretStr
from store_works import contract
from test_engine import ready

from esutd_bus.node import open_node
from esutd_bus.own_keys import open_keys
from esutd_bus.passage import Incoming
from esutd_bus.settings import Settings
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.store.connection import connect_now
from esutd_bus.store.ids import uuid7
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.work.labour_activity import LabourActivity
from support.messages import EMPLOYEE, EMPLOYER, PERSONAL_FILE, envelope, header


@pytest.mark.clause("353/14", "353/18", "353/19")
def test_from_the_request_to_the_signed_document(postgres: str, ca: TestCa) -> None:
    url, key = ready(postgres, "esutd_labour_whole"), ca.service_key
    settings = Settings(
        database_url=url,
        trust_dir=ca.trust_dir,
        key_file=str(key.path),
        key_password=SecretStr(key.password),
    )
    consent_id = uuid7()
    consent = {
        "id": consent_id,
        "employee_iin": EMPLOYEE,
        "employer": EMPLOYER,
        "external_id": "consent-1",
        "purpose": "приём на работу",
        "valid_to": date(2999, 12, 31),
        "given_at": datetime.now(UTC),
        "brought_by": EMPLOYER,
        "message_id": uuid7(),
    }
    with connect_now(url) as connection:
        for table, row in (("consent", consent), ("contract", contract("17", employee_iin=EMPLOYEE))):
            connection.execute(
                sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, row)),
                    sql.SQL(", ").join([sql.Placeholder()] * len(row)),
                ),
                list(row.values()),
            )

    def answer_what_waits() -> None:
        with connect_now(url) as connection:
            connection.autocommit = True
            LabourActivity(open_keys(settings)).run(connection)

    async def story() -> Element:
        engine = await open_node(settings)

        async def ask(operation: str, parts: dict[str, Any]) -> Element:
            said = {"requestHeader": header(), "employer": {"bin": EMPLOYER}, **parts}
            message = sign_wsse(envelope(PERSONAL_FILE, operation, said), ca.identity("employer"))
            answer = await engine.handle(Incoming("/soap/personal-file", message))
            return etree.fromstring(answer.body)

        try:
            about = {
                "employee": {"iin": EMPLOYEE},
                "consentId": str(consent_id),
                "purpose": "приём на работу",
            }
            requested = await ask("RequestLabourActivity", about)
            which = {"labourRequestId": requested.findtext(".//{*}labourRequestId")}
            waiting = await ask("GetRequestResult", which)
            assert waiting.findtext(".//{*}status") == "in-progress"
            await asyncio.to_thread(answer_what_waits)
            return await ask("GetRequestResult", which)
        finally:
            await engine.close()

    told = asyncio.run(story())
    assert told.findtext(".//{*}status") == "answered"
    with connect_now(url) as connection:
        stored = connection.execute("SELECT document FROM labour_answer").fetchall()
        disclosed = connection.execute("SELECT employee_iin, consent_id FROM disclosure").fetchall()
    assert [row["document"] for row in stored] == [base64.b64decode(told.findtext(".//{*}document") or "")]
    assert disclosed == [{"employee_iin": EMPLOYEE, "consent_id": consent_id}]
