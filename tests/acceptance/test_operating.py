"""What an operator does: start, stop, reload, look; and what the command line says when something is wrong."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import psutil
import psycopg
import pytest
import requests
from psycopg.conninfo import conninfo_to_dict

from esutd_bus.register.calendar import ALMATY
from esutd_bus.settings import packaged
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.testbed.test_ca import TestCa
from support.databases import NewDatabase
from support.messages import contract, header, post, register, send
from support.services import Service, asgi_service, esutd_bus, until

NEW_POSITION = "2511-1-999"


def test_dictionaries_are_reloaded_by_a_running_service(asgi: Service, ca: TestCa, tmp_path: Path) -> None:
    message = register(contract=contract(positionCode=NEW_POSITION))
    assert send(asgi.url, message, ca.identity("employer")).fields == [("SCSE007", "contract/positionCode")]
    packaged_file = Path(packaged("src")) / "esutd_bus/register/data/dictionaries/position.csv"
    newer = shutil.copy(packaged_file, tmp_path / "position.csv")
    with Path(newer).open("a", encoding="utf-8") as file:
        file.write(f"{NEW_POSITION},НОВАЯ ДОЛЖНОСТЬ,ЖАҢА ЛАУАЗЫМ,2511-1,1\n")
    loaded = esutd_bus("dictionaries", "load", tmp_path, settings=asgi.environment)
    assert loaded.returncode == 0, loaded.stderr
    message = register(contract=contract(positionCode=NEW_POSITION))
    assert send(asgi.url, message, ca.identity("employer")).codes == ["SCSS001"]
    assert esutd_bus("dictionaries", "load", settings=asgi.environment).returncode == 0
    message = register(contract=contract(positionCode=NEW_POSITION))
    assert send(asgi.url, message, ca.identity("employer")).codes == ["SCSE007"]


def worker_of(service: Service) -> psutil.Process:
    """The only worker of a service."""
    (worker,) = [
        child
        for child in psutil.Process(service.process.pid).children()
        if "resource_tracker" not in " ".join(child.cmdline())
    ]
    return worker


@contextmanager
def unreachable(server: str, database: str) -> Iterator[None]:
    """Cuts all connections to a database and takes no new ones."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,)
            )
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')


@pytest.fixture
def own(new_database: NewDatabase, ca: TestCa) -> dict[str, str]:
    """Settings for a service of a test's own."""
    return {
        "ESUTD_DATABASE_URL": new_database("esutd_operating"),
        "ESUTD_TRUST_DIR": str(ca.trust_dir),
        "ESUTD_WORK": "false",
        "ESUTD_LOG_LEVEL": "WARNING",
    }


def test_a_stop_finishes_what_is_under_way(own: dict[str, str], ca: TestCa, tmp_path: Path) -> None:
    employer = ca.identity("employer")
    messages = [sign_wsse(register(), employer) for _ in range(60)]
    with asgi_service(own, tmp_path / "service.log", workers=1) as service, ThreadPoolExecutor(60) as pool:
        replies = [pool.submit(post, service.url, message) for message in messages]
        while not any(reply.done() for reply in replies):
            time.sleep(0.005)
        service.process.terminate()
        assert service.process.wait(timeout=30) == 0
        ended = [reply.exception() or reply.result() for reply in replies]
    answered = [reply for reply in ended if not isinstance(reply, requests.RequestException)]
    assert answered
    assert {reply.status for reply in answered} <= {200, 503}
    with asgi_service(own, tmp_path / "again.log", workers=1) as service:
        for message, before in zip(messages, ended, strict=True):
            after = post(service.url, message)
            if before in answered and before.status == 200:
                assert after.body == before.body
            assert after.codes == ["SCSS001"]


def test_a_worker_that_dies_is_started_again(own: dict[str, str], ca: TestCa, tmp_path: Path) -> None:
    with asgi_service(own, tmp_path / "service.log", workers=1) as service:
        worker = worker_of(service)
        worker.send_signal(signal.SIGKILL)
        worker.wait(timeout=10)
        until(lambda: send(service.url, register(), ca.identity("employer")).codes == ["SCSS001"])


def test_metrics_count_messages(asgi: Service, ca: TestCa) -> None:
    send(asgi.url, register(), ca.identity("employer"))
    text = requests.get(f"{asgi.url}/metrics", timeout=10).text
    assert 'operation="RegisterContract"' in text
    assert 'code="SCSS001"' in text


def test_serving_without_trust_is_refused(own: dict[str, str]) -> None:
    del own["ESUTD_TRUST_DIR"]
    ended = esutd_bus("serve", "--port", "1", settings=own)
    assert ended.returncode == 3
    assert "ESUTD_TRUST_DIR" in ended.stderr


def test_a_leaf_without_mapping_ends_the_start(own: dict[str, str], tmp_path: Path) -> None:
    for name in ("wsdl", "xsd", "mappings"):
        shutil.copytree(packaged(name), tmp_path / name)
    mapping = tmp_path / "mappings" / "EmploymentContracts.yaml"
    lines = mapping.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "contract/establishedPost:" not in line]
    mapping.write_text("\n".join(kept) + "\n", encoding="utf-8")
    ended = esutd_bus("serve", "--port", "1", settings={**own, "ESUTD_CONTRACTS_DIR": str(tmp_path)})
    assert ended.returncode == 3
    assert "contract/establishedPost: the leaf is neither mapped nor ignored" in ended.stderr


def test_a_database_that_is_not_there_is_told(own: dict[str, str]) -> None:
    nowhere = {**own, "ESUTD_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    ended = esutd_bus("journal", "show", settings=nowhere)
    assert ended.returncode == 3
    assert "no connection to the database" in ended.stderr


@pytest.mark.parametrize("profile", ["wsse", "header", "document"])
def test_sign_and_verify_agree(profile: str, ca: TestCa, tmp_path: Path) -> None:
    employer = ca.identity("employer")
    (tmp_path / "request.xml").write_bytes(register())
    signed = esutd_bus(
        *("sign", tmp_path / "request.xml", "-o", tmp_path / "signed.xml"),
        *("--key", employer.path, "--profile", profile),
        settings={"ESUTD_KEY_PASSWORD": employer.password},
    )
    assert signed.returncode == 0, signed.stderr
    verified = esutd_bus("verify", tmp_path / "signed.xml", "--trust", ca.trust_dir)
    assert verified.returncode == 0
    assert "990440000385" in verified.stdout
    assert "VALID" in verified.stdout
    spoilt = (tmp_path / "signed.xml").read_bytes().replace("Инженер".encode(), "Геолог".encode())
    (tmp_path / "spoilt.xml").write_bytes(spoilt)
    refused = esutd_bus("verify", tmp_path / "spoilt.xml", "--trust", ca.trust_dir)
    assert refused.returncode == 1
    assert "digest-mismatch" in refused.stdout
    assert "Подписанное изменено после подписи" in refused.stdout
    assert "XMLDSig 1.1, 3.2.1" in refused.stdout


def test_a_document_is_signed_more_than_once_and_in_its_envelope(ca: TestCa, tmp_path: Path) -> None:
    file = tmp_path / "request.xml"
    file.write_bytes(register())
    for identity, profile in (("individual", "document"), ("employer", "document"), ("bus", "wsse")):
        key = ca.identity(identity)
        signed = esutd_bus(
            *("sign", file, "-o", file, "--key", key.path, "--profile", profile),
            settings={"ESUTD_KEY_PASSWORD": key.password},
        )
        assert signed.returncode == 0, signed.stderr
    told = json.loads(esutd_bus("verify", file, "--trust", ca.trust_dir, "--json").stdout)
    assert [(one["position"], one["profile"]) for one in told["signatures"]] == [
        ("Envelope/Header/Security/Signature", "wsse"),
        ("RegisterContract/Signature[2]", "document"),
        ("RegisterContract/Signature[1]", "document"),
    ]


def test_how_a_certificate_travels_depends_on_the_profile(ca: TestCa, tmp_path: Path) -> None:
    key = ca.identity("employer")
    (tmp_path / "request.xml").write_bytes(register())
    signed = esutd_bus(
        *("sign", tmp_path / "request.xml", "--key", key.path),
        *("--profile", "document", "--key-info", "KeyIdentifier"),
        settings={"ESUTD_KEY_PASSWORD": key.password},
    )
    assert signed.returncode == 3
    assert "by document the certificate travels as X509Data" in signed.stderr


@pytest.mark.parametrize("arguments", [("nonsense",), ("replay",), ("journal", "show", "--limit", "0")])
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert esutd_bus(*arguments).returncode == 2


@pytest.mark.clause("353/7")
def test_rules_follow_the_clock_they_are_given(own: dict[str, str], ca: TestCa, tmp_path: Path) -> None:
    # Signed on Monday 5 January 2026; the 7th is Orthodox Christmas: 6, 8, 9, 12, 13 January are the five days.
    terms = contract(concludedOn="2026-01-05", startsOn="2026-01-06")
    message = register(contract=terms)
    with asgi_service(
        {**own, "ESUTD_NOW": "2026-01-15T10:00:00+05:00"}, tmp_path / "then.log", workers=1
    ) as service:
        reply = send(service.url, message, ca.identity("employer"))
        ahead = send(
            service.url, register(contract=contract(concludedOn="2026-01-16")), ca.identity("employer")
        )
    assert reply.warnings == ["SCSE088"]
    assert (reply.text("dueOn"), reply.text("daysLate")) == ("2026-01-13", "2")
    assert ("SCSE059", "contract/concludedOn") in ahead.fields


def test_a_messages_own_clock_is_believed_on_a_testbed_alone(
    own: dict[str, str], asgi: Service, ca: TestCa, tmp_path: Path
) -> None:
    tomorrow = contract(concludedOn=(datetime.now(ALMATY) + timedelta(days=1)).date().isoformat())
    late = header(sentAt=(datetime.now(ALMATY) + timedelta(days=2)).isoformat())
    employer = ca.identity("employer")
    message = register(contract=tomorrow, requestHeader=late)
    with asgi_service(own, tmp_path / "plain.log", workers=1) as service:
        assert send(service.url, message, employer).fields == [("SCSE059", "contract/concludedOn")]
    message = register(contract=tomorrow, requestHeader=header(sentAt=late["sentAt"]))
    assert asgi.environment["ESUTD_BELIEVE_SENT_AT"] == "true"
    assert send(asgi.url, message, employer).codes == ["SCSS001"]


def test_a_database_that_goes_away_and_comes_back(
    own: dict[str, str], postgres: str, ca: TestCa, tmp_path: Path
) -> None:
    employer = ca.identity("employer")
    message = sign_wsse(register(), employer)
    with asgi_service(own, tmp_path / "service.log", workers=1) as service:
        assert send(service.url, register(), employer).codes == ["SCSS001"]
        with unreachable(postgres, conninfo_to_dict(own["ESUTD_DATABASE_URL"])["dbname"]):
            reply = post(service.url, message)
            assert (reply.status, reply.codes) == (503, ["ESB009"])
            assert int(reply.headers["Retry-After"]) > 0
            assert requests.get(f"{service.url}/ready", timeout=10).status_code == 503
            # A worker that starts meanwhile waits for the database instead of ending the service.
            worker_of(service).send_signal(signal.SIGKILL)
            until(lambda: post(service.url, message).codes == ["ESB009"])
        until(lambda: post(service.url, message).codes == ["SCSS001"])
        assert requests.get(f"{service.url}/ready", timeout=10).status_code == 200


def test_a_row_that_the_database_refuses_is_nowhere_in_the_log(
    own: dict[str, str], ca: TestCa, tmp_path: Path
) -> None:
    employee = {"iin": "850312100031", "surname": "Тайнов"}
    terms = contract(employee=employee, number="ТАЙНА-1")
    log = tmp_path / "service.log"
    with asgi_service(own, log, workers=1) as service:
        with psycopg.connect(service.database_url) as connection:
            connection.execute("ALTER TABLE contract ADD CONSTRAINT never CHECK (false)")
        reply = send(service.url, register(contract=terms), ca.identity("employer"))
        assert (reply.status, reply.codes) == (500, ["ESB099"])
        with psycopg.connect(service.database_url) as connection:
            kept = connection.execute("SELECT direction FROM message ORDER BY seq").fetchall()
        assert kept == [("in",), ("out",)]
    said = log.read_text(encoding="utf-8")
    assert "CheckViolation" in said
    assert reply.text("correlationId") in said
    assert [secret for secret in ("Тайнов", "ТАЙНА-1", employee["iin"]) if secret in said] == []
