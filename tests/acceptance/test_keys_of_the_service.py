"""The keys that answers are signed with: GOST files and tokens, and new ones while the service runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
import requests

from esutd_bus.signature.inspection import inspect_file
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.testbed.test_ca import TestCa, TestIdentity
from support.databases import NewDatabase
from support.messages import Reply, post, register, send
from support.services import Service, asgi_service, esutd_bus, until, wsgi_service
from support.tokens import PIN, SoftHsm

Start = Callable[[Mapping[str, str]], AbstractContextManager[Service]]


@pytest.fixture(params=["asgi", "wsgi"])
def start(request: pytest.FixtureRequest, new_database: NewDatabase, ca: TestCa, tmp_path: Path) -> Start:
    """Starts either binding with keys of its own, on a database of its own."""
    database = new_database(f"esutd_keys_{request.param}")

    def started(keys: Mapping[str, str]) -> AbstractContextManager[Service]:
        environment = {
            "ESUTD_DATABASE_URL": database,
            "ESUTD_TRUST_DIR": str(ca.trust_dir),
            "ESUTD_SIGN_ANSWERS": "true",
            **keys,
        }
        log = tmp_path / "service.log"
        return asgi_service(environment, log) if request.param == "asgi" else wsgi_service(environment, log)

    return started


@pytest.fixture
def newer(newer_ca: TestCa) -> TestIdentity:
    """The service's next key."""
    return newer_ca.service_key


@pytest.fixture
def trust_dir(ca: TestCa, newer_ca: TestCa, tmp_path: Path) -> Path:
    """Trust in the authorities of both."""
    both = tmp_path / "trust"
    both.mkdir()
    for directory in (ca.trust_dir, newer_ca.trust_dir):
        for file in directory.iterdir():
            (both / f"{directory.parent.name}-{file.name}").write_bytes(file.read_bytes())
    return both


def signer(reply: Reply, trust_dir: Path) -> str | None:
    """The number of the certificate that a valid answer is signed with."""
    verifier = Verifier(TrustStore.from_directory(trust_dir))
    report = inspect_file(reply.body, verifier, datetime.now(UTC))
    assert report.valid, report.detail
    (signature,) = report.signatures
    return signature.certificate.serial if signature.certificate else None


def serial(identity: TestIdentity) -> str:
    return f"{identity.certificate.serial_number:x}"


def end_of(identity: TestIdentity) -> float:
    return identity.certificate.not_valid_after_utc.timestamp()


def logged(log: Path) -> list[dict[str, str]]:
    lines = (line for line in log.read_text().splitlines() if line.startswith("{"))
    return [json.loads(line) for line in lines]


def expires(url: str) -> float | None:
    """What the metric tells of the default key."""
    name = 'esutd_key_expires_timestamp_seconds{key="default"} '
    lines = requests.get(f"{url}/metrics", timeout=10).text.splitlines()
    return next((float(line.removeprefix(name)) for line in lines if line.startswith(name)), None)


def test_a_new_file_is_taken_while_messages_come(
    start: Start, ca: TestCa, newer: TestIdentity, trust_dir: Path, tmp_path: Path
) -> None:
    """None is lost, each answer is whole, and once all workers have it the old key is not seen again."""
    employer = ca.identity("employer")
    key_file, password_file = tmp_path / "service.p12", tmp_path / "password"
    key_file.write_bytes(ca.service_key.path.read_bytes())
    password_file.write_text(ca.service_key.password)
    enough = Event()

    def keep_sending(url: str) -> list[tuple[list[str], str | None]]:
        seen = []
        while not enough.is_set():
            reply = send(url, register(), employer)
            seen.append((reply.codes, signer(reply, trust_dir)))
        return seen

    keys = {"ESUTD_KEY_FILE": str(key_file), "ESUTD_KEY_PASSWORD_FILE": str(password_file)}
    with start(keys) as service, ThreadPoolExecutor(2) as threads:
        assert expires(service.url) == end_of(ca.service_key)
        senders = [threads.submit(keep_sending, service.url) for _ in range(2)]
        try:
            beside = tmp_path / "service.p12.new"
            beside.write_bytes(newer.path.read_bytes())
            beside.replace(key_file)
            until(lambda: expires(service.url) == end_of(newer))
            after = [signer(send(service.url, register(), employer), trust_dir) for _ in range(20)]
        finally:
            enough.set()
        seen = [one for sender in senders for one in sender.result()]
    assert {tuple(codes) for codes, _ in seen} == {("SCSS001",)}
    assert {number for _, number in seen} == {serial(ca.service_key), serial(newer)}
    assert set(after) == {serial(newer)}


def test_a_new_file_that_cannot_be_used_changes_nothing(start: Start, ca: TestCa, tmp_path: Path) -> None:
    key_file = tmp_path / "service.p12"
    key_file.write_bytes(ca.service_key.path.read_bytes())
    keys = {"ESUTD_KEY_FILE": str(key_file), "ESUTD_KEY_PASSWORD": ca.service_key.password}
    with start(keys) as service:
        key_file.write_bytes(ca.identity("authentication-key").path.read_bytes())
        log = tmp_path / "service.log"

        def complaints() -> list[dict[str, str]]:
            return [line for line in logged(log) if line["event"] == "key_not_replaced"]

        until(lambda: bool(complaints()))
        assert signer(send(service.url, register(), ca.identity("employer")), ca.trust_dir) == serial(
            ca.service_key
        )
    for complaint in complaints():
        assert complaint["level"] == "error"
        assert complaint["reason"].startswith(f"{key_file}: ")
        assert "nonRepudiation" in complaint["reason"]
    assert ca.service_key.password not in log.read_text()


def test_answers_are_signed_with_gost(start: Start, ca: TestCa) -> None:
    key = ca.identity("gost-employer")
    keys = {"ESUTD_KEY_FILE": str(key.path), "ESUTD_KEY_PASSWORD": key.password}
    with start(keys) as service:
        reply = send(service.url, register(), ca.identity("employer"))
        assert reply.codes == ["SCSS001"]
        assert signer(reply, ca.trust_dir) == serial(key)
        assert b"gostr34102015-gostr34112015-512" in reply.body
        assert signer(post(service.url, register()), ca.trust_dir) == serial(key)


def test_answers_are_signed_by_a_token(
    start: Start, ca: TestCa, newer: TestIdentity, trust_dir: Path, tmp_path: Path
) -> None:
    """A newer key that is put beside the first is taken, and then the first may go."""
    hsm = SoftHsm(tmp_path / "hsm")
    hsm.add_token("esutd")
    hsm.add_key("esutd", ca.service_key, "service", "01")
    employer = ca.identity("employer")
    with start(token_settings(hsm)) as service:
        replies = [send(service.url, register(), employer)]
        hsm.add_key("esutd", newer, "service", "02")
        until(lambda: expires(service.url) == end_of(newer))
        replies.append(send(service.url, register(), employer))
        for kind in ("privkey", "cert"):
            hsm.remove("esutd", kind, "01")
        replies.append(send(service.url, register(), employer))
    assert [reply.codes for reply in replies] == [["SCSS001"]] * 3
    assert [signer(reply, trust_dir) for reply in replies] == [
        serial(ca.service_key),
        serial(newer),
        serial(newer),
    ]


def test_while_the_token_is_away_nothing_is_done(start: Start, ca: TestCa, tmp_path: Path) -> None:
    """The sender is told to come again, by a fault without a signature; and the next try has its effect."""
    hsm = SoftHsm(tmp_path / "hsm")
    hsm.add_token("esutd")
    hsm.add_key("esutd", ca.service_key, "service", "01")
    message = sign_wsse(register(), ca.identity("employer"))
    with start(token_settings(hsm)) as service:
        hsm.take_out()
        # What the library has at hand it goes on signing with, until it looks.
        until(lambda: post(service.url, register()).root.find(".//{*}Signature") is None)
        refused = post(service.url, message)
        assert (refused.status, refused.codes) == (503, ["ESB009"])
        assert refused.headers["Retry-After"]
        unsigned = post(service.url, register())
        assert (unsigned.status, unsigned.codes) == (500, ["SCSE001"])
        hsm.put_back()
        until(lambda: post(service.url, message).codes == ["SCSS001"])
        assert signer(post(service.url, message), ca.trust_dir) == serial(ca.service_key)
        events = {line["event"] for line in logged(tmp_path / "service.log")}
        assert "fault_not_signed" in events
    assert PIN not in (tmp_path / "service.log").read_text()


def token_settings(hsm: SoftHsm) -> dict[str, str]:
    return {
        **hsm.environment,
        "ESUTD_KEY_FILE": hsm.uri("esutd", object="service"),
        "ESUTD_KEY_PASSWORD": PIN,
    }


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"ESUTD_KEY_FILE": "/nowhere/service.p12"}, "/nowhere/service.p12: cannot be read"),
        ({"ESUTD_KEY_FILE": "pkcs11:token=t;object=o"}, "pkcs11:token=t;object=o: ?module-path=…"),
        (
            {"ESUTD_KEYS": '{"partner": {"file": "/nowhere/x.p12"}}', "ESUTD_SIGN_ANSWERS": "false"},
            "/nowhere/x.p12: cannot be read",
        ),
        ({"ESUTD_KEYS": '{"default": {"file": "/nowhere/x.p12"}}'}, "ESUTD_KEYS: 'default' is the key of"),
        ({"ESUTD_KEYS": '{"Партнёр": {"file": "/nowhere/x.p12"}}'}, "ESUTD_KEYS"),
        ({"ESUTD_KEYS": '{"partner": {"file": "x.p12", "password": "secret"}}'}, "ESUTD_KEYS"),
        ({}, "ESUTD_SIGN_ANSWERS is true, but ESUTD_KEY_FILE is not set"),
    ],
)
def test_a_key_that_cannot_be_used_ends_the_start(keys: dict[str, str], words: str, ca: TestCa) -> None:
    settings = {"ESUTD_TRUST_DIR": str(ca.trust_dir), "ESUTD_SIGN_ANSWERS": "true", **keys}
    ended = esutd_bus("serve", settings=settings)
    assert ended.returncode == 3
    assert words in ended.stderr
    assert "secret" not in ended.stderr


@pytest.mark.parametrize("identity", ["gost-employer", "gost-2004-employer"])
def test_sign_takes_gost_files(identity: str, ca: TestCa, tmp_path: Path) -> None:
    key = ca.identity(identity)
    (tmp_path / "request.xml").write_bytes(register())
    signed = esutd_bus(
        *("sign", tmp_path / "request.xml", "--key", key.path, "-o", tmp_path / "signed.xml"),
        settings={"ESUTD_KEY_PASSWORD": key.password},
    )
    assert signed.returncode == 0, signed.stderr
    verified = esutd_bus("verify", tmp_path / "signed.xml", "--trust", ca.trust_dir)
    assert verified.returncode == 0, verified.stdout
    assert serial(key) in verified.stdout


def test_sign_takes_tokens(ca: TestCa, tmp_path: Path) -> None:
    hsm = SoftHsm(tmp_path / "hsm")
    hsm.add_token("esutd")
    hsm.add_key("esutd", ca.identity("ec-employer"), "employer", "01")
    (tmp_path / "request.xml").write_bytes(register())
    (tmp_path / "pin").write_text(PIN)
    signed = esutd_bus(
        *("sign", tmp_path / "request.xml", "--key", hsm.uri("esutd", object="employer")),
        *("--password-file", tmp_path / "pin", "-o", tmp_path / "signed.xml"),
        settings=hsm.environment,
    )
    assert signed.returncode == 0, signed.stderr
    assert esutd_bus("verify", tmp_path / "signed.xml", "--trust", ca.trust_dir).returncode == 0


@pytest.mark.parametrize(
    ("key", "password", "words"),
    [
        ("absent.p12", "testbed", "absent.p12: cannot be read"),
        ("gost-employer", "secret-guess", "the password is not its, or the file is damaged"),
        (
            "pkcs11:token=t;object=o?module-path=/m&pin-value=secret-guess",
            "",
            "the PIN does not belong in the URI",
        ),
    ],
)
def test_sign_tells_what_is_wrong_with_a_key(
    key: str, password: str, words: str, ca: TestCa, tmp_path: Path
) -> None:
    (tmp_path / "request.xml").write_bytes(register())
    path = ca.identity(key).path if key in ca.names() else key
    ended = esutd_bus("sign", tmp_path / "request.xml", "--key", path, "--password", password)
    assert ended.returncode == 3
    assert words in ended.stderr
    assert "secret-guess" not in ended.stderr
