"""Contracts load, or say clearly why not."""

# ruff: noqa: E501  # a table of contracts is read by line

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from stranger_contract import ROOT, Stranger

from esutd_bus.edge.probes import PROBES
from esutd_bus.soap.contract import ContractError, ServiceContracts, load_contracts

ASK = """<xs:element name="Ask"><xs:complexType><xs:sequence>
  <xs:element name="what" type="xs:string"/>
</xs:sequence></xs:complexType></xs:element>"""


def test_the_services(contracts: ServiceContracts) -> None:
    assert {path: contract.name for path, contract in contracts.by_path.items()} == {
        "/soap/cabinet": "Cabinet",
        "/soap/contracts": "EmploymentContracts",
        "/soap/personal-file": "PersonalFile",
        "/soap/authority": "Authority",
    }


def test_operations_go_by_the_request_s_element(contracts: ServiceContracts) -> None:
    service = contracts.by_path["/soap/contracts"]
    assert service.namespace == "urn:esutd-bus:contracts:v1"
    assert {"RegisterContract", "AmendContract"} <= {
        operation.name for operation in service.operations.values()
    }
    for tag, operation in service.operations.items():
        assert operation.service == "EmploymentContracts"
        assert operation.request.tag == tag == f"{{{service.namespace}}}{operation.name}"
        assert operation.response.tag == f"{tag}Response"
        assert operation.soap_action == f"{service.namespace}:{operation.name}"


def test_a_stranger_s_contract_loads(stranger: Stranger) -> None:
    contract = stranger.load(ASK)
    assert contract.path == "/soap/stranger"
    assert list(contract.operations) == ["{urn:stranger}Ask"]


def test_wsdl_in_folders_below_are_not_read(stranger: Stranger) -> None:
    (stranger.folder / "wsdl" / "shep").mkdir()
    (stranger.folder / "wsdl" / "shep" / "Broken.wsdl").write_text("<")
    stranger.load(ASK)


def test_a_schema_inside_the_wsdl(stranger: Stranger) -> None:
    schema = """
      <xs:schema targetNamespace="urn:stranger" elementFormDefault="qualified">
        <xs:import namespace="urn:esutd-bus:common:v1"/>
        <xs:element name="Ask"><xs:complexType><xs:sequence>
          <xs:element name="employer" type="common:Employer"/>
        </xs:sequence></xs:complexType></xs:element>
        <xs:element name="AskResponse"><xs:complexType/></xs:element>
      </xs:schema>
      <xs:schema><xs:import namespace="urn:esutd-bus:common:v1" schemaLocation="../xsd/common-v1.xsd"/></xs:schema>
    """
    start, end = stranger.wsdl.index("<xs:schema>"), stranger.wsdl.index("</wsdl:types>")
    stranger.wsdl = stranger.wsdl[:start] + schema + stranger.wsdl[end:]
    operation = stranger.load(ASK).operations["{urn:stranger}Ask"]
    assert [path for path, _ in operation.request.leaves()] == ["employer/bin", "employer/iin"]


def test_two_schemas_that_import_each_other(stranger: Stranger) -> None:
    other = '<xs:import namespace="urn:stranger" schemaLocation="stranger.xsd"/>'
    common = stranger.folder / "xsd" / "common-v1.xsd"
    text = common.read_text("utf-8")
    common.write_text(
        text.replace('elementFormDefault="qualified">', f'elementFormDefault="qualified">{other}'), "utf-8"
    )
    stranger.load(ASK)


def test_ports_of_other_protocols_are_left_out(stranger: Stranger) -> None:
    soap12 = 'xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/"'
    stranger.wsdl = stranger.wsdl.replace(
        '<wsdl:service name="Stranger">',
        f'<wsdl:binding name="B12" type="tns:StrangerPortType" {soap12}><soap12:binding/></wsdl:binding>'
        f'<wsdl:service name="Stranger"><wsdl:port name="P12" binding="tns:B12" {soap12}>'
        f'<soap12:address location="http://127.0.0.1/twelve"/></wsdl:port>',
    )
    contract = stranger.load(ASK)
    assert b"twelve" not in contract.wsdl("http://127.0.0.1")
    assert b"B12" not in contract.wsdl("http://127.0.0.1")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("../xsd/stranger.xsd", "../xsd/nowhere.xsd", "Stranger.wsdl imports ../xsd/nowhere.xsd: there is no such file"),
        ("../xsd/stranger.xsd", "stranger.xsd", "there is no such file"),
        ("../xsd/stranger.xsd", "http://127.0.0.1/stranger.xsd", "nothing is fetched"),
        ('namespace="urn:stranger" schemaL', 'namespace="urn:else" schemaL', "imports urn:else .* of urn:stranger"),
        ('element="tns:Ask"', 'element="tns:Asking"', "operation Ask: no schema declares .*Asking"),
        ('element="tns:AskResponse"', 'element="tns:Answer"', "operation Ask: no schema declares .*Answer"),
        ('element="tns:Ask"', 'type="xs:string"', "names an element, not a type"),
        ('element="tns:Ask"', 'element="odd:Ask"', "prefix .* is not declared"),
        ('<wsdl:fault name="RegisterFault" message="tns:RegisterFault"/>', "", "operation Ask: a fault .* not declared"),
        ('element="common:RegisterFault"', 'element="tns:Ask"', "a fault .* is not declared"),
        ('style="document"', 'style="rpc"', "style rpc is not supported"),
        ('soapAction="urn:stranger:Ask"', 'soapAction="x" style="rpc"', "style rpc is not supported"),
        ('use="literal"/></wsdl:input>', 'use="encoded"/></wsdl:input>', "use encoded is not supported"),
        ("<wsdl:input><soap:body", '<wsdl:input><soap:header message="tns:Ask"/><soap:body', "soap:header is not supported"),
        ("http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/", "no SOAP 1.1 binding"),
        ('<wsdl:output message="tns:AskResponse"/>', "", "needs an input and an output"),
        ('message="tns:AskResponse"', 'message="tns:Nothing"', "there is no message .*Nothing"),
        ('binding="tns:StrangerBinding"', 'binding="tns:Other"', "there is no binding .*Other"),
        ('type="tns:StrangerPortType"', 'type="tns:Other"', "there is no portType .*Other"),
        ("http://127.0.0.1:8080/soap/stranger", "", "has no path"),
        ('<wsdl:port name="StrangerPort" binding="tns:StrangerBinding">', '<wsdl:port name="P" binding="tns:StrangerBinding"/><wsdl:port name="StrangerPort" binding="tns:StrangerBinding">', "one port .* 2 are there"),
        ("<wsdl:types>", '<wsdl:import namespace="urn:x" location="x.wsdl"/><wsdl:types>', "wsdl:import is not supported"),
        ("<wsdl:definitions", "<!DOCTYPE a><wsdl:definitions", "has a DOCTYPE"),
        ("</wsdl:definitions>", "", "Stranger.wsdl cannot be read"),
        ("wsdl:definitions", "wsdl:description", "not a WSDL 1.1 document"),
    ],
)  # fmt: skip
def test_a_wsdl_that_cannot_be_served(stranger: Stranger, old: str, new: str, says: str) -> None:
    assert old in stranger.wsdl
    stranger.wsdl = stranger.wsdl.replace(old, new)
    with pytest.raises(ContractError, match=says):
        stranger.load(ASK)


def second_operation(wsdl: str, request: str) -> str:
    """The WSDL with an operation `Beg` beside `Ask`."""
    for marker, end in (("<wsdl:operation name", "</wsdl:operation>"),):
        parts = wsdl.split(end)
        wsdl = (
            "".join(
                part
                + end
                + part[part.index(marker) :].replace('"Ask"', '"Beg"').replace('tns:Ask"', 'tns:Beg"')
                + end
                for part in parts[:-1]
            )
            + parts[-1]
        )
    message = (
        f'<wsdl:message name="Beg"><wsdl:part name="parameters" element="tns:{request}"/></wsdl:message>'
    )
    return wsdl.replace("<wsdl:portType", f"{message}<wsdl:portType")


def test_two_operations(stranger: Stranger) -> None:
    stranger.wsdl = second_operation(stranger.wsdl, "Beg")
    contract = stranger.load(ASK + ASK.replace('"Ask"', '"Beg"'))
    assert [operation.name for operation in contract.operations.values()] == ["Ask", "Beg"]


def test_two_operations_with_one_request_element(stranger: Stranger) -> None:
    stranger.wsdl = second_operation(stranger.wsdl, "Ask")
    with pytest.raises(ContractError, match="Ask and Beg have the same request element"):
        stranger.load(ASK)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('targetNamespace="urn:stranger"', "", "needs a targetNamespace"),
        ("common-v1.xsd", "../wsdl/common-v1.xsd", "there is no such file"),
        ("common-v1.xsd", "https://127.0.0.1/common-v1.xsd", "nothing is fetched"),
        (
            "{body}",
            '<xs:include schemaLocation="more.xsd"/>{body}',
            "stranger.xsd:4: xs:include is not supported",
        ),
        ("{body}", '<xs:redefine schemaLocation="more.xsd"/>{body}', "xs:redefine is not supported"),
        ("{body}", '<xs:import namespace="urn:nobody"/>{body}', "imports urn:nobody: no schema of it"),
        (
            "{body}",
            '{body}<xs:element name="x" substitutionGroup="Ask"/>',
            "substitutionGroup is not supported",
        ),
        ('type="xs:string"', 'type="xs:strong"', "not a valid XML schema"),
        ("{body}", "", "no schema declares .*Ask"),
        ("</xs:schema>", "", "stranger.xsd cannot be read"),
        ("xs:schema", "xs:scheme", "not an XML schema"),
    ],
)
def test_a_schema_that_cannot_be_served(stranger: Stranger, old: str, new: str, says: str) -> None:
    assert old in stranger.xsd
    stranger.xsd = stranger.xsd.replace(old, new)
    with pytest.raises(ContractError, match=says):
        stranger.load(ASK)


def test_two_schemas_of_a_namespace(stranger: Stranger) -> None:
    again = stranger.folder / "xsd" / "again.xsd"
    again.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:stranger"/>'
    )
    location = '<xs:import namespace="urn:stranger" schemaLocation="../xsd/again.xsd"/>'
    stranger.wsdl = stranger.wsdl.replace("</xs:schema>", f"{location}</xs:schema>")
    with pytest.raises(ContractError, match=r"urn:stranger has two schemas, (again|stranger)\.xsd and"):
        stranger.load(ASK)


def test_two_services_at_one_path(stranger: Stranger) -> None:
    (stranger.folder / "wsdl" / "Again.wsdl").write_text(stranger.wsdl)
    with pytest.raises(ContractError, match="already stands at /soap/stranger"):
        stranger.load(ASK)


def another(stranger: Stranger, old: str, new: str) -> None:
    """A second WSDL, `Again.wsdl`, at a path of its own."""
    again = stranger.wsdl.replace("/soap/stranger", "/soap/again")
    assert old in again
    (stranger.folder / "wsdl" / "Again.wsdl").write_text(again.replace(old, new))


def test_two_services_with_one_request_element(stranger: Stranger) -> None:
    another(stranger, '<wsdl:service name="Stranger">', '<wsdl:service name="Again">')
    with pytest.raises(
        ContractError,
        match=r"Stranger\.wsdl: Again\.wsdl has an operation with the request element .*Ask too",
    ):
        stranger.load(ASK)


def test_two_services_with_one_name(stranger: Stranger) -> None:
    another(stranger, 'element="tns:Ask"', 'element="tns:Beg"')
    with pytest.raises(ContractError, match=r"Stranger\.wsdl: Again\.wsdl has a service Stranger too"):
        stranger.load(ASK + ASK.replace('"Ask"', '"Beg"'))


@pytest.mark.parametrize("path", sorted(PROBES))
def test_no_service_stands_where_the_service_tells_of_itself(stranger: Stranger, path: str) -> None:
    stranger.wsdl = stranger.wsdl.replace("/soap/stranger", path)
    with pytest.raises(ContractError, match=rf"Stranger\.wsdl: {path} tells of the service itself"):
        stranger.load(ASK)


def test_no_wsdl_at_all(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="there is no WSDL"):
        load_contracts(tmp_path)


def test_no_common_schema(tmp_path: Path, stranger: Stranger) -> None:
    (tmp_path / "xsd" / "common-v1.xsd").unlink()
    with pytest.raises(ContractError, match=r"common-v1\.xsd: there is no such file"):
        stranger.load(ASK)


def test_a_copy_of_the_contracts_is_as_good(tmp_path: Path) -> None:
    for part in ("wsdl", "xsd"):
        shutil.copytree(ROOT / part, tmp_path / part)
    assert set(load_contracts(tmp_path).by_path) == {
        "/soap/cabinet",
        "/soap/contracts",
        "/soap/personal-file",
        "/soap/authority",
    }
