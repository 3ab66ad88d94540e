"""Certificates that are revoked while the service runs, over both bindings; and the process that learns of it."""

from __future__ import annotations

import json
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import requests
from cryptography import x509
from cryptography.x509.oid import NameOID

from esutd_bus.signature.keys import ServiceKey
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.testbed.ca_server import OCSP, CaServer, Fault
from esutd_bus.testbed.test_ca import TestCa
from support.databases import NewDatabase
from support.messages import EMPLOYER, post, register, send
from support.services import (
    ESUTD_BUS,
    Service,
    asgi_service,
    environment_with,
    esutd_bus,
    free_port,
    until,
)

SIGNING = x509.KeyUsage(
    digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
)  # fmt: skip
FIRST_HEAD = x509.ExtendedKeyUsage(
    [x509.ObjectIdentifier(role) for role in ("1.2.398.3.3.4.1.2", "1.2.398.3.3.4.1.2.1")]
)


def fresh_key(ca_server: CaServer, authority: str) -> ServiceKey:
    """A key of the employer's that nobody else uses."""
    issued = ca_server.authorities[authority].certify(
        x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, "АХМЕТОВ АЙДАР"),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, "IIN850315100105"),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"BIN{EMPLOYER}"),
            ]
        ),
        SIGNING,
        FIRST_HEAD,
    )
    return ServiceKey(issued.key, issued.certificate)


@pytest.mark.code("SCSE001")
@pytest.mark.parametrize("authority", ["authority", "gost-authority"])
def test_a_key_is_refused_soon_after_it_was_revoked(
    service: Service, ca_server: CaServer, authority: str
) -> None:
    key = fresh_key(ca_server, authority)
    accepted = sign_wsse(register(), key)
    before = post(service.url, accepted)
    assert before.codes == ["SCSS001"]

    ca_server.authorities[authority].revoke(key.certificate)
    refreshed = esutd_bus("revocation", "refresh", settings=service.environment)
    assert refreshed.returncode == 0, refreshed.stderr
    until(lambda: send(service.url, register(), key).text("reason") == "revoked")

    # What was accepted before stays, but its answer is given to nobody who may not ask for it any more.
    # (Each worker follows within its own few seconds.)
    until(lambda: {tuple(post(service.url, accepted).codes) for _ in range(8)} == {("SCSE001",)})
    assert send(service.url, register(), fresh_key(ca_server, authority)).codes == ["SCSS001"]


@pytest.mark.code("SCSE001")
@pytest.mark.parametrize("name", ["revoked", "gost-revoked"])
def test_whoever_was_revoked_before_the_start_is_refused_from_the_first_message_on(
    service: Service, ca: TestCa, name: str
) -> None:
    reply = send(service.url, register(), ca.identity(name))
    assert (reply.codes, reply.text("reason")) == (["SCSE001"], "revoked")
    assert "отозван" in (reply.text("messageRu") or "")


def test_what_is_known_is_told_to_operators(asgi: Service, ca: TestCa, ca_server: CaServer) -> None:
    message = send(asgi.url, register(), ca.identity("employer")).text("messageId")
    told = esutd_bus("journal", "show", str(message), settings=asgi.environment).stdout
    assert f"revocation good: C=KZ,CN=ESUTD-BUS TEST CA (RSA), {ca_server.url}/root" in told

    shown = esutd_bus("revocation", "status", settings=asgi.environment)
    assert shown.returncode == 0, shown.stderr
    assert "policy: prefer" in shown.stdout
    for url in ca_server.list_urls:
        assert url in shown.stdout

    until(lambda: "esutd_revocation_list_failures" in requests.get(f"{asgi.url}/metrics", timeout=10).text)
    metrics = requests.get(f"{asgi.url}/metrics", timeout=10).text
    for name in ("this_update_timestamp_seconds", "next_update_timestamp_seconds", "failures"):
        assert f'esutd_revocation_list_{name}{{url="{ca_server.url}/authority.crl"}}' in metrics


@pytest.fixture
def own(new_database: NewDatabase, ca: TestCa, ca_server: CaServer) -> dict[str, str]:
    """Settings for a service of a test's own, which knows responders only, and believes nobody it knows nothing of."""
    return {
        "ESUTD_DATABASE_URL": new_database("esutd_revocation"),
        "ESUTD_TRUST_DIR": str(ca.trust_dir),
        "ESUTD_OCSP_URLS": json.dumps([ca_server.ocsp_url]),
        "ESUTD_REVOCATION": "require",
        "ESUTD_LOG_LEVEL": "WARNING",
    }


def test_a_first_message_is_accepted_a_little_later(
    own: dict[str, str], ca_server: CaServer, tmp_path: Path
) -> None:
    """Where it must be known, and the responder alone tells: the first message makes it be asked."""
    with asgi_service(own, tmp_path / "service.log", workers=1) as service:
        for authority in ("authority", "gost-authority"):
            key = fresh_key(ca_server, authority)
            message = sign_wsse(register(), key)
            reply = post(service.url, message)
            assert (reply.codes, reply.text("reason")) == (["SCSE001"], "revocation-unknown")
            until(lambda message=message: post(service.url, message).codes == ["SCSS001"])

        ca_server.authorities["gost-authority"].revoke(key.certificate)
        assert esutd_bus("revocation", "refresh", settings=own).returncode == 0
        until(lambda: send(service.url, register(), key).text("reason") == "revoked")


def work_of(service: Service) -> list[psutil.Process]:
    """The processes of `work` beside a service."""
    found = []
    for child in psutil.Process(service.process.pid).children():
        with suppress(psutil.NoSuchProcess):  # one that has just ended, too
            if "work" in child.cmdline():
                found.append(child)
    return found


def test_work_is_started_again_when_it_dies_and_ends_with_the_service(
    own: dict[str, str], ca_server: CaServer, tmp_path: Path
) -> None:
    with asgi_service(own, tmp_path / "service.log", workers=1) as service:
        until(lambda: bool(work_of(service)))
        (first,) = work_of(service)
        first.send_signal(signal.SIGKILL)
        until(lambda: [one.pid for one in work_of(service)] not in ([], [first.pid]))
        key = fresh_key(ca_server, "authority")
        until(lambda: send(service.url, register(), key).codes == ["SCSS001"])

        (second,) = work_of(service)
        service.process.terminate()
        assert service.process.wait(timeout=40) == 0
        assert not second.is_running()


def test_work_ends_when_its_service_was_killed(own: dict[str, str], tmp_path: Path) -> None:
    with asgi_service(own, tmp_path / "service.log", workers=1) as service:
        until(lambda: bool(work_of(service)))
        (work,) = work_of(service)
        workers = [child for child in psutil.Process(service.process.pid).children() if child != work]
        service.process.kill()
        service.process.wait()
        work.wait(timeout=30)
        for worker in workers:
            worker.kill()


def test_work_may_run_elsewhere(own: dict[str, str], ca_server: CaServer, tmp_path: Path) -> None:
    """A service without it, and a node that does nothing else."""
    key = fresh_key(ca_server, "authority")
    with asgi_service({**own, "ESUTD_WORK": "false"}, tmp_path / "service.log", workers=1) as service:
        assert work_of(service) == []
        message = sign_wsse(register(), key)
        assert post(service.url, message).text("reason") == "revocation-unknown"
        time.sleep(1.5)  # so that whoever it was seen by has noted it, were somebody there to ask
        asked = ca_server.calls[OCSP]
        node = psutil.Popen([ESUTD_BUS, "work"], env=environment_with(own))
        until(lambda: post(service.url, message).codes == ["SCSS001"])
        assert ca_server.calls[OCSP] > asked
        node.terminate()
        assert node.wait(timeout=30) == 0


def test_a_refresh_that_does_not_succeed_is_told(own: dict[str, str], ca_server: CaServer) -> None:
    ca_server.faults = {"/root.crl": Fault.WRONG_SIGNATURE}
    try:
        urls = [f"{ca_server.url}/root.crl", f"http://127.0.0.1:{free_port()}/a.crl"]
        ended = esutd_bus("revocation", "refresh", settings={**own, "ESUTD_CRL_URLS": json.dumps(urls)})
    finally:
        ca_server.faults = {}
    assert ended.returncode == 3
    assert "signature" in ended.stdout
    assert "no connection" in ended.stdout


def test_a_file_is_verified_against_lists(ca: TestCa, tmp_path: Path) -> None:
    lists = [word for file in sorted((ca.directory / "crl").iterdir()) for word in ("--crl", str(file))]
    for name, code, told in (
        ("employer", 0, "good: C=KZ,OU=BIN990440000385"),
        ("revoked", 1, "REFUSED: revoked"),
    ):
        (tmp_path / "signed.xml").write_bytes(sign_wsse(register(), ca.identity(name)))
        verified = esutd_bus("verify", tmp_path / "signed.xml", "--trust", ca.trust_dir, *lists)
        assert (verified.returncode, told in verified.stdout) == (code, True), verified.stdout
    no_list = esutd_bus(
        "verify", tmp_path / "signed.xml", "--trust", ca.trust_dir, "--crl", tmp_path / "signed.xml"
    )
    assert no_list.returncode == 3
    assert "unreadable" in no_list.stderr
