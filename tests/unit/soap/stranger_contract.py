"""The service's own contracts, a valid message, and a stranger's contract to try things on."""

from __future__ import annotations

import shutil
from pathlib import Path

from esutd_bus.soap.contract import Operation, ServiceContract, load_contracts

ROOT = Path(__file__).parents[3]
CONTRACTS = "urn:esutd-bus:contracts:v1"

REGISTER = f"""\
<c:RegisterContract xmlns:c="{CONTRACTS}" xmlns:m="urn:esutd-bus:common:v1">
  <c:requestHeader>
    <m:requestId>0d9e8c1a-9d7a-4c58-9b57-4c1f7a6f3c11</m:requestId>
    <m:sentAt>2026-03-02T10:00:00+05:00</m:sentAt>
    <m:system>1С:ЗУП</m:system>
  </c:requestHeader>
  <c:employer><m:bin>990440000385</m:bin></c:employer>
  <c:contract>
    <c:externalId>0123456789abcdef0123456789abcdef</c:externalId>
    <c:number>17</c:number>
    <c:concludedOn>2026-03-02</c:concludedOn>
    <c:employee><c:iin>850101100012</c:iin><c:surname>Сейфуллин</c:surname><c:name>Сакен</c:name></c:employee>
    <c:startsOn>2026-03-03</c:startsOn>
    <c:term><c:termCode>1</c:termCode></c:term>
    <c:positionCode>2512-1</c:positionCode>
    <c:establishedPost>Инженер &amp; наладчик</c:establishedPost>
    <c:employmentTypeCode>1</c:employmentTypeCode>
    <c:workingTime><c:workingHoursCode>3</c:workingHoursCode><c:tariffRate>0.5</c:tariffRate></c:workingTime>
    <c:remoteWorkCode>1</c:remoteWorkCode>
    <c:workPlace>
      <c:countryCode>398</c:countryCode><c:katoCode>751110000</c:katoCode><c:address>пр. Абая, 1</c:address>
    </c:workPlace>
    <c:liableForMilitaryService>true</c:liableForMilitaryService>
  </c:contract>
</c:RegisterContract>"""

_WSDL = """\
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
                  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
                  xmlns:xs="http://www.w3.org/2001/XMLSchema"
                  xmlns:common="urn:esutd-bus:common:v1"
                  xmlns:tns="urn:stranger" name="Stranger" targetNamespace="urn:stranger">
  <wsdl:types>
    <xs:schema>
      <xs:import namespace="urn:esutd-bus:common:v1" schemaLocation="../xsd/common-v1.xsd"/>
      <xs:import namespace="urn:stranger" schemaLocation="../xsd/stranger.xsd"/>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="Ask"><wsdl:part name="parameters" element="tns:Ask"/></wsdl:message>
  <wsdl:message name="AskResponse"><wsdl:part name="parameters" element="tns:AskResponse"/></wsdl:message>
  <wsdl:message name="RegisterFault"><wsdl:part name="fault" element="common:RegisterFault"/></wsdl:message>
  <wsdl:portType name="StrangerPortType">
    <wsdl:operation name="Ask">
      <wsdl:input message="tns:Ask"/>
      <wsdl:output message="tns:AskResponse"/>
      <wsdl:fault name="RegisterFault" message="tns:RegisterFault"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="StrangerBinding" type="tns:StrangerPortType">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="Ask">
      <soap:operation soapAction="urn:stranger:Ask"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
      <wsdl:fault name="RegisterFault"><soap:fault name="RegisterFault" use="literal"/></wsdl:fault>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="Stranger">
    <wsdl:port name="StrangerPort" binding="tns:StrangerBinding">
      <soap:address location="http://127.0.0.1:8080/soap/stranger"/>
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
"""

_XSD = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:stranger"
           xmlns:common="urn:esutd-bus:common:v1" targetNamespace="urn:stranger" elementFormDefault="qualified">
  <xs:import namespace="urn:esutd-bus:common:v1" schemaLocation="common-v1.xsd"/>
  {body}
  <xs:element name="AskResponse">
    <xs:complexType><xs:sequence><xs:element name="said" type="xs:string"/></xs:sequence></xs:complexType>
  </xs:element>
</xs:schema>
"""


class Stranger:
    """A folder with somebody else's contract."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wsdl = _WSDL
        self.xsd = _XSD
        (folder / "wsdl").mkdir()
        (folder / "xsd").mkdir()
        shutil.copy(ROOT / "xsd" / "common-v1.xsd", folder / "xsd")

    def load(self, body: str) -> ServiceContract:
        """`body` declares the element `Ask` and what it needs."""
        (self.folder / "wsdl" / "Stranger.wsdl").write_text(self.wsdl, "utf-8")
        (self.folder / "xsd" / "stranger.xsd").write_text(self.xsd.replace("{body}", body), "utf-8")
        return load_contracts(self.folder).by_path["/soap/stranger"]

    def ask(self, content: str) -> Operation:
        """The operation whose request holds the given particles."""
        body = f'<xs:element name="Ask"><xs:complexType>{content}</xs:complexType></xs:element>'
        return self.load(body).operations["{urn:stranger}Ask"]
