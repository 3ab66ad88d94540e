"""Answers signed with the service's key, where ESUTD_SIGN_ANSWERS is true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from esutd_bus.signature.inspection import inspect_file
from esutd_bus.signature.signing import sign_document, sign_wsse
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.testbed.test_ca import TestCa
from support.databases import NewDatabase
from support.messages import Reply, contract, post, register, send
from support.services import Service, asgi_service, esutd_bus


@pytest.fixture(scope="module")
def signing(new_database: NewDatabase, ca: TestCa, session_folder: Path) -> Iterator[Service]:
    """The service with a key of its own."""
    service_key, second = ca.service_key, ca.identity("bus")
    password = session_folder / "second.password"
    password.write_text(second.password, encoding="utf-8")
    environment = {
        "ESUTD_DATABASE_URL": new_database("esutd_signing"),
        "ESUTD_TRUST_DIR": str(ca.trust_dir),
        "ESUTD_WORK": "false",
        "ESUTD_SIGN_ANSWERS": "true",
        "ESUTD_KEY_FILE": str(service_key.path),
        "ESUTD_KEY_PASSWORD": service_key.password,
        "ESUTD_KEYS": json.dumps({"second": {"file": str(second.path), "password_file": str(password)}}),
        "ESUTD_LOG_LEVEL": "WARNING",
    }
    with asgi_service(environment, session_folder / "signing.log", workers=1) as service:
        yield service


def signer_of(reply: Reply, ca: TestCa) -> str | None:
    report = inspect_file(reply.body, Verifier(TrustStore.from_directory(ca.trust_dir)), datetime.now(UTC))
    assert report.valid, report.detail
    (signature,) = report.signatures
    return signature.signer.name if signature.signer else None


def test_an_answer_bears_the_service_s_signature(signing: Service, ca: TestCa) -> None:
    reply = send(signing.url, register(), ca.identity("employer"))
    assert reply.codes == ["SCSS001"]
    assert signer_of(reply, ca) == signer_of(send(signing.url, register(), ca.identity("employer")), ca)
    security = reply.root.xpath("//*[local-name()='Security']")[0]
    assert security.get("{http://schemas.xmlsoap.org/soap/envelope/}mustUnderstand") == "0"


def test_so_does_a_fault(signing: Service, ca: TestCa) -> None:
    reply = post(signing.url, register())
    assert reply.codes == ["SCSE001"]
    assert signer_of(reply, ca)


def test_a_repeated_request_gets_the_very_signature_of_before(signing: Service, ca: TestCa) -> None:
    message = sign_wsse(register(), ca.identity("employer"))
    assert post(signing.url, message).body == post(signing.url, message).body


def test_an_altered_answer_is_found_out(signing: Service, ca: TestCa) -> None:
    reply = send(signing.url, register(), ca.identity("employer"))
    altered = reply.body.replace(b"SCSS001", b"SCSS002")
    assert altered != reply.body
    report = inspect_file(altered, Verifier(TrustStore.from_directory(ca.trust_dir)), datetime.now(UTC))
    assert report.reason == "digest-mismatch"


def is_signed(reply: Reply) -> bool:
    return bool(reply.root.xpath("//*[local-name()='SignatureValue']"))


def partners(service: Service, *arguments: str) -> None:
    ended = esutd_bus("partners", *arguments, settings=service.environment)
    assert ended.returncode == 0, ended.stderr


def test_whose_answers_are_signed_is_said_by_their_entries(signing: Service, ca: TestCa) -> None:
    third, number = ca.identity("third-employer"), "960340000514"
    message = sign_wsse(register(number), third)
    before = post(signing.url, message)
    assert is_signed(before)
    partners(signing, "add", number, "--kind", "employer", "--sign-answers", "no")
    refusal = send(signing.url, register(number, contract=contract(number=None)), third)
    assert (refusal.codes, is_signed(refusal)) == (["SCSE003"], False)
    assert not is_signed(send(signing.url, register(number), third))
    assert is_signed(send(signing.url, register(), ca.identity("employer")))
    # Nobody has spoken yet whose entry could be looked at.
    assert is_signed(post(signing.url, register(number)))
    # What was answered stays as it was.
    assert post(signing.url, message).body == before.body


def test_the_answer_goes_to_who_has_sent_the_envelope(signing: Service, ca: TestCa) -> None:
    partners(signing, "add", "020140000016", "--kind", "portal", "--sign-answers", "no")
    employer = ca.identity("employer")
    carried = send(signing.url, sign_document(register(), employer), ca.identity("portal"))
    assert (carried.codes, is_signed(carried)) == (["SCSS001"], False)
    assert is_signed(send(signing.url, sign_document(register(), employer), employer))


def test_an_entry_names_the_key(signing: Service, ca: TestCa) -> None:
    other, number = ca.identity("other-employer"), "940340000421"
    partners(signing, "add", number, "--kind", "employer", "--answer-key", "second")
    assert signer_of(send(signing.url, register(number), other), ca) == "SHEP TESTBED"
    partners(signing, "change", number, "--answer-key", "lost")
    message = sign_wsse(register(number), other)
    turned_away = post(signing.url, message)
    # Nothing is done whose answer could not be signed as it must be.
    assert (turned_away.status, turned_away.codes) == (503, ["ESB009"])
    partners(signing, "change", number, "--answer-key", "default")
    done = post(signing.url, message)
    assert (done.codes, signer_of(done, ca)) == (["SCSS001"], "ESUTD-BUS TESTBED")
