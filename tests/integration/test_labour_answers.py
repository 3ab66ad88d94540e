"""Requests for labour activity meet the database and the service's key: answered once, signed, or why not."""

from __future__ import annotations

import threading
from collections.abc import Iterator, MutableMapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner
from lxml import etree
from pydantic import SecretStr
from store_works import DAY, EMPLOYER, contract

from esutd_bus.cli import main
from esutd_bus.own_keys import open_keys
from esutd_bus.settings import Settings, packaged
from esutd_bus.signature.key_ring import KeyRing
from esutd_bus.store.connection import connect_now
from esutd_bus.store.ids import uuid7
from esutd_bus.store.labour import backlog
from esutd_bus.store.singleton import alone
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.work import labour_activity, scheduler
from esutd_bus.work.labour_activity import LabourActivity
from esutd_bus.work.labour_document import NAMESPACE

IIN, FORMER_IIN = "850312100031", "850312100041"
OTHER_EMPLOYER = "020140000016"
NOW = datetime(2026, 3, 18, 6, 0, tzinfo=UTC)
XPATH = {"l": NAMESPACE}

Connection = psycopg.Connection[dict[str, Any]]
Logged = list[MutableMapping[str, Any]]


class Desk:
    """A database with requests, and a node that answers them."""

    def __init__(self, connection: Connection, keys: KeyRing) -> None:
        self.connection = connection
        self.keys = keys

    def job(self, now: datetime = NOW) -> LabourActivity:
        return LabourActivity(self.keys, lambda: now)

    def run(self, now: datetime = NOW) -> None:
        self.job(now).run(self.connection)

    def add(self, table: str, **row: Any) -> None:
        columns = ", ".join(row)
        values = ", ".join(["%s"] * len(row))
        self.connection.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({values})",  # the test's own words
            list(row.values()),
        )

    def contract(self, number: str, **more: Any) -> None:
        self.add("contract", **contract(number, **more))

    def consent(self, **more: Any) -> UUID:
        given = {
            "id": uuid7(),
            "employee_iin": IIN,
            "employer": EMPLOYER,
            "external_id": f"consent-{uuid7()}",
            "purpose": "приём на работу",
            "valid_to": date(2026, 12, 31),
            "given_at": NOW,
            "brought_by": EMPLOYER,
            "message_id": uuid7(),
            **more,
        }
        self.add("consent", **given)
        return UUID(str(given["id"]))

    def request(self, **more: Any) -> UUID:
        asked = {
            "id": uuid7(),
            "employer": EMPLOYER,
            "employee_iin": IIN,
            "purpose": "приём на работу",
            "consent_id": None if "paper_consent" in more else self.consent(),
            "entered_by": EMPLOYER,
            "requested_at": NOW,
            "due_on": date(2026, 3, 30),
            "message_id": uuid7(),
            **more,
        }
        self.add("labour_request", **asked)
        return UUID(str(asked["id"]))

    def answers(self) -> dict[UUID, dict[str, Any]]:
        return {r["request_id"]: r for r in self.connection.execute("SELECT * FROM labour_answer")}

    def numbers(self, request_id: UUID) -> list[str]:
        """Those of the contracts that the answer tells of."""
        document = etree.fromstring(self.answers()[request_id]["document"])
        return [str(text) for text in document.xpath("l:contract/l:number/text()", namespaces=XPATH)]


@pytest.fixture
def settings(ca: TestCa, database: str) -> Settings:
    key = ca.service_key
    return Settings(database_url=database, key_file=str(key.path), key_password=SecretStr(key.password))


@pytest.fixture
def desk(database: str, settings: Settings) -> Iterator[Desk]:
    with connect_now(database) as opened:
        opened.autocommit = True
        yield Desk(opened, open_keys(settings))


def outcome(desk: Desk, request_id: UUID) -> tuple[str, str | None]:
    row = desk.answers()[request_id]
    return row["status"], row["reason"]


@pytest.mark.clause("353/19")
def test_the_document_is_valid_signed_and_as_the_register_knows(
    desk: Desk, ca: TestCa, tmp_path: Path
) -> None:
    ended = {"status": "terminated", "terminated_on": DAY, "termination_reason_code": "1"}
    desk.contract("17", starts_on=date(2024, 1, 9), ends_on=date(2025, 1, 9), **ended)
    desk.contract("18", employer=OTHER_EMPLOYER)
    request_id = desk.request()
    desk.run()
    octets = desk.answers()[request_id]["document"]

    schema = etree.XMLSchema(file=str(packaged("xsd") / "labour-activity-v1.xsd"))
    document = etree.fromstring(octets)
    schema.assertValid(document)
    told = [
        {etree.QName(leaf).localname: leaf.text for leaf in element}
        for element in document.iterfind("l:contract", XPATH)
    ]
    assert told[0] == {
        "employer": EMPLOYER,
        "number": "17",
        "positionCode": "2511-1-002",
        "establishedPost": "инженер",
        "startsOn": "2024-01-09",
        "endsOn": "2025-01-09",
        "status": "terminated",
        "terminatedOn": DAY.isoformat(),
        "terminationReasonCode": "1",
    }
    assert (told[1]["employer"], told[1]["number"]) == (OTHER_EMPLOYER, "18")
    assert document.findtext("l:requestId", None, XPATH) == str(request_id)
    assert document.findtext("l:receiver", None, XPATH) == EMPLOYER
    assert document.findtext("l:asOf", None, XPATH) == NOW.isoformat()

    file = tmp_path / "labour-activity.xml"
    file.write_bytes(octets)
    verified = CliRunner().invoke(main, ["verify", str(file), "--trust", str(ca.trust_dir)])
    assert verified.exit_code == 0, verified.output
    file.write_bytes(octets.replace(b"<number>17<", b"<number>19<"))
    assert CliRunner().invoke(main, ["verify", str(file), "--trust", str(ca.trust_dir)]).exit_code == 1


def test_what_is_answered_stays(desk: Desk) -> None:
    desk.contract("17")
    desk.request()
    desk.run()
    first = desk.answers()
    desk.contract("18")
    desk.run(NOW + timedelta(days=1))
    assert desk.answers() == first


def test_two_nodes_at_once_answer_each_request_once(desk: Desk, database: str) -> None:
    desk.contract("17")
    requests = {desk.request() for _ in range(8)}

    def work() -> None:
        with connect_now(database) as opened:
            opened.autocommit = True
            desk.job().run(opened)

    nodes = [threading.Thread(target=work) for _ in range(2)]
    for node in nodes:
        node.start()
    for node in nodes:
        node.join()
    assert set(desk.answers()) == requests
    assert {row["status"] for row in desk.answers().values()} == {"answered"}


def test_a_node_keeps_off_while_another_is_at_it(desk: Desk, database: str) -> None:
    desk.contract("17")
    desk.request()
    with connect_now(database) as other:
        other.autocommit = True
        with alone(other, labour_activity._LOCK) as is_alone:
            assert is_alone
            desk.run()
            assert desk.answers() == {}
    desk.run()
    assert len(desk.answers()) == 1


@pytest.mark.clause("353/20")
def test_a_consent_that_was_withdrawn_meanwhile(desk: Desk) -> None:
    desk.contract("17")
    consent_id = desk.consent()
    request_id = desk.request(consent_id=consent_id)
    desk.add("consent_withdrawal", consent_id=consent_id, withdrawn_at=NOW, message_id=uuid7())
    desk.run()
    assert outcome(desk, request_id) == ("refused", "consent-withdrawn")
    assert desk.answers()[request_id]["document"] is None


@pytest.mark.clause("353/20")
def test_a_consent_that_ended_meanwhile(desk: Desk) -> None:
    desk.contract("17")
    last_day = desk.request(consent_id=desk.consent(valid_to=date(2026, 3, 18)))
    over = desk.request(consent_id=desk.consent(valid_to=date(2026, 3, 17)))
    desk.run()
    assert outcome(desk, last_day) == ("answered", None)
    assert outcome(desk, over) == ("refused", "consent-expired")


@pytest.mark.clause("353/20")
def test_of_whom_nothing_is_known(desk: Desk) -> None:
    desk.contract("17", status="deleted")
    request_id = desk.request()
    desk.run()
    assert outcome(desk, request_id) == ("absent", None)


@pytest.mark.clause("353/19")
def test_contracts_under_an_earlier_number_are_told_deleted_ones_are_not(desk: Desk) -> None:
    change = {"id": uuid7(), "employer": EMPLOYER, "former_iin": FORMER_IIN, "iin": IIN}
    desk.add("iin_change", **change, message_id=uuid7(), recorded_at=NOW)
    desk.contract("16", employee_iin=FORMER_IIN, starts_on=date(2020, 1, 9))
    desk.contract("17")
    desk.contract("18", status="deleted")
    desk.contract("19", employee_iin="860101100011")
    request_id = desk.request()
    desk.run()
    assert desk.numbers(request_id) == ["16", "17"]


@pytest.mark.clause("353/15")
def test_a_request_on_paper_is_answered_on_its_paper_consent(desk: Desk) -> None:
    desk.contract("17")
    request_id = desk.request(paper_number="5", paper_date=DAY, paper_consent="согласие от 02.03.2026")
    desk.run()
    document = etree.fromstring(desk.answers()[request_id]["document"])
    assert document.findtext("l:paperConsent", None, XPATH) == "согласие от 02.03.2026"
    etree.XMLSchema(file=str(packaged("xsd") / "labour-activity-v1.xsd")).assertValid(document)


def test_one_that_fails_does_not_stop_the_others(
    desk: Desk, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.contract("17")
    first, second = desk.request(), desk.request()
    real = labour_activity.labour_document

    def write(request: Any, *rest: Any) -> bytes:
        if request["id"] == first:
            raise ValueError("a mistake")
        return real(request, *rest)

    monkeypatch.setattr(labour_activity, "labour_document", write)
    monkeypatch.setattr(labour_activity, "AT_ONCE", 1)
    job = desk.job()
    job.run(desk.connection)
    assert [entry["request"] for entry in logged if "trace" in entry] == [str(first)]
    job.run(desk.connection)
    assert set(desk.answers()) == {second}
    monkeypatch.undo()
    job.run(desk.connection)
    assert set(desk.answers()) == {first, second}


def test_what_waits_is_measured(desk: Desk) -> None:
    desk.request(requested_at=NOW - timedelta(days=1))
    desk.request()
    waiting = backlog(desk.connection, date(2026, 3, 30))
    assert (waiting.oldest, waiting.overdue) == (NOW - timedelta(days=1), 0)
    assert backlog(desk.connection, date(2026, 3, 31)).overdue == 2
    desk.run()
    waiting = backlog(desk.connection, date(2026, 3, 31))
    assert (waiting.oldest, waiting.overdue) == (None, 0)


def test_it_is_there_where_a_key_is(settings: Settings, logged: Logged) -> None:
    assert [job.name for job in scheduler.jobs_of(settings)] == ["labour activity"]
    assert scheduler.jobs_of(Settings(database_url=settings.database_url)) == []
    assert [entry["missing"] for entry in logged if "missing" in entry] == ["ESUTD_KEY_FILE"]
