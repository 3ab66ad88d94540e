"""The keys that answers are signed with: GOST files and tokens, and new ones while the service runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
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

Start = Callable[[str, Mapping[str, str], "Path | SoftHsm"], AbstractContextManager["Signing"]]


@dataclass(frozen=True)
class Signing:
    """A service that signs, and where it has its key."""

    service: Service
    place: Path | SoftHsm
    log: Path

    @property
    def url(self) -> str:
        return self.service.url

    def put(self, identity: TestIdentity) -> None:
        """An identity's file in the place of the key's."""
        assert isinstance(self.place, Path)
        beside = self.place.with_suffix(".new")
        beside.write_bytes(identity.path.read_bytes())
        beside.replace(self.place)

    def logged(self) -> list[dict[str, str]]:
        lines = (line for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module", params=["asgi", "wsgi"])
def start(
    request: pytest.FixtureRequest, new_database: NewDatabase, ca: TestCa, session_folder: Path
) -> Start:
    """Starts either binding with keys of its own, on a database of its own."""
    binding = {"asgi": asgi_service, "wsgi": wsgi_service}[request.param]

    @contextmanager
    def started(name: str, keys: Mapping[str, str], place: Path | SoftHsm) -> Iterator[Signing]:
        environment = {
            "ESUTD_DATABASE_URL": new_database(f"esutd_keys_{request.param}_{name}"),
            "ESUTD_TRUST_DIR": str(ca.trust_dir),
            "ESUTD_WORK": "false",
            "ESUTD_SIGN_ANSWERS": "true",
            **keys,
        }
        log = session_folder / f"keys-{request.param}-{name}.log"
        with binding(environment, log) as service:
            yield Signing(service, place, log)

    return started


@pytest.fixture(scope="module")
def by_file(start: Start, ca: TestCa, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signing]:
    """A service whose key is a file, and its password another."""
    folder = tmp_path_factory.mktemp("keys")
    key_file, password_file = folder / "service.p12", folder / "password"
    key_file.write_bytes(ca.service_key.path.read_bytes())
    password_file.write_text(ca.service_key.password)
    keys = {"ESUTD_KEY_FILE": str(key_file), "ESUTD_KEY_PASSWORD_FILE": str(password_file)}
    with start("file", keys, key_file) as signing:
        yield signing


@pytest.fixture(scope="module")
def by_token(start: Start, ca: TestCa, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signing]:
    """A service whose key is on a token."""
    hsm = SoftHsm(tmp_path_factory.mktemp("hsm"))
    hsm.add_token("esutd")
    hsm.add_key("esutd", ca.service_key, "service", "01")
    keys = {
        **hsm.environment,
        "ESUTD_KEY_FILE": hsm.uri("esutd", object="service"),
        "ESUTD_KEY_PASSWORD": PIN,
    }
    with start("token", keys, hsm) as signing:
        yield signing


@pytest.fixture(scope="module")
def newer(newer_ca: TestCa) -> TestIdentity:
    """The service's next key."""
    return newer_ca.service_key


@pytest.fixture(scope="module")
def trust_dir(ca: TestCa, newer_ca: TestCa, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trust in the authorities of both."""
    both = tmp_path_factory.mktemp("trust")
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


def expires(url: str) -> float | None:
    """What the metric tells of the default key."""
    name = 'esutd_key_expires_timestamp_seconds{key="default"} '
    lines = requests.get(f"{url}/metrics", timeout=10).text.splitlines()
    return next((float(line.removeprefix(name)) for line in lines if line.startswith(name)), None)


def test_a_new_file_that_cannot_be_used_changes_nothing(by_file: Signing, ca: TestCa) -> None:
    by_file.put(ca.identity("authentication-key"))

    def complaints() -> list[dict[str, str]]:
        return [line for line in by_file.logged() if line["event"] == "key_not_replaced"]

    until(lambda: bool(complaints()))
    reply = send(by_file.url, register(), ca.identity("employer"))
    assert signer(reply, ca.trust_dir) == serial(ca.service_key)
    for complaint in complaints():
        assert complaint["level"] == "error"
        assert complaint["reason"].startswith(f"{by_file.place}: ")
        assert "nonRepudiation" in complaint["reason"]
    assert ca.service_key.password not in by_file.log.read_text()
    by_file.put(ca.service_key)


def test_a_new_file_is_taken_while_messages_come(
    by_file: Signing, ca: TestCa, newer: TestIdentity, trust_dir: Path
) -> None:
    """None is lost, each answer is whole, and once all workers have it the old key is not seen again."""
    employer = ca.identity("employer")
    enough = Event()

    def keep_sending() -> list[tuple[list[str], str | None]]:
        seen = []
        while not enough.is_set():
            reply = send(by_file.url, register(), employer)
            seen.append((reply.codes, signer(reply, trust_dir)))
        return seen

    assert expires(by_file.url) == end_of(ca.service_key)
    with ThreadPoolExecutor(2) as threads:
        senders = [threads.submit(keep_sending) for _ in range(2)]
        try:
            by_file.put(newer)
            until(lambda: expires(by_file.url) == end_of(newer))
            after = [signer(send(by_file.url, register(), employer), trust_dir) for _ in range(20)]
        finally:
            enough.set()
        seen = [one for sender in senders for one in sender.result()]
    assert {tuple(codes) for codes, _ in seen} == {("SCSS001",)}
    assert {number for _, number in seen} == {serial(ca.service_key), serial(newer)}
    assert set(after) == {serial(newer)}


def test_answers_are_signed_with_gost(by_file: Signing, ca: TestCa, trust_dir: Path) -> None:
    """By a GOST key that takes the place of another one."""
    key = ca.identity("gost-employer")
    by_file.put(key)

    def signed_by_it(ask: Callable[[], Reply]) -> Reply:
        """The first answer of a worker that has taken the key."""
        replies = []

        def is_its() -> bool:
            replies.append(ask())
            return signer(replies[-1], trust_dir) == serial(key)

        until(is_its)
        return replies[-1]

    reply = signed_by_it(lambda: send(by_file.url, register(), ca.identity("employer")))
    assert reply.codes == ["SCSS001"]
    assert b"gostr34102015-gostr34112015-512" in reply.body
    assert signed_by_it(lambda: post(by_file.url, register())).codes == ["SCSE001"]


def test_answers_are_signed_by_a_token(
    by_token: Signing, ca: TestCa, newer: TestIdentity, trust_dir: Path
) -> None:
    """A newer key that is put beside the first is taken, and then the first may go."""
    hsm = by_token.place
    assert isinstance(hsm, SoftHsm)
    employer = ca.identity("employer")
    replies = [send(by_token.url, register(), employer)]
    hsm.add_key("esutd", newer, "service", "02")
    until(lambda: expires(by_token.url) == end_of(newer))
    replies.append(send(by_token.url, register(), employer))
    for kind in ("privkey", "cert"):
        hsm.remove("esutd", kind, "01")
    replies.append(send(by_token.url, register(), employer))
    assert [reply.codes for reply in replies] == [["SCSS001"]] * 3
    assert [signer(reply, trust_dir) for reply in replies] == [
        serial(ca.service_key),
        serial(newer),
        serial(newer),
    ]


def test_while_the_token_is_away_nothing_is_done(
    by_token: Signing, ca: TestCa, newer: TestIdentity, trust_dir: Path
) -> None:
    """The sender is told to come again, by a fault without a signature; and the next try has its effect.

    The last one on this service: how soon each of its workers finds the token again, nothing tells.
    """
    hsm = by_token.place
    assert isinstance(hsm, SoftHsm)
    message = sign_wsse(register(), ca.identity("employer"))
    hsm.take_out()
    # What the library has at hand it goes on signing with, until it looks.
    until(lambda: post(by_token.url, register()).root.find(".//{*}Signature") is None)
    refused = post(by_token.url, message)
    assert (refused.status, refused.codes) == (503, ["ESB009"])
    assert refused.headers["Retry-After"]
    unsigned = post(by_token.url, register())
    assert (unsigned.status, unsigned.codes) == (500, ["SCSE001"])
    hsm.put_back()
    replies = []

    def is_answered() -> bool:
        replies.append(post(by_token.url, message))
        return replies[-1].codes == ["SCSS001"]

    until(is_answered)
    assert signer(replies[-1], trust_dir) in {serial(ca.service_key), serial(newer)}
    assert "fault_not_signed" in {line["event"] for line in by_token.logged()}
    assert PIN not in by_token.log.read_text()


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
