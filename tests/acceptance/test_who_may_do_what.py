"""Who may do what: acts of delegation, partners and their roles, judged with every message anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import requests

from esutd_bus.settings import packaged
from esutd_bus.signature.signing import sign_document, sign_wsse
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.testbed.test_partners import record_test_partners
from support.databases import NewDatabase
from support.messages import (
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
from support.services import Service, asgi_service, esutd_bus

OFFICER = "890412100119"
PORTAL, STATE, AUTHORITY = "020140000016", "020140000036", "020140000046"

NAMESPACE = "urn:example:notices:v1"
ROLES = {"Publish": "portal", "Report": "government-system", "Correct": "authority"}
"""The operations of an invented exchange, each for another kind of partner."""

XSD = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:common="urn:esutd-bus:common:v1"
           targetNamespace="urn:example:notices:v1" elementFormDefault="qualified">
  <xs:import namespace="urn:esutd-bus:common:v1" schemaLocation="common-v1.xsd"/>
  {elements}
</xs:schema>
"""
ELEMENTS = """
  <xs:element name="{name}"><xs:complexType><xs:sequence>
    <xs:element name="requestHeader" type="common:RequestHeader"/>
    <xs:element name="text" type="common:String255"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="{name}Response"><xs:complexType><xs:sequence>
    <xs:element name="receipt" type="common:Receipt"/>
    <xs:element name="noticeId" type="common:Guid"/>
  </xs:sequence></xs:complexType></xs:element>
"""
WSDL = """
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
                  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:common="urn:esutd-bus:common:v1"
                  xmlns:tns="urn:example:notices:v1" name="Notices" targetNamespace="urn:example:notices:v1">
  <wsdl:types><xs:schema>
    <xs:import namespace="urn:esutd-bus:common:v1" schemaLocation="../xsd/common-v1.xsd"/>
    <xs:import namespace="urn:example:notices:v1" schemaLocation="../xsd/notices-v1.xsd"/>
  </xs:schema></wsdl:types>
  {messages}
  <wsdl:message name="RegisterFault"><wsdl:part name="fault" element="common:RegisterFault"/></wsdl:message>
  <wsdl:portType name="NoticesPortType">{operations}</wsdl:portType>
  <wsdl:binding name="NoticesBinding" type="tns:NoticesPortType">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    {bindings}
  </wsdl:binding>
  <wsdl:service name="Notices"><wsdl:port name="NoticesPort" binding="tns:NoticesBinding">
    <soap:address location="http://127.0.0.1:8080/soap/notices"/>
  </wsdl:port></wsdl:service>
</wsdl:definitions>
"""
MESSAGES = """
  <wsdl:message name="{name}"><wsdl:part name="parameters" element="tns:{name}"/></wsdl:message>
  <wsdl:message name="{name}Response"><wsdl:part name="parameters" element="tns:{name}Response"/></wsdl:message>
"""
OPERATION = """
    <wsdl:operation name="{name}">
      <wsdl:input message="tns:{name}"/>
      <wsdl:output message="tns:{name}Response"/>
      <wsdl:fault name="RegisterFault" message="tns:RegisterFault"/>
    </wsdl:operation>
"""
BINDING = """
    <wsdl:operation name="{name}">
      <soap:operation soapAction=""/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
      <wsdl:fault name="RegisterFault"><soap:fault name="RegisterFault" use="literal"/></wsdl:fault>
    </wsdl:operation>
"""
MAPPING = """
service: Notices
tables:
  notice:
    columns:
      text: {{type: text, required: true}}
operations:
{operations}
"""
MAPPED = """
  {name}:
    roles: [{role}]
    request:
      use: [header]
      text: notice.text
    answer:
      use: [receipt]
      noticeId: notice.id
"""


def each(template: str) -> str:
    return "".join(template.format(name=name, role=role) for name, role in ROLES.items())


@pytest.fixture(scope="module")
def service(
    new_database: NewDatabase, ca: TestCa, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A service of this module's own, with an exchange for partners and the partners of the test CA."""
    folder = tmp_path_factory.mktemp("rights")
    for name in ("wsdl", "xsd", "mappings"):
        shutil.copytree(packaged(name), folder / name)
    wsdl = WSDL.format(messages=each(MESSAGES), operations=each(OPERATION), bindings=each(BINDING))
    (folder / "wsdl" / "Notices.wsdl").write_text(wsdl, encoding="utf-8")
    (folder / "xsd" / "notices-v1.xsd").write_text(XSD.format(elements=each(ELEMENTS)), encoding="utf-8")
    mapping = MAPPING.format(operations=each(MAPPED))
    (folder / "mappings" / "Notices.yaml").write_text(mapping, encoding="utf-8")
    environment = {
        "ESUTD_DATABASE_URL": new_database("esutd_rights"),
        "ESUTD_TRUST_DIR": str(ca.trust_dir),
        "ESUTD_WORK": "false",
        "ESUTD_CONTRACTS_DIR": str(folder),
        "ESUTD_LOG_LEVEL": "WARNING",
    }
    with asgi_service(environment, folder / "service.log", workers=2) as running:
        record_test_partners(running.database_url, ca)
        yield running


def reasons(reply: Reply) -> list[tuple[str | None, str | None]]:
    """(code, reason) of each error."""
    return [
        (error.findtext("{*}code"), error.findtext("{*}reason"))
        for error in reply.root.iter("{urn:esutd-bus:common:v1}error")
    ]


def delegating(**changed: Any) -> bytes:
    parts = {"delegate": {"iin": OFFICER}, "actNumber": "12-П", "actDate": today(), **changed}
    return envelope(
        CONTRACTS,
        "RecordDelegation",
        {"requestHeader": header(), "employer": {"bin": EMPLOYER}, "delegation": parts},
    )


def partners(service: Service, *arguments: str) -> None:
    ended = esutd_bus("partners", *arguments, settings=service.environment)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.clause("353/5")
@pytest.mark.code("ESB005")
def test_an_officer_is_let_in_by_an_act_and_out_by_a_later_one(service: Service, ca: TestCa) -> None:
    employer, officer = ca.identity("employer"), ca.identity("personnel-officer")
    terms = contract()
    message = sign_wsse(register(contract=terms), officer)
    refused = post(service.url, message)
    assert reasons(refused) == [("ESB005", "delegation")]
    assert "RecordDelegation (приказ № 353, п. 5)" in (refused.text("messageRu") or "")

    assert send(service.url, delegating(), employer).codes == ["SCSS001"]
    # The refusal was not bound to the requestId: the very same bytes are worth another try.
    accepted = post(service.url, message)
    assert accepted.codes == ["SCSS001"]
    history = send(service.url, referring("GetContract", accepted.text("contractId") or ""), employer).text(
        "recordedBy"
    )
    assert history == f"{EMPLOYER}/{OFFICER}"

    yesterday = today() - timedelta(days=1)
    assert send(service.url, delegating(validTo=yesterday), employer).codes == ["SCSS001"]
    # A retry would only get its stored answer, and this too takes a right.
    again = post(service.url, message)
    assert reasons(again) == [("ESB005", "delegation")]
    assert "действовало по" in (again.text("messageRu") or "")

    assert send(service.url, delegating(validTo=today()), employer).codes == ["SCSS001"]
    assert post(service.url, message).body == accepted.body
    with psycopg.connect(service.database_url) as connection:
        kept = connection.execute(
            "SELECT version, valid_to, recorded_by FROM delegation WHERE delegate_iin = %s ORDER BY 1",
            (OFFICER,),
        ).fetchall()
    head = f"{EMPLOYER}/850315100105"
    assert kept == [(1, None, head), (2, yesterday, head), (3, today(), head)]


@pytest.mark.clause("353/5")
def test_an_act_recorded_twice_by_one_request_is_recorded_once(service: Service, ca: TestCa) -> None:
    message = sign_wsse(delegating(delegate={"iin": "860817200142"}), ca.identity("employer"))
    first, second = post(service.url, message), post(service.url, message)
    assert first.codes == ["SCSS001"]
    assert second.body == first.body
    with psycopg.connect(service.database_url) as connection:
        kept = connection.execute("SELECT id FROM delegation WHERE delegate_iin = '860817200142'").fetchall()
    assert kept == [(UUID(first.text("delegationId")),)]


@pytest.mark.clause("353/5")
def test_who_may_not_act_learns_nothing_more(service: Service, ca: TestCa) -> None:
    message = register(contract=contract(number=None, positionCode="9999"))
    assert reasons(send(service.url, message, ca.identity("accountant"))) == [("ESB005", "delegation")]


@pytest.mark.code("ESB005")
def test_blocking_counts_at_once_and_for_answers_of_before(service: Service, ca: TestCa) -> None:
    third = ca.identity("third-employer")
    message = sign_wsse(register("960340000514"), third)
    before = post(service.url, message)
    assert before.codes == ["SCSS001"]
    partners(service, "block", "960340000514", "--note", "по письму", "--by", "тест")
    assert reasons(post(service.url, message)) == [("ESB005", "blocked")]
    assert reasons(send(service.url, register("960340000514"), third)) == [("ESB005", "blocked")]
    partners(service, "unblock", "960340000514")
    assert post(service.url, message).body == before.body


@pytest.mark.code("ESB005")
def test_a_system_counts_as_long_as_it_is_recorded(service: Service, ca: TestCa) -> None:
    def sent() -> Reply:
        document = sign_document(register("940340000421"), ca.identity("other-employer"))
        return send(service.url, document, ca.identity("provider"))

    assert reasons(sent()) == [("ESB005", "system")]
    partners(service, "add-system", "940340000421", "020140000026")
    assert sent().codes == ["SCSS001"]
    partners(service, "add-system", "940340000421", "020140000026", "--valid-to", "2026-01-01")
    assert reasons(sent()) == [("ESB005", "system")]
    partners(service, "add-system", "940340000421", "020140000026", "--valid-to", "2126-01-01")
    assert sent().codes == ["SCSS001"]
    partners(service, "remove-system", "940340000421", "020140000026")
    assert reasons(sent()) == [("ESB005", "system")]


def notice(service: Service, ca: TestCa, operation: str, identity: str, **how: Any) -> Reply:
    message = envelope(NAMESPACE, operation, {"requestHeader": header(), "text": "Проверка"})
    answer = requests.post(
        f"{service.url}/soap/notices",
        sign_wsse(message, ca.identity(identity), **how),
        headers={"Content-Type": "text/xml"},
        timeout=30,
    )
    return Reply(answer.status_code, answer.content, answer.headers)


SPEAKERS = {"portal": "portal", "government-system": "government-system", "authority": "authority-officer"}
NUMBERS = {"portal": PORTAL, "government-system": STATE, "authority": AUTHORITY}


@pytest.mark.parametrize(("operation", "role"), ROLES.items())
def test_an_operation_for_partners_serves_those_it_names(
    service: Service, ca: TestCa, operation: str, role: str
) -> None:
    reply = notice(service, ca, operation, SPEAKERS[role])
    assert reply.codes == ["SCSS001"]
    with psycopg.connect(service.database_url) as connection:
        stored = connection.execute(
            "SELECT employer FROM exchange.notice WHERE id = %s", (UUID(reply.text("noticeId")),)
        ).fetchone()
    assert stored == (NUMBERS[role],)
    others = [*(name for kind, name in SPEAKERS.items() if kind != role), "employer", "individual-employer"]
    for identity in others:
        assert reasons(notice(service, ca, operation, identity)) == [("ESB005", "role")], identity


def test_a_refusal_names_who_is_served(service: Service, ca: TestCa) -> None:
    reply = notice(service, ca, "Correct", "portal")
    assert reply.text("messageRu") == (
        "Операция не разрешена: нет роли, полномочия или согласия работника. Эту операцию выполняет уполномоченный "
        "орган по труду, а подписавший — работодатель — юридическое лицо, портал."
    )
    assert "The operation serves the labour authority" in (reply.text("messageEn") or "")
    assert "еңбек жөніндегі уәкілетті орган" in (reply.text("messageKk") or "")


def test_a_partners_certificate_may_be_named_until_it_is_withdrawn(service: Service, ca: TestCa) -> None:
    named = {"key_info": "X509IssuerSerial"}
    assert notice(service, ca, "Correct", "authority-officer", **named).codes == ["SCSS001"]
    shown = esutd_bus("partners", "show", AUTHORITY, settings=service.environment)
    fingerprint = next(
        word.removeprefix("fingerprint=") for word in shown.stdout.split() if word.startswith("fingerprint=")
    )
    partners(service, "withdraw-certificate", AUTHORITY, fingerprint)
    # A worker that has not read the change yet still finds the name, and refuses what it finds.
    assert reasons(notice(service, ca, "Correct", "authority-officer")) == [("ESB005", "withdrawn")]
    refused = reasons(notice(service, ca, "Correct", "authority-officer", **named))
    assert refused in ([("SCSE001", "certificate-unknown")], [("ESB005", "withdrawn")])
