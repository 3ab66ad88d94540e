"""Many contracts in one signed message: each is judged by itself, and the batch happens once, whole or not at all."""

from __future__ import annotations

import threading
import time
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import requests

from esutd_bus.signature.signing import sign_wsse
from esutd_bus.store.connection import connect_now
from esutd_bus.store.verification import verify
from esutd_bus.testbed.test_ca import TestCa
from support.batches import asking, batch, entries, result
from support.databases import NewDatabase
from support.messages import CONTRACTS, EMPLOYER, contract, envelope, header, post, referring, send, today
from support.services import Service, asgi_service

OFFICER = "890412100119"


@pytest.mark.clause("353/7")
@pytest.mark.code("SCSE014")
@pytest.mark.code("SCSE054")
@pytest.mark.code("SCSE086")
def test_the_good_ones_are_registered_and_the_bad_ones_told(service: Service, ca: TestCa) -> None:
    employer = ca.identity("employer")
    first = contract()
    batches = [
        first,
        contract(term={"termCode": "2"}),
        contract(startsOn="завтра", employee={}),
        contract(number=first["number"]),
        contract(externalId=first["externalId"]),
        contract(concludedOn=today() - timedelta(days=60)),
    ]
    submitted = send(service.url, batch(*batches), employer)
    told = entries(result(service, employer, submitted.text("batchId")))
    assert [entry.external_id for entry in told] == [terms["externalId"] for terms in batches]
    assert [entry.errors for entry in told] == [
        (),
        (("SCSE054", "contract[2]/term/endsOn"),),
        (("SCSE011", "contract[3]/employee/iin"), ("ESB004", "contract[3]/startsOn")),
        (("SCSE014", "contract[4]/number"),),
        (("SCSE086", "contract[5]/externalId"),),
        (),
    ]
    assert [entry.warnings for entry in told] == [(), (), (), (), (), ("SCSE088",)]
    registered = [entry.contract_id for entry in told]
    assert [bool(contract_id) for contract_id in registered] == [True, False, False, False, False, True]
    found = send(service.url, referring("GetContract", registered[0] or ""), employer)
    assert found.text("number") == first["number"]
    assert found.text("messageId") != submitted.text("messageId")
    assert submitted.text("messageId") in found.body.decode()


@pytest.mark.clause("353/7")
@pytest.mark.parametrize(("headcount", "due_on"), [(2000, date(2021, 9, 15)), (2001, date(2022, 9, 15))])
def test_contracts_from_before_the_rules(service: Service, ca: TestCa, headcount: int, due_on: date) -> None:
    employer, signed_on = ca.identity("employer"), date(2012, 5, 14)
    old = contract(concludedOn=signed_on, startsOn=signed_on)
    submitted = send(service.url, batch(old, headcount=headcount), employer)
    (told,) = entries(result(service, employer, submitted.text("batchId")))
    assert told.warnings == ("SCSE088",)
    found = send(service.url, referring("GetContract", told.contract_id or ""), employer)
    assert found.text("dueOn") == due_on.isoformat()


def test_five_hundred_contracts_are_more_than_other_messages_may_carry(service: Service, ca: TestCa) -> None:
    employer = ca.identity("employer")
    message = sign_wsse(batch(*(contract() for _ in range(500))), employer)
    assert len(message) > 102_400
    submitted = post(service.url, message)
    assert submitted.codes == ["SCSS001"]
    told = entries(result(service, employer, submitted.text("batchId")))
    assert len({entry.contract_id for entry in told} - {None}) == 500


@pytest.mark.code("ESB004")
def test_one_contract_too_many_refuses_the_batch(service: Service, ca: TestCa) -> None:
    contracts = [contract() for _ in range(501)]
    refused = send(service.url, batch(*contracts), ca.identity("employer"))
    assert refused.fields == [("ESB004", "contract[501]")]
    with psycopg.connect(service.database_url) as connection:
        numbers = [terms["number"] for terms in contracts]
        found = connection.execute(
            "SELECT count(*) FROM contract WHERE number = ANY(%s)", (numbers,)
        ).fetchone()
    assert found == (0,)


def test_more_mistakes_than_one_message_may_tell_hide_none(service: Service, ca: TestCa) -> None:
    employer = ca.identity("employer")
    spoilt = [contract(startsOn="завтра", concludedOn="вчера") for _ in range(80)]
    submitted = send(service.url, batch(*spoilt, contract(), contract(positionCode="?" * 300)), employer)
    told = entries(result(service, employer, submitted.text("batchId")))
    assert all(len(entry.errors) == 2 for entry in told[:80])
    assert [entry.contract_id is None for entry in told[80:]] == [False, True]


@pytest.mark.code("SCSE138")
def test_a_batch_without_contracts_is_refused(service: Service, ca: TestCa) -> None:
    assert send(service.url, batch(), ca.identity("employer")).fields == [("SCSE138", "contract")]


@pytest.mark.code("ESB004")
@pytest.mark.code("SCSE046")
def test_what_is_wrong_outside_of_the_contracts_refuses_the_batch(service: Service, ca: TestCa) -> None:
    headcount = send(service.url, batch(contract(), headcount=0), ca.identity("employer"))
    stranger = send(service.url, batch(contract(), contract(startsOn="?")), ca.identity("other-employer"))
    assert headcount.fields == [("ESB004", "headcount")]
    assert stranger.fields == [("SCSE046", "employer/bin")]


@pytest.mark.code("ESB006")
def test_a_retry_gets_the_same_batch_and_another_one_not_its_id(service: Service, ca: TestCa) -> None:
    employer, own_header = ca.identity("employer"), header(requestId=uuid4())
    unsigned = batch(contract(), contract(), requestHeader=own_header)
    first = send(service.url, unsigned, employer)
    told = entries(result(service, employer, first.text("batchId")))
    again = send(service.url, unsigned, employer)
    other = send(service.url, batch(contract(), requestHeader=own_header), employer)
    assert again.body == first.body
    assert entries(result(service, employer, again.text("batchId"))) == told
    assert other.fields == [("ESB006", "requestHeader/requestId")]


@pytest.mark.code("SCSE195")
@pytest.mark.code("SCSE199")
def test_a_batch_is_told_to_its_employer_alone(service: Service, ca: TestCa) -> None:
    batch_id = send(service.url, batch(contract()), ca.identity("employer")).text("batchId")
    by_system = send(service.url, asking(batch_id), ca.identity("employer-system"))
    by_another = send(service.url, asking(batch_id, "940340000421"), ca.identity("other-employer"))
    in_its_name = send(service.url, asking(batch_id), ca.identity("other-employer"))
    unknown = send(service.url, asking(str(uuid4())), ca.identity("employer"))
    nameless = send(service.url, asking(None), ca.identity("employer"))
    assert len(entries(by_system)) == 1
    assert by_another.fields == unknown.fields == [("SCSE199", "batchId")]
    assert in_its_name.fields == [("SCSE046", "employer/bin")]
    assert nameless.fields == [("SCSE195", "batchId")]


@pytest.mark.clause("353/5")
@pytest.mark.code("ESB005")
def test_whoever_is_entrusted_may_send_batches_and_ask_for_them(
    new_database: NewDatabase, ca: TestCa, tmp_path: Path
) -> None:
    environment = {
        "ESUTD_DATABASE_URL": new_database("esutd_batch_delegates"),
        "ESUTD_TRUST_DIR": str(ca.trust_dir),
        "ESUTD_WORK": "false",
    }
    act = {"delegate": {"iin": OFFICER}, "actNumber": "12-П", "actDate": today()}
    entrusting = envelope(
        CONTRACTS,
        "RecordDelegation",
        {"requestHeader": header(), "employer": {"bin": EMPLOYER}, "delegation": act},
    )
    officer = ca.identity("personnel-officer")
    with asgi_service(environment, tmp_path / "service.log", workers=1) as service:
        assert send(service.url, batch(contract()), officer).codes == ["ESB005"]
        send(service.url, entrusting, ca.identity("employer"))
        submitted = send(service.url, batch(contract()), officer)
        assert submitted.codes == ["SCSS001"]
        assert len(entries(result(service, officer, submitted.text("batchId")))) == 1


@pytest.mark.clause("206/20")
def test_a_batch_survives_a_kill_whole_or_not_at_all(
    new_database: NewDatabase, ca: TestCa, tmp_path: Path
) -> None:
    environment = {
        "ESUTD_DATABASE_URL": new_database("esutd_batch_crash"),
        "ESUTD_TRUST_DIR": str(ca.trust_dir),
        "ESUTD_WORK": "false",
        "ESUTD_LOG_LEVEL": "WARNING",
        "ESUTD_NODE": "first",
    }
    employer = ca.identity("employer")
    contracts = [[contract() for _ in range(60)] for _ in range(60)]
    # Each has one that is refused, and one that collides within.
    for terms in contracts:
        terms[7]["term"] = {"termCode": "2"}
        terms[40]["number"] = terms[3]["number"]
    messages = [sign_wsse(batch(*terms), employer) for terms in contracts]
    acknowledged: dict[int, bytes] = {}
    waiting = list(range(len(messages)))

    def send_on_and_on(url: str) -> None:
        while waiting:
            place = waiting.pop()
            try:
                reply = post(url, messages[place], timeout=5)
            except requests.RequestException:
                return
            if reply.status == 200:
                acknowledged[place] = reply.body

    with asgi_service(environment, tmp_path / "first.log") as service:
        senders = [threading.Thread(target=send_on_and_on, args=(service.url,)) for _ in range(4)]
        for sender in senders:
            sender.start()
        deadline = time.monotonic() + 60
        while len(acknowledged) < 5 and time.monotonic() < deadline:
            time.sleep(0.002)
        service.kill()
        for sender in senders:
            sender.join()
    assert 5 <= len(acknowledged) < len(messages)

    with asgi_service({**environment, "ESUTD_NODE": "second"}, tmp_path / "second.log") as service:
        with psycopg.connect(service.database_url) as connection:
            sizes = connection.execute(
                "SELECT count(*) FROM contract_event GROUP BY message_id"
                " UNION ALL SELECT count(*) FROM jsonb_array_elements((SELECT entries FROM batch LIMIT 1))"
            ).fetchall()
        assert {size for (size,) in sizes} == {58, 60}  # registered of each batch; entries kept of one
        for place, message in enumerate(messages):
            again = post(service.url, message)
            assert again.codes == ["SCSS001"]
            assert again.body == acknowledged.get(place, again.body)
        told = entries(result(service, employer, again.text("batchId")))
        assert [place for place, entry in enumerate(told) if entry.errors] == [7, 40]
        with connect_now(service.database_url) as connection:
            counted = connection.execute(
                "SELECT count(*) AS contracts, count(DISTINCT number) AS numbers,"
                " (SELECT count(*) FROM contract_event) AS events, (SELECT count(*) FROM batch) AS batches"
                " FROM contract"
            ).fetchone()
            whole = 58 * len(messages)
            assert counted == {
                "contracts": whole,
                "numbers": whole,
                "events": whole,
                "batches": len(messages),
            }
            connection.rollback()
            assert verify(connection).findings == []
