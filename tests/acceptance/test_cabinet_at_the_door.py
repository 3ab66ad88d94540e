"""What an employee sees of an entry, and when: order 353, clauses 11, 14 and 16, over both bindings."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import psycopg
import pytest
import requests

from esutd_bus.register.identifiers import is_iin
from esutd_bus.signature.signing import sign_document, sign_wsse
from esutd_bus.testbed.test_ca import TestCa
from support.messages import (
    CABINET,
    CONTRACTS,
    EMPLOYER,
    Reply,
    contract,
    envelope,
    header,
    post,
    referring,
    register,
    send,
    today,
)
from support.services import Service

INDIVIDUAL = "880228100603"
"""The test CA's employee, by the own key."""

PERSON = "710808100177"
"""Somebody the simulated registry knows."""

PAGE = {"number": 1, "size": 100}
NS = {"v": CABINET}
_NUMBERS = count(1)


def newcomer() -> str:
    """An invented person of the 1800s whom no test has met."""
    while True:
        eleven = f"7{next(_NUMBERS) % 10}0303{1 + next(_NUMBERS) % 2}{next(_NUMBERS):04}"
        for digit in "0123456789":
            if is_iin(eleven + digit):
                return eleven + digit


def cabinet(operation: str, iin: str, **parts: Any) -> bytes:
    """An unsigned message of a portal."""
    more = parts if operation == "AcknowledgeChange" else {**parts, "page": PAGE}
    return envelope(CABINET, operation, {"requestHeader": header(), "employee": {"iin": iin}, **more})


@pytest.fixture
def entered(service: Service, ca: TestCa) -> tuple[str, str]:
    """A contract just registered: (IIN, contractId)."""
    iin = newcomer()
    reply = send(
        service.url,
        register(contract=contract(employee={"iin": iin}, startsOn=today())),
        ca.identity("employer"),
    )
    assert reply.codes == ["SCSS001"]
    return iin, str(reply.text("contractId"))


def through_the_portal(service: Service, ca: TestCa, operation: str, iin: str, **parts: Any) -> Reply:
    return send(service.url, cabinet(operation, iin, **parts), ca.identity("portal"), CABINET)


def texts(reply: Reply, path: str) -> list[str]:
    return [element.text for element in reply.root.iterfind(f".//{path}", NS)]


@pytest.mark.clause("353/16", "slides/register")
def test_an_entry_is_visible_as_soon_as_it_is_answered(
    service: Service, ca: TestCa, entered: tuple[str, str]
) -> None:
    """Far within a working day: the entry and what its employee sees are one transaction."""
    iin, contract_id = entered
    shown = through_the_portal(service, ca, "GetEmployeeContracts", iin)
    assert texts(shown, "v:contractId") == [contract_id]
    assert texts(shown, "v:contract/v:employer") == [EMPLOYER]
    assert texts(shown, "v:status") == ["active"]
    notified = through_the_portal(service, ca, "GetNotifications", iin)
    assert texts(notified, "v:kind") == ["ContractRegistered"]
    (came,), (visible,) = texts(notified, "v:enteredAt"), texts(notified, "v:visibleAt")
    assert came
    assert visible


def entries_counted(service: Service, operation: str) -> tuple[float, float]:
    """How many entries have become visible, and how many of them within a working day's hours."""
    scraped = requests.get(f"{service.url}/metrics", timeout=10).text
    name = f'esutd_entry_visible_seconds_{{}}{{{{.*operation="{operation}".*}}}} (.*)'
    counted = re.search(name.format("count"), scraped)
    within = re.search(
        f'esutd_entry_visible_seconds_bucket{{le="28800.0",operation="{operation}"}} (.*)', scraped
    )
    return (float(counted[1]) if counted else 0.0, float(within[1]) if within else 0.0)


@pytest.mark.clause("353/16")
def test_the_lag_from_entry_to_visibility_is_measured(service: Service, ca: TestCa) -> None:
    """Each entry once: a second copy of its message enters nothing, nor does a read or a refused one."""
    before = entries_counted(service, "RegisterContract")
    iin = newcomer()
    message = register(contract=contract(employee={"iin": iin}))
    for _ in range(2):
        assert send(service.url, message, ca.identity("employer")).codes == ["SCSS001"]
    refused = register(contract=contract(employee={"iin": iin}, positionCode="0"))
    assert send(service.url, refused, ca.identity("employer")).codes == ["SCSE007"]
    through_the_portal(service, ca, "GetEmployeeContracts", iin)
    after = entries_counted(service, "RegisterContract")
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
    assert entries_counted(service, "GetEmployeeContracts") == (0, 0)


@pytest.mark.clause("353/11")
def test_a_correction_is_shown_and_acknowledged_once(
    service: Service, ca: TestCa, entered: tuple[str, str]
) -> None:
    """By however many messages: the first one is kept, with its id and who signed."""
    iin, contract_id = entered
    correction = referring("CorrectContract", contract_id, correction={"establishedPost": "Архитектор"})
    assert send(service.url, correction, ca.identity("employer")).codes == ["SCSS001"]
    notified = through_the_portal(service, ca, "GetNotifications", iin)
    assert texts(notified, "v:kind") == ["ContractCorrected", "ContractRegistered"]
    assert texts(notified, "v:mustBeAcknowledged") == ["true", "false"]
    assert texts(notified, "v:acknowledgedAt") == []
    assert texts(notified, "v:before") + texts(notified, "v:after") == ["Инженер-программист", "Архитектор"]
    change = texts(notified, "v:changeId")[0]
    with ThreadPoolExecutor(4) as pool:
        asked = [
            pool.submit(through_the_portal, service, ca, "AcknowledgeChange", iin, changeId=change)
            for _ in range(8)
        ]
        replies = [reply.result() for reply in asked]
    assert {tuple(reply.codes) for reply in replies} == {("SCSS001",)}
    (moment,) = {reply.text("acknowledgedAt") for reply in replies}
    with psycopg.connect(service.database_url) as connection:
        kept = connection.execute(
            "SELECT a.employee_iin, a.acknowledged_by, m.operation FROM acknowledgement a"
            " JOIN message m ON m.id = a.message_id WHERE a.change_id = %s",
            (change,),
        ).fetchall()
    assert kept == [(iin, "020140000016/770707200165", "AcknowledgeChange")]
    notified = through_the_portal(service, ca, "GetNotifications", iin)
    assert texts(notified, "v:acknowledgedAt") == [moment]


@pytest.mark.clause("353/11", "353/14")
@pytest.mark.code("ESB004")
def test_another_persons_change_is_answered_like_none(
    service: Service, ca: TestCa, entered: tuple[str, str]
) -> None:
    _, contract_id = entered
    other = newcomer()
    others = through_the_portal(service, ca, "AcknowledgeChange", other, changeId=f"{contract_id}/1")
    nobodys = through_the_portal(
        service, ca, "AcknowledgeChange", other, changeId="00000000-0000-7000-8000-000000000000/1"
    )
    assert others.codes == nobodys.codes == ["ESB004"]
    assert texts(others, "faultstring") == texts(nobodys, "faultstring")
    for language in ("messageRu", "messageKk", "messageEn", "reason", "field"):
        assert others.text(language) == nobodys.text(language) is not None


@pytest.mark.clause("353/14")
@pytest.mark.code("ESB005")
def test_an_employee_who_signs_learns_of_oneself_alone(service: Service, ca: TestCa) -> None:
    def signed(iin: str) -> Reply:
        document = sign_document(cabinet("GetNotifications", iin), ca.identity("individual"))
        return post(service.url, sign_wsse(document, ca.identity("portal")), CABINET)

    assert signed(INDIVIDUAL).codes == ["SCSS001"]
    refused = signed(newcomer())
    assert (refused.codes, refused.text("reason")) == (["ESB005"], "another-person")


@pytest.mark.clause("353/14")
@pytest.mark.code("ESB005")
@pytest.mark.parametrize("operation", ["GetEmployeeContracts", "GetNotifications", "GetDisclosures"])
@pytest.mark.parametrize("identity", ["employer", "individual", "government-system", "authority-officer"])
def test_nobody_but_a_portal_reads_a_cabinet(
    service: Service, ca: TestCa, operation: str, identity: str
) -> None:
    reply = send(service.url, cabinet(operation, newcomer()), ca.identity(identity), CABINET)
    assert (reply.codes, reply.text("reason")) == (["ESB005"], "role")


@pytest.mark.clause("353/14")
def test_a_disclosure_is_seen_by_whom_it_is_about(service: Service, ca: TestCa) -> None:
    """Who, why, what; and among the notifications, where it can be acknowledged too."""
    purpose = f"приём на работу {today()} {header()['requestId']}"
    with psycopg.connect(service.database_url) as connection:
        connection.execute(
            "INSERT INTO disclosure (id, employer, employee_iin, purpose, message_id, disclosed_at)"
            " VALUES (gen_random_uuid(), %s, %s, %s, gen_random_uuid(), now())",
            (EMPLOYER, (iin := newcomer()), purpose),
        )
    told = through_the_portal(service, ca, "GetDisclosures", iin)
    assert texts(told, "v:receiver") == [EMPLOYER]
    assert texts(told, "v:purpose") == [purpose]
    assert texts(told, "v:consentId") == texts(told, "v:operation") == []
    (change,) = texts(told, "v:changeId")
    assert through_the_portal(service, ca, "AcknowledgeChange", iin, changeId=change).codes == ["SCSS001"]
    notified = through_the_portal(service, ca, "GetNotifications", iin)
    assert texts(notified, "v:changeId") == [change]
    assert len(texts(notified, "v:acknowledgedAt")) == 1


@pytest.mark.clause("353/11", "353/16")
def test_the_employee_sees_what_became_of_the_contract(
    service: Service, ca: TestCa, entered: tuple[str, str]
) -> None:
    """Under the new number too: the end, and that it was a mistake, which must be acknowledged."""
    iin, contract_id = entered
    changed = newcomer()
    change = envelope(
        CONTRACTS,
        "ChangeEmployeeIin",
        {
            "requestHeader": header(),
            "employer": {"bin": EMPLOYER},
            "iinChange": {"formerIin": iin, "newIin": changed},
        },
    )
    end = {"terminatedOn": today(), "reasonCode": "03-002"}
    reinstatement = {
        "terminatedOn": today(),
        "reinstatedOn": today(),
        "orderNumber": "1-в",
        "orderDate": today(),
        "organizationCode": "2",
        "note": "прекращён по ошибке",
    }

    def enter(*messages: bytes) -> Reply:
        for message in messages:
            assert send(service.url, message, ca.identity("employer")).codes == ["SCSS001"]
        return through_the_portal(service, ca, "GetEmployeeContracts", changed)

    ended = enter(change, referring("TerminateContract", contract_id, termination=end))
    assert texts(ended, "v:status") == ["terminated"]
    assert texts(ended, "v:termination/v:terminatedOn") == [today().isoformat()]
    again = enter(referring("ReinstateEmployee", contract_id, reinstatement=reinstatement))
    assert (texts(again, "v:status"), texts(again, "v:termination/*")) == (["active"], [])
    kinds = ["ContractRegistered", "EmployeeIinChanged", "ContractTerminated", "EmployeeReinstated"]
    assert texts(again, "v:history/v:entry/v:kind") == kinds
    notified = through_the_portal(service, ca, "GetNotifications", changed)
    assert texts(notified, "v:notification/v:kind") == kinds[::-1]
    assert texts(notified, "v:mustBeAcknowledged") == ["true", "false", "false", "false"]
    # By the number of before nothing is left of it but that it was replaced.
    assert texts(through_the_portal(service, ca, "GetEmployeeContracts", iin), "v:total") == ["0"]
