"""A small exchange of a stranger's: contract, schema and mapping, and ways to change each a little."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import yaml

from esutd_bus.mapping.compile import MappedOperation, Mappings, compile_mappings
from esutd_bus.node import PORTS
from esutd_bus.settings import packaged
from esutd_bus.soap.contract import load_contracts

NAMESPACE = "urn:example:training:v1"

XSD = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:example:training:v1"
           xmlns:common="urn:esutd-bus:common:v1" targetNamespace="urn:example:training:v1"
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
        <xs:element name="training" type="Training"/>
      </xs:sequence>
    </xs:complexType>
  </xs:element>
  <xs:complexType name="Training">
    <xs:sequence>
      <xs:element name="topic" type="xs:string"/>
      <xs:element name="heldOn" type="common:Date"/>
      <xs:element name="hours" type="xs:decimal" minOccurs="0"/>
      <xs:element name="places" type="xs:integer" minOccurs="0"/>
      <xs:element name="begunAt" type="xs:dateTime" minOccurs="0"/>
      <xs:element name="lecturer" type="Lecturer" minOccurs="0"/>
      <xs:element name="tag" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
      <xs:element name="participant" type="Participant" maxOccurs="unbounded"/>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="Lecturer">
    <xs:choice>
      <xs:element name="staff" type="common:Iin"/>
      <xs:element name="guest" type="xs:string"/>
    </xs:choice>
  </xs:complexType>
  <xs:complexType name="Participant">
    <xs:sequence>
      <xs:element name="iin" type="common:Iin"/>
      <xs:element name="passed" type="xs:boolean"/>
      <xs:element name="note" type="xs:string" minOccurs="0"/>
    </xs:sequence>
  </xs:complexType>
</xs:schema>
"""

WSDL = """\
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
                  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:common="urn:esutd-bus:common:v1"
                  xmlns:tns="urn:example:training:v1" name="Training" targetNamespace="urn:example:training:v1">
  <wsdl:types>
    <xs:schema>
      <xs:import namespace="urn:esutd-bus:common:v1" schemaLocation="../xsd/common-v1.xsd"/>
      <xs:import namespace="urn:example:training:v1" schemaLocation="../xsd/training-v1.xsd"/>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="ReportTraining"><wsdl:part name="parameters" element="tns:ReportTraining"/></wsdl:message>
  <wsdl:message name="ReportTrainingResponse">
    <wsdl:part name="parameters" element="tns:ReportTrainingResponse"/>
  </wsdl:message>
  <wsdl:message name="RegisterFault"><wsdl:part name="fault" element="common:RegisterFault"/></wsdl:message>
  <wsdl:portType name="TrainingPortType">
    <wsdl:operation name="ReportTraining">
      <wsdl:input message="tns:ReportTraining"/>
      <wsdl:output message="tns:ReportTrainingResponse"/>
      <wsdl:fault name="RegisterFault" message="tns:RegisterFault"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="TrainingBinding" type="tns:TrainingPortType">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="ReportTraining">
      <soap:operation soapAction=""/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
      <wsdl:fault name="RegisterFault"><soap:fault name="RegisterFault" use="literal"/></wsdl:fault>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="Training">
    <wsdl:port name="TrainingPort" binding="tns:TrainingBinding">
      <soap:address location="http://127.0.0.1:8080/soap/training"/>
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
"""

MAPPING = """\
service: Training

tables:
  training:
    columns:
      topic: {type: text, required: true}
      held_on: {type: date, required: true}
      hours: decimal
      places: integer
      begun_at: instant
      lecturer_iin: text
      lecturer_name: text
    index: [held_on]
  training_tag:
    parent: training
    columns:
      tag: {type: text, required: true}
  training_participant:
    parent: training
    columns:
      iin: {type: text, required: true}
      passed: {type: boolean, required: true}
      note: text

operations:
  ReportTraining:
    request:
      use: [header, employer]
      training: {missing: SCSE138}
      training/topic: {to: training.topic, missing: SCSE003}
      training/heldOn: {to: training.held_on, missing: SCSE004, malformed: SCSE053}
      training/hours: training.hours
      training/places: training.places
      training/begunAt: training.begun_at
      training/lecturer/staff: {to: training.lecturer_iin, as: iin}
      training/lecturer/guest: training.lecturer_name
      training/tag: training_tag.tag
      training/participant: {rows: training_participant}
      training/participant/iin: {to: training_participant.iin, as: iin, missing: SCSE011}
      training/participant/passed: training_participant.passed
      training/participant/note: training_participant.note
    answer:
      use: [receipt]
      trainingId: training.id
      training/topic: training.topic
      training/heldOn: training.held_on
      training/hours: training.hours
      training/places: training.places
      training/begunAt: training.begun_at
      training/lecturer/staff: training.lecturer_iin
      training/lecturer/guest: training.lecturer_name
      training/tag: {each: training_tag, from: training_tag.tag}
      training/participant: {each: training_participant}
      training/participant/iin: training_participant.iin
      training/participant/passed: training_participant.passed
      training/participant/note: training_participant.note
"""

ABSENT = object()
"""In a change: the entry is taken away."""

OPERATION = ("operations", "ReportTraining")
REQUEST = (*OPERATION, "request")
ANSWER = (*OPERATION, "answer")


class TrainingExchange:
    """A folder with the exchange's contract; its mapping as data, to be changed and compiled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("wsdl", "xsd", "mappings"):
            (folder / name).mkdir()
        shutil.copy(packaged("xsd") / "common-v1.xsd", folder / "xsd")
        (folder / "wsdl" / "Training.wsdl").write_text(WSDL, encoding="utf-8")
        self.write_schema(XSD)

    def write_schema(self, text: str) -> None:
        (self.folder / "xsd" / "training-v1.xsd").write_text(text, encoding="utf-8")
        self.contracts = load_contracts(self.folder)

    def with_schema(self, old: str, new: str) -> TrainingExchange:
        """Another schema: `old` replaced by `new`, wherever it stands."""
        assert old in XSD
        self.write_schema(XSD.replace(old, new))
        return self

    def compile(self, *changes: tuple[tuple[str, ...], Any]) -> Mappings:
        """The mapping after changes: (keys down to the entry, what it becomes)."""
        return self.compile_text(yaml.safe_dump(changed(*changes), allow_unicode=True, sort_keys=False))

    def compile_text(self, text: str, name: str = "Training.yaml") -> Mappings:
        (self.folder / "mappings" / name).write_text(text, encoding="utf-8")
        return compile_mappings(self.folder / "mappings", packaged("mappings"), self.contracts, PORTS)

    def operation(self, *changes: tuple[tuple[str, ...], Any]) -> MappedOperation:
        return self.compile(*changes).operations[f"{{{NAMESPACE}}}ReportTraining"]


def changed(*changes: tuple[tuple[str, ...], Any]) -> Any:
    """The mapping as data, after changes."""
    content = yaml.safe_load(MAPPING)
    for keys, value in changes:
        at = content
        for key in keys[:-1]:
            at = at.setdefault(key, {})
        if value is ABSENT:
            del at[keys[-1]]
        else:
            at[keys[-1]] = copy.deepcopy(value)
    return content
