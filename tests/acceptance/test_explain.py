"""`esutd-bus explain`: what an operator is told of a contract and of a message that a real service has taken."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner

from esutd_bus.cli import main
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.testbed.test_ca import TestCa
from support.messages import EMPLOYER, Reply, contract, external_id, post, referring, register, send, today
from support.services import Service

OTHER, OTHER_BIN = "other-employer", "940340000421"
NUMBERED = re.compile(r"(?<![0-9a-f-])\d{12}(?![0-9a-f-])")

Explain = Callable[..., Any]


@pytest.fixture
def explain(asgi: Service) -> Explain:
    """`esutd-bus explain … --json`, read."""

    def call(*arguments: str) -> Any:
        done = CliRunner().invoke(main, ["explain", *arguments, "--json"], env=dict(asgi.environment))
        assert done.exit_code == 0, done.output
        assert not NUMBERED.search(done.stdout), "an IIN or a BIN is not masked"
        return json.loads(done.stdout)

    return call


@pytest.fixture
def told(asgi: Service) -> Callable[..., tuple[int, str]]:
    """`esutd-bus explain …`: its exit code and what it prints."""

    def call(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["explain", *arguments], env=dict(asgi.environment))
        return done.exit_code, done.output

    return call


def registered(asgi: Service, ca: TestCa, **changed: Any) -> Reply:
    return accepted(send(asgi.url, register(contract=contract(**changed)), ca.identity("employer")))


def accepted(reply: Reply) -> Reply:
    assert reply.codes == ["SCSS001"], reply.body.decode()
    return reply


def amended(asgi: Service, ca: TestCa, contract_id: str, begins_in: int, post_name: str) -> Reply:
    amendment = {
        "externalId": external_id(),
        "number": f"ДС-{uuid4().hex[:8]}",
        "concludedOn": today(),
        "startsOn": today() + timedelta(days=begins_in),
        "changes": {"positionCode": "2512-1-002", "establishedPost": post_name},
    }
    message = referring("AmendContract", contract_id, amendment=amendment)
    return accepted(send(asgi.url, message, ca.identity("employer")))


def text(reply: Reply, name: str) -> str:
    found = reply.text(name)
    assert found is not None
    return found


def test_a_contract_is_told_entry_by_entry(asgi: Service, ca: TestCa, explain: Explain) -> None:
    late = today() - timedelta(days=60)
    first = registered(asgi, ca, concludedOn=late, startsOn=late)
    contract_id = text(first, "contractId")
    second = amended(asgi, ca, contract_id, 5, "Ведущий инженер")
    told = explain(contract_id)
    one, two = told["history"]
    assert (one["event"], one["name"], one["clause"]) == (
        "ContractRegistered",
        "договор зарегистрирован",
        "353/7",
    )
    assert one["days_late"] == int(text(first, "daysLate")) > 0
    assert one["due_on"] == text(first, "dueOn")
    assert (two["event"], two["days_late"]) == ("ContractAmended", 0)
    assert two["holds_from"] == (today() + timedelta(days=5)).isoformat()
    assert two["known_since"][:10] == datetime.now(UTC).date().isoformat()
    assert two["recorded_by"].startswith("99********85/85")
    message = two["message"]
    assert (message["id"], message["operation"]) == (text(second, "messageId"), "AmendContract")
    assert (message["channel"], message["code"], message["status"]) == ("direct", "SCSS001", 200)
    changes = {change["field"]: change for change in two["changes"]}
    position = changes["position_code"]
    assert (position["name"], position["before"], position["after"]) == (
        "должность (НКЗ)",
        "2511-1-002",
        "2512-1-002",
    )
    assert position["after_means"] == "ИНЖЕНЕР-ПРОГРАММИСТ"
    assert told["amendments"][0]["id"] == two["amendment_id"]


def test_what_was_known_and_held_then_is_told(asgi: Service, ca: TestCa, explain: Explain) -> None:
    contract_id = text(registered(asgi, ca, startsOn=today()), "contractId")
    amended(asgi, ca, contract_id, 5, "Главный инженер")

    def post_of(*arguments: str) -> str:
        terms = explain(contract_id, *arguments)["as_of"]["terms"]
        return next(each["value"] for each in terms if each["field"] == "established_post")

    in_ten_days = (today() + timedelta(days=10)).isoformat()
    assert post_of("--held-on", today().isoformat()) == "Инженер-программист"
    assert post_of("--held-on", in_ten_days) == "Главный инженер"
    unknown = explain(contract_id, "--known-at", "2020-01-01", "--held-on", in_ten_days)["as_of"]
    assert unknown["terms"] is None


def test_a_deleted_contract_is_told_all_the_same(asgi: Service, ca: TestCa, explain: Explain) -> None:
    called = external_id()
    contract_id = text(registered(asgi, ca, externalId=called), "contractId")
    message = referring("DeleteContract", contract_id, employee={"iin": "850312100031"})
    accepted(send(asgi.url, message, ca.identity("employer")))
    told = explain(called, "--employer", EMPLOYER)
    assert told["contract"] == {"id": contract_id, "version": 2, "status": "deleted"}
    assert [entry["name"] for entry in told["history"]][-1] == "договор удалён"


def test_an_external_id_of_two_employers_asks_for_the_employer(
    asgi: Service, ca: TestCa, explain: Explain, told: Callable[..., tuple[int, str]]
) -> None:
    called = external_id()
    ours = text(registered(asgi, ca, externalId=called), "contractId")
    others = sign_wsse(register(OTHER_BIN, contract=contract(externalId=called)), ca.identity(OTHER))
    theirs = text(accepted(post(asgi.url, others)), "contractId")
    code, said = told(called)
    assert (code, "--employer" in said) == (2, True)
    assert explain(called, "--employer", EMPLOYER)["contract"]["id"] == ours
    assert explain(called, "--employer", OTHER_BIN)["contract"]["id"] == theirs


def test_a_refused_message_is_told_why(
    asgi: Service, ca: TestCa, told: Callable[..., tuple[int, str]]
) -> None:
    wrong = contract(positionCode="0000-0-000", number="")
    reply = send(asgi.url, register(contract=wrong), ca.identity("employer"))
    correlation = text(reply, "correlationId")
    code, said = told(correlation)
    assert code == 0
    for expected in (
        "SCSE003 contract/number (номер договора): Поле «Номер договора»",
        "SCSE007",
        "Что записано: ничего",
    ):
        assert expected in said
    assert "SCSE007 contract/positionCode (position): " in told(correlation, "--language", "en")[1]


def test_a_message_with_a_wrong_signature_is_told_what_to_do(
    asgi: Service, ca: TestCa, explain: Explain, told: Callable[..., tuple[int, str]]
) -> None:
    signed = sign_wsse(register(), ca.identity("employer")).replace("Примерная".encode(), "Другая".encode())
    correlation = text(post(asgi.url, signed), "correlationId")
    (message,) = explain(correlation)["messages"]
    (signature,) = message["signatures"]
    assert (signature["valid"], signature["reason"]) == (False, "digest-mismatch")
    assert signature["section"].startswith("XMLDSig")
    assert "изменено после подписи" in signature["words"]
    assert message["bound"] is None
    assert "не принята: digest-mismatch" in told(correlation)[1]
    unsigned = text(post(asgi.url, register()), "correlationId")
    assert explain(unsigned)["messages"][0]["signatures"][0]["reason"] == "absent"


def test_a_retry_is_told_with_the_answer_it_was_given_again(
    asgi: Service, ca: TestCa, explain: Explain
) -> None:
    message = sign_wsse(register(), ca.identity("employer"))
    first, again = post(asgi.url, message), post(asgi.url, message)
    assert first.body == again.body
    receipt = text(first, "messageId")
    (original,) = explain(receipt)["messages"]
    assert original["bound"]["stored_answer_given_again"] is False
    assert {each["table"] for each in original["written"]} == {"contract_event"}
    both = explain(original["message"]["request_id"])["messages"]
    assert [each["bound"]["stored_answer_given_again"] for each in both] == [False, True]
    assert {each["bound"]["given_first_to"] for each in both} == {receipt}
    assert both[1]["written"] == []
    places = [(each["message"]["journal"], each["answer"]["journal"]) for each in both]
    assert all(asked["chain"] == answer["chain"] and asked["seq"] < answer["seq"] for asked, answer in places)


def test_an_answers_own_id_stands_for_its_message(asgi: Service, ca: TestCa, explain: Explain) -> None:
    receipt = text(registered(asgi, ca), "messageId")
    answer = explain(receipt)["messages"][0]["answer"]["id"]
    assert explain(answer)["messages"][0]["message"]["id"] == receipt


def test_a_disclosure_is_told_with_the_employees_contract(
    asgi: Service, ca: TestCa, explain: Explain
) -> None:
    contract_id = text(registered(asgi, ca), "contractId")
    with psycopg.connect(asgi.database_url) as connection:
        connection.execute(
            "INSERT INTO disclosure (id, employer, employee_iin, purpose, message_id, disclosed_at)"
            " SELECT gen_random_uuid(), employer, employee_iin, 'приём на работу', gen_random_uuid(), now()"
            " FROM contract WHERE id = %s",
            (contract_id,),
        )
    assert "приём на работу" in {each["purpose"] for each in explain(contract_id)["disclosures"]}


def test_entries_and_tables_of_later_kinds_are_told_too(asgi: Service, ca: TestCa, explain: Explain) -> None:
    reply = registered(asgi, ca)
    contract_id, message_id = text(reply, "contractId"), text(reply, "messageId")
    with psycopg.connect(asgi.database_url) as connection:
        connection.execute(
            "INSERT INTO contract_event (contract_id, version, event, effective_on, recorded_at, recorded_by,"
            " message_id, changes, employer, employee_iin)"
            " SELECT contract_id, 2, 'SomethingNew', effective_on, now(), recorded_by,"
            ' message_id, \'[{"field": "novelty", "before": null, "after": 1}]\', employer, employee_iin'
            " FROM contract_event WHERE contract_id = %s",
            (contract_id,),
        )
        connection.execute("CREATE TABLE explain_novelty (message_id uuid, said text)")
        connection.execute("INSERT INTO explain_novelty VALUES (%s, 'новое')", (message_id,))
    try:
        newest = explain(contract_id)["history"][-1]
        assert (newest["name"], newest["changes"][0]["name"]) == ("SomethingNew", "novelty")
        written = explain(message_id)["messages"][0]["written"]
    finally:
        with psycopg.connect(asgi.database_url) as connection:
            connection.execute("DROP TABLE explain_novelty")
    assert {
        "table": "explain_novelty",
        "values": [{"field": "explain_novelty.said", "name": "said", "value": "новое"}],
    } in written


def test_people_read_a_table(asgi: Service, ca: TestCa, told: Callable[..., tuple[int, str]]) -> None:
    contract_id = text(registered(asgi, ca, startsOn=today()), "contractId")
    amended(asgi, ca, contract_id, 0, "Инженер [i]")
    code, said = told(contract_id)
    assert code == 0
    for expected in ("известно с", "действует с", "353/8", "вовремя", "Инженер [i]"):
        assert expected in said
    assert not NUMBERED.search(said)
    assert "known since" in told(contract_id, "--language", "en")[1]


def test_what_nobody_knows_is_said_so(
    asgi: Service, ca: TestCa, told: Callable[..., tuple[int, str]]
) -> None:
    code, said = told(str(uuid4()))
    assert (code, "neither a contract nor a message" in said) == (3, True)
    assert told("no id at all")[0] == 3
    assert told("x", "--employer", "123")[0] == 2
    message = text(registered(asgi, ca), "messageId")
    assert told(message, "--held-on", "2026-01-01")[0] == 2
