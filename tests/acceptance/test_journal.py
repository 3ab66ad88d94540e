"""The journal: exact bytes in both directions, and proof that nobody touched them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from esutd_bus.signature.signing import sign_document, sign_wsse
from esutd_bus.store.compression import expand
from esutd_bus.store.journal import read_report
from esutd_bus.testbed.test_ca import TestCa
from support.databases import NewDatabase, create_database
from support.messages import post, register, send
from support.services import Service, asgi_service

MESSAGES = 6


def esutd_bus(settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings}
    command = [str(Path(sys.executable).parent / "esutd-bus"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)


def test_every_message_is_kept_byte_for_byte(service: Service, ca: TestCa) -> None:
    message = sign_wsse(register(), ca.identity("employer"))
    reply = post(service.url, message)
    with psycopg.connect(service.database_url) as connection:
        kept = connection.execute(
            "SELECT i.body, o.body, o.code, o.status, i.sender FROM message i JOIN message o ON o.reply_to = i.id"
            " WHERE i.id = %s AND o.channel = 'direct'",  # beside the registries that were asked
            (reply.text("messageId"),),
        ).fetchall()
    [(came, answered, *told)] = kept
    assert (expand(came), expand(answered)) == (message, reply.body)
    assert told == ["SCSS001", 200, "990440000385"]


def test_a_refused_message_is_kept_with_its_reason(service: Service) -> None:
    message = register()
    reply = post(service.url, message)
    with psycopg.connect(service.database_url) as connection:
        kept = connection.execute(
            "SELECT i.body, i.report, o.code FROM message i JOIN message o ON o.reply_to = i.id WHERE i.id = %s",
            (reply.text("correlationId"),),
        ).fetchall()
    [(came, told, code)] = kept
    report = read_report(told)
    assert (expand(came), code) == (message, "SCSE001")
    assert (report["reason"], report["section"]) == ("absent", "WS-Security 1.1, 8")


def test_an_operator_finds_the_message_of_a_receipt(asgi: Service, ca: TestCa) -> None:
    reply = send(asgi.url, register(), ca.identity("employer"))
    shown = esutd_bus(asgi.environment, "journal", "show", reply.text("messageId") or "")
    assert shown.returncode == 0
    assert "RegisterContract" in shown.stdout
    assert reply.body.decode() in shown.stdout
    listed = esutd_bus(asgi.environment, "journal", "show", "--sender", "990440000385", "--limit", "1")
    assert "SCSS001" in listed.stdout


def test_an_operator_is_told_each_signature(asgi: Service, ca: TestCa) -> None:
    employer = ca.identity("employer")
    reply = post(asgi.url, sign_wsse(sign_document(register(), employer), employer))
    shown = esutd_bus(asgi.environment, "journal", "show", reply.text("messageId") or "").stdout
    assert "signature (wsse, Envelope/Header/Security/Signature): valid" in shown
    assert "signature (document, RegisterContract/Signature[1]): valid" in shown

    reply = post(asgi.url, sign_wsse(sign_document(register(), ca.identity("expired")), employer))
    shown = esutd_bus(asgi.environment, "journal", "show", reply.text("correlationId") or "").stdout
    assert "signature (wsse, Envelope/Header/Security/Signature): valid" in shown
    assert "signature (document, RegisterContract/Signature[1]): refused" in shown
    assert "refused: expired" in shown
    assert "[RFC 5280, 4.1.2.5 and 6.1.3]" in shown


def test_verify_passes_beside_a_serving_node(asgi: Service, ca: TestCa) -> None:
    send(asgi.url, register(), ca.identity("employer"))
    verified = esutd_bus(asgi.environment, "journal", "verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "the journal is whole" in verified.stdout


@pytest.fixture(scope="module")
def recorded(new_database: NewDatabase, ca: TestCa, session_folder: Path) -> dict[str, str]:
    """The settings of a service that has recorded messages and stopped."""
    environment = {
        "ESUTD_DATABASE_URL": new_database("esutd_journal"),
        "ESUTD_TRUST_DIR": str(ca.trust_dir),
        "ESUTD_WORK": "false",
        "ESUTD_LOG_LEVEL": "WARNING",
    }
    with asgi_service(environment, session_folder / "journal.log", workers=1) as service:
        for _ in range(MESSAGES):
            send(service.url, register(), ca.identity("employer"))
    return environment


FLIP_A_BYTE = """
    UPDATE message SET body = set_byte(body, 100, get_byte(body, 100) # 1) WHERE seq = 5
"""
ERASE_THE_BYTES = "UPDATE message SET body = NULL WHERE seq = 5"
CHANGE_WHAT_A_RECORD_SAYS = "UPDATE message SET sender = '940340000421' WHERE seq = 5"
DELETE_A_RECORD = "DELETE FROM message WHERE seq = 5"
DELETE_THE_LAST = "DELETE FROM message WHERE seq = (SELECT max(seq) FROM message)"
SWAP_TWO_RECORDS = """
    UPDATE message SET seq = -seq WHERE seq IN (5, 6);
    UPDATE message SET seq = CASE seq WHEN -5 THEN 6 ELSE 5 END WHERE seq < 0
"""
DELETE_THE_CHAIN = "DELETE FROM message; DELETE FROM journal_chain"


@pytest.mark.parametrize(
    ("spoil", "place", "what"),
    [
        (FLIP_A_BYTE, "record 5 ", "bytes are not those"),
        (ERASE_THE_BYTES, "record 5 ", "bytes are missing"),
        (CHANGE_WHAT_A_RECORD_SAYS, "record 5 ", "altered or out of place"),
        (DELETE_A_RECORD, "record 5:", "missing"),
        (DELETE_THE_LAST, f"record {2 * MESSAGES}:", "missing at the end"),
        (SWAP_TWO_RECORDS, "record 5 ", "altered or out of place"),
        (DELETE_THE_CHAIN, "seal 1: chain", "not the one that was sealed"),
    ],
)
def test_a_spoilt_journal_is_found_out_and_the_place_named(
    recorded: dict[str, str], postgres: str, spoil: str, place: str, what: str
) -> None:
    copy = {
        **recorded,
        "ESUTD_DATABASE_URL": create_database(postgres, "esutd_spoilt", copy_of="esutd_journal"),
    }
    assert esutd_bus(copy, "journal", "verify").returncode == 0
    with psycopg.connect(copy["ESUTD_DATABASE_URL"]) as connection:
        connection.execute(
            "SET session_replication_role = replica"
        )  # past the triggers, as an intruder would
        for statement in spoil.split(";"):
            connection.execute(statement)
    verified = esutd_bus(copy, "journal", "verify")
    assert verified.returncode == 1
    assert any(place in line and what in line for line in verified.stdout.splitlines()), verified.stdout


@pytest.mark.parametrize("table", ["message", "contract_event", "disclosure", "journal_seal"])
def test_the_database_itself_keeps_what_is_only_ever_added(asgi: Service, table: str) -> None:
    with psycopg.connect(asgi.database_url) as connection:
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with (
                pytest.raises(psycopg.errors.RaiseException, match="only ever added"),
                connection.transaction(),
            ):
                connection.execute(statement)
