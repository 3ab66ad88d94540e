"""A new exchange: contract, schema and mapping with a table of its own. No Python."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
import requests
import zeep

from esutd_bus.settings import packaged
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.testbed.test_ca import TestCa
from support.databases import NewDatabase
from support.messages import COMMON, EMPLOYER, Reply, envelope, header
from support.services import Service, asgi_service

NAMESPACE = "urn:example:safety-training:v1"

XSD = """<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:example:safety-training:v1"
           xmlns:common="urn:esutd-bus:common:v1" targetNamespace="urn:example:safety-training:v1"
           elementFormDefault="qualified">
  <xs:import namespace="urn:esutd-bus:common:v1" schemaLocation="common-v1.xsd"/>
  <xs:element name="ReportTraining">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="requestHeader" type="common:RequestHeader"/>
        <xs:element name="employer" type="common:Employer"/>
        <xs:element name="training" type="Training"/>
      </xs:sequence>
    </xs:complexType>
  </xs:element>
  <xs:element name="ReportTrainingResponse">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="receipt" type="common:Receipt"/>
        <xs:element name="trainingId" type="common:Guid"/>
        <xs:element name="heldOn" type="common:Date"/>
        <xs:element name="participant" type="Participant" maxOccurs="unbounded"/>
      </xs:sequence>
    </xs:complexType>
  </xs:element>
  <xs:complexType name="Training">
    <xs:sequence>
      <xs:element name="topic" type="common:String255"/>
      <xs:element name="heldOn" type="common:Date"/>
      <xs:element name="hours" type="xs:decimal" minOccurs="0"/>
      <xs:element name="participant" type="Participant" maxOccurs="unbounded"/>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="Participant">
    <xs:sequence>
      <xs:element name="iin" type="common:Iin"/>
      <xs:element name="passed" type="xs:boolean"/>
    </xs:sequence>
  </xs:complexType>
</xs:schema>
"""

WSDL = """<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
                  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:common="urn:esutd-bus:common:v1"
                  xmlns:tns="urn:example:safety-training:v1" name="SafetyTraining"
                  targetNamespace="urn:example:safety-training:v1">
  <wsdl:types>
    <xs:schema>
      <xs:import namespace="urn:esutd-bus:common:v1" schemaLocation="../xsd/common-v1.xsd"/>
      <xs:import namespace="urn:example:safety-training:v1" schemaLocation="../xsd/safety-training-v1.xsd"/>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="ReportTraining"><wsdl:part name="parameters" element="tns:ReportTraining"/></wsdl:message>
  <wsdl:message name="ReportTrainingResponse">
    <wsdl:part name="parameters" element="tns:ReportTrainingResponse"/>
  </wsdl:message>
  <wsdl:message name="RegisterFault"><wsdl:part name="fault" element="common:RegisterFault"/></wsdl:message>
  <wsdl:portType name="SafetyTrainingPortType">
    <wsdl:operation name="ReportTraining">
      <wsdl:input message="tns:ReportTraining"/>
      <wsdl:output message="tns:ReportTrainingResponse"/>
      <wsdl:fault name="RegisterFault" message="tns:RegisterFault"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="SafetyTrainingBinding" type="tns:SafetyTrainingPortType">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="ReportTraining">
      <soap:operation soapAction=""/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
      <wsdl:fault name="RegisterFault"><soap:fault name="RegisterFault" use="literal"/></wsdl:fault>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="SafetyTraining">
    <wsdl:port name="SafetyTrainingPort" binding="tns:SafetyTrainingBinding">
      <soap:address location="http://127.0.0.1:8080/soap/safety-training"/>
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
"""

MAPPING = """
service: SafetyTraining

tables:
  training:
    columns:
      topic: {type: text, required: true}
      held_on: {type: date, required: true}
      hours: decimal
    index: [held_on]
  training_participant:
    parent: training
    columns:
      iin: {type: text, required: true}
      passed: {type: boolean, required: true}

operations:
  ReportTraining:
    request:
      use: [header, employer]
      training/topic: training.topic
      training/heldOn: training.held_on
      training/hours: training.hours
      training/participant: {rows: training_participant}
      training/participant/iin: {to: training_participant.iin, as: iin}
      training/participant/passed: training_participant.passed
    answer:
      use: [receipt]
      trainingId: training.id
      heldOn: training.held_on
      participant: {each: training_participant}
      participant/iin: training_participant.iin
      participant/passed: training_participant.passed
"""


def drill(text: str) -> str:
    """The exchange once more, under other names, and with nothing a drill itself must tell."""
    for old, new in (
        ("Training", "Drill"),
        ("training", "drill"),
        (", required: true}\n      h", "}\n      h"),
    ):
        text = text.replace(old, new)
    for leaf in ('name="topic" type="common:String255"', 'name="heldOn" type="common:Date"'):
        text = text.replace(leaf, f'{leaf} minOccurs="0"')
    return text


@pytest.fixture(scope="module")
def exchange(
    new_database: NewDatabase, ca: TestCa, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service on a folder of contracts that has one more than the built-in ones."""
    folder = tmp_path_factory.mktemp("contracts")
    for name in ("wsdl", "xsd", "mappings"):
        shutil.copytree(packaged(name), folder / name)
    (folder / "wsdl" / "SafetyTraining.wsdl").write_text(WSDL, encoding="utf-8")
    (folder / "xsd" / "safety-training-v1.xsd").write_text(XSD, encoding="utf-8")
    (folder / "mappings" / "SafetyTraining.yaml").write_text(MAPPING, encoding="utf-8")
    (folder / "wsdl" / "SafetyDrill.wsdl").write_text(drill(WSDL), encoding="utf-8")
    (folder / "xsd" / "safety-drill-v1.xsd").write_text(drill(XSD), encoding="utf-8")
    (folder / "mappings" / "SafetyDrill.yaml").write_text(drill(MAPPING), encoding="utf-8")
    environment = {
        "ESUTD_DATABASE_URL": new_database("esutd_exchange"),
        "ESUTD_TRUST_DIR": str(ca.trust_dir),
        "ESUTD_WORK": "false",
        "ESUTD_CONTRACTS_DIR": str(folder),
        "ESUTD_LOG_LEVEL": "WARNING",
    }
    with asgi_service(environment, folder / "service.log", workers=1) as service:
        yield service


def report(service: Service, ca: TestCa, **training: object) -> Reply:
    parts = {
        "requestHeader": header(),
        "employer": {"bin": EMPLOYER},
        "training": {
            "topic": "Безопасность и охрана труда",
            "heldOn": "2026-11-20",
            "hours": "1.50",
            "participant": [
                {"iin": "850312100031", "passed": True},
                {"iin": "890312200172", "passed": False},
            ],
            **training,
        },
    }
    message = sign_wsse(envelope(NAMESPACE, "ReportTraining", parts), ca.identity("employer"))
    answer = requests.post(
        f"{service.url}/soap/safety-training", message, headers={"Content-Type": "text/xml"}, timeout=30
    )
    return Reply(answer.status_code, answer.content, answer.headers)


def test_a_new_exchange_is_stored_and_answered(exchange: Service, ca: TestCa) -> None:
    reply = report(exchange, ca)
    assert reply.codes == ["SCSS001"]
    assert reply.root.xpath("//*[local-name()='passed']/text()") == ["true", "false"]
    training_id = UUID(reply.text("trainingId"))
    with psycopg.connect(exchange.database_url) as connection:
        training = connection.execute(
            "SELECT topic, held_on, hours, employer, message_id::text FROM exchange.training WHERE id = %s",
            (training_id,),
        ).fetchone()
        participants = connection.execute(
            "SELECT position, iin, passed FROM exchange.training_participant WHERE parent_id = %s ORDER BY 1",
            (training_id,),
        ).fetchall()
    assert training == (
        "Безопасность и охрана труда",
        date(2026, 11, 20),
        Decimal("1.50"),
        EMPLOYER,
        reply.text("messageId"),
    )
    assert participants == [(1, "850312100031", True), (2, "890312200172", False)]


def test_a_message_with_nothing_but_rows_is_stored_with_their_parent(exchange: Service, ca: TestCa) -> None:
    participants = [{"iin": "850312100031", "passed": True}, {"iin": "890312200172", "passed": False}]
    parts = {
        "requestHeader": header(),
        "employer": {"bin": EMPLOYER},
        "drill": {"participant": participants},
    }
    message = sign_wsse(envelope(drill(NAMESPACE), "ReportDrill", parts), ca.identity("employer"))
    answer = requests.post(
        f"{exchange.url}/soap/safety-drill", message, headers={"Content-Type": "text/xml"}, timeout=30
    )
    reply = Reply(answer.status_code, answer.content, answer.headers)
    assert reply.codes == ["SCSS001"]
    with psycopg.connect(exchange.database_url) as connection:
        stored = connection.execute(
            "SELECT drill.topic, drill.employer, drill_participant.iin FROM exchange.drill"
            " JOIN exchange.drill_participant ON parent_id = drill.id WHERE drill.id = %s ORDER BY position",
            (UUID(reply.text("drillId")),),
        ).fetchall()
    assert stored == [(None, EMPLOYER, "850312100031"), (None, EMPLOYER, "890312200172")]


def test_its_errors_are_told_all_at_once(exchange: Service, ca: TestCa) -> None:
    reply = report(
        exchange,
        ca,
        topic=None,
        heldOn="2026-02-30",
        participant=[{"iin": "850312100031", "passed": True}, {"iin": "850312100032", "passed": "maybe"}],
    )
    assert reply.fields == [
        ("ESB004", "training/topic"),
        ("ESB004", "training/heldOn"),
        ("SCSE045", "training/participant[2]/iin"),
        ("ESB004", "training/participant[2]/passed"),
    ]
    with psycopg.connect(exchange.database_url) as connection:
        assert connection.execute("SELECT count(*) FROM message WHERE code = 'ESB004'").fetchone() == (1,)


def test_a_stock_client_imports_it(exchange: Service) -> None:
    client = zeep.Client(f"{exchange.url}/soap/safety-training?singleWsdl")
    assert "ReportTraining" in client.service._binding._operations


def test_the_built_in_services_go_on(exchange: Service) -> None:
    assert COMMON in requests.get(f"{exchange.url}/soap/contracts?wsdl", timeout=10).text
