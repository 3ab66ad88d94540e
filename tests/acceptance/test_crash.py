"""kill -9 during registrations: what was acknowledged is there, once and whole."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psycopg
import pytest
import requests

from esutd_bus.signature.signing import sign_wsse
from esutd_bus.store.connection import connect_now
from esutd_bus.store.verification import verify
from esutd_bus.testbed.test_ca import TestCa
from support.databases import NewDatabase
from support.messages import contract, post, register
from support.services import asgi_service

SENDERS = 8
ACKNOWLEDGED_BEFORE_THE_KILL = 40


@pytest.mark.clause("206/20")
def test_every_acknowledged_contract_survives_a_kill(
    new_database: NewDatabase, ca: TestCa, tmp_path: Path
) -> None:
    environment = {
        "ESUTD_DATABASE_URL": new_database("esutd_crash"),
        "ESUTD_TRUST_DIR": str(ca.trust_dir),
        "ESUTD_WORK": "false",
        "ESUTD_LOG_LEVEL": "WARNING",
    }
    acknowledged: dict[str, str] = {}
    sent: dict[str, bytes] = {}
    stop = threading.Event()

    def register_on_and_on(url: str) -> None:
        while not stop.is_set():
            terms = contract()
            message = sign_wsse(register(contract=terms), ca.identity("employer"))
            sent[terms["number"]] = message
            try:
                reply = post(url, message, timeout=5)
            except requests.RequestException:
                return
            if reply.status == 200:
                acknowledged[terms["number"]] = reply.text("contractId") or ""

    with asgi_service(environment, tmp_path / "first.log") as service:
        senders = [threading.Thread(target=register_on_and_on, args=(service.url,)) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        deadline = time.monotonic() + 60
        while len(acknowledged) < ACKNOWLEDGED_BEFORE_THE_KILL and time.monotonic() < deadline:
            time.sleep(0.005)
        service.kill()
        stop.set()
        for sender in senders:
            sender.join()
    assert len(acknowledged) >= ACKNOWLEDGED_BEFORE_THE_KILL

    with asgi_service(environment, tmp_path / "second.log") as service:
        with psycopg.connect(service.database_url) as connection:
            stored = dict(connection.execute("SELECT number, id::text FROM contract").fetchall())
            half_written = connection.execute(
                "SELECT count(*) FROM contract c WHERE NOT EXISTS (SELECT 1 FROM contract_event e"
                " WHERE e.contract_id = c.id AND e.version = c.version)"
            ).fetchone()
            unanswered = connection.execute(
                "SELECT count(*) FROM message i WHERE i.direction = 'in' AND i.channel = 'direct'"
                " AND NOT EXISTS (SELECT 1 FROM message o WHERE o.reply_to = i.id)"
            ).fetchone()
        assert {number: stored.get(number) for number in acknowledged} == acknowledged
        assert half_written == (0,)
        assert unanswered == (0,)

        # Whoever got no answer asks again, with the same message: one contract all the same.
        for number, message in sent.items():
            again = post(service.url, message)
            assert again.codes == ["SCSS001"]
            assert again.text("contractId") == stored.get(number, again.text("contractId"))
        with connect_now(service.database_url) as connection:
            counted = connection.execute("SELECT count(*) AS n FROM contract").fetchone()
            assert counted == {"n": len(sent)}
            connection.rollback()
            assert verify(connection).findings == []
