"""What `?wsdl`, `?xsd=NAME` and `?singleWsdl` serve, as stock readers see it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import xmlschema
import zeep
from lxml import etree
from stranger_contract import Stranger
from zeep.transports import Transport

from esutd_bus.soap.contract import ServiceContract, ServiceContracts

PUBLIC = "https://esutd.example/bus"
XSD = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP_ADDRESS = "{http://schemas.xmlsoap.org/wsdl/soap/}address"
PATHS = ["/soap/cabinet", "/soap/contracts", "/soap/personal-file"]


ZEEP: Any = zeep.Client  # zeep publishes no types


class FromContract(Transport):
    """Gives zeep what the service would serve, and nothing else."""

    def __init__(self, contract: ServiceContract, *, flat: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # zeep publishes no types
        self.contract = contract
        self.flat = flat
        self.asked: list[str] = []

    def load(self, url: str) -> bytes:
        self.asked.append(url)
        parts = urlsplit(url)
        assert url.startswith(f"{PUBLIC}{self.contract.path}?"), url
        query = parse_qs(parts.query, keep_blank_values=True)
        if "xsd" in query and not self.flat:
            found = self.contract.schema(query["xsd"][0], PUBLIC)
            assert found is not None
            return found
        return self.contract.flat_wsdl(PUBLIC) if self.flat else self.contract.wsdl(PUBLIC)


@pytest.fixture(params=PATHS)
def contract(request: pytest.FixtureRequest, contracts: ServiceContracts) -> ServiceContract:
    return contracts.by_path[request.param]


def test_addresses_are_public(contract: ServiceContract) -> None:
    root = etree.fromstring(contract.wsdl(PUBLIC))
    (address,) = root.iter(SOAP_ADDRESS)
    assert address.get("location") == f"{PUBLIC}{contract.path}"
    locations = [each.get("schemaLocation") for each in root.iter(f"{XSD}import")]
    assert len(locations) == 2
    assert all(str(each).startswith(f"{PUBLIC}{contract.path}?xsd=") for each in locations)


def test_schemas_are_served_with_public_imports(service: ServiceContract) -> None:
    served = service.schema("contracts-v1.xsd", PUBLIC)
    assert served is not None
    (imported,) = etree.fromstring(served).iter(f"{XSD}import")
    assert imported.get("schemaLocation") == f"{PUBLIC}/soap/contracts?xsd=common-v1.xsd"
    plain = service.schema("contracts-v1.xsd")
    assert plain is not None
    assert b'schemaLocation="/soap/contracts?xsd=common-v1.xsd"' in plain
    common = service.schema("common-v1.xsd", PUBLIC)
    assert common is not None
    assert "БИН" in common.decode()


@pytest.mark.parametrize(
    "name", ["personal-file-v1.xsd", "nowhere.xsd", "", "../xsd/common-v1.xsd", "EmploymentContracts.wsdl"]
)
def test_no_other_file_is_served(service: ServiceContract, name: str) -> None:
    assert service.schema(name, PUBLIC) is None


def test_the_flat_document_stands_alone(contract: ServiceContract) -> None:
    root = etree.fromstring(contract.flat_wsdl(PUBLIC))
    assert [
        each.tag for each in root.iter(etree.Element) if {"location", "schemaLocation"} & set(each.keys())
    ] == [SOAP_ADDRESS]
    assert not list(root.iter(f"{XSD}any"))
    assert not list(root.iter(f"{WSDL}import"))
    schemas = root.findall(f"{WSDL}types/{XSD}schema")
    assert [each.get("targetNamespace") for each in schemas] == [
        "urn:esutd-bus:common:v1",
        contract.namespace,
    ]
    (address,) = root.iter(SOAP_ADDRESS)
    assert address.get("location") == f"{PUBLIC}{contract.path}"


def test_its_schemas_are_valid(contract: ServiceContract) -> None:
    root = etree.fromstring(contract.flat_wsdl(PUBLIC))
    texts = [etree.tostring(each, encoding="unicode") for each in root.findall(f"{WSDL}types/{XSD}schema")]
    schema = xmlschema.XMLSchema10(texts[0], build=False, allow="none")
    for text in texts[1:]:
        schema.add_schema(text, namespace=contract.namespace)
    schema.build()
    for operation in contract.operations.values():
        assert {operation.request.tag, operation.response.tag} <= set(schema.maps.elements)


@pytest.mark.parametrize("flat", [False, True])
def test_zeep_imports_it(contract: ServiceContract, *, flat: bool) -> None:
    transport = FromContract(contract, flat=flat)
    client = ZEEP(f"{PUBLIC}{contract.path}?{'singleWsdl' if flat else 'wsdl'}", transport=transport)
    port = client.wsdl.services[contract.name].ports[f"{contract.name}Port"]
    assert port.binding_options["address"] == f"{PUBLIC}{contract.path}"
    assert set(port.binding._operations) == {each.name for each in contract.operations.values()}
    assert len(transport.asked) == (1 if flat else 3)
    for operation in contract.operations.values():
        bound = port.binding._operations[operation.name]
        assert bound.soapaction == operation.soap_action
        assert set(bound.abstract.fault_messages) == {"RegisterFault"}
        signature = bound.input.body.type.elements
        names = [name for name, element in signature if element.__class__.__name__ != "Any"]
        assert names == [child.name for child in operation.request.children]


@pytest.mark.parametrize("flat", [False, True])
def test_what_zeep_sends_is_taken(
    service: ServiceContract, register_values: dict[str, Any], *, flat: bool
) -> None:
    client = ZEEP(f"{PUBLIC}/soap/contracts?wsdl", transport=FromContract(service, flat=flat))
    message = client.create_message(
        client.service,
        "RegisterContract",
        requestHeader={
            "requestId": register_values["requestHeader/requestId"],
            "sentAt": register_values["requestHeader/sentAt"],
            "system": register_values["requestHeader/system"],
        },
        employer={"bin": register_values["employer/bin"]},
        contract=nested(register_values)["contract"],
    )
    (payload,) = message[0]
    decoded = service.operations[payload.tag].request_plan.decode(payload)
    assert decoded.problems == ()
    assert decoded.values == register_values


def nested(values: dict[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *above, name = path.split("/")
        node = tree
        for each in above:
            node = node.setdefault(each, {})
        node[name] = value
    return tree


def test_prefixes_used_in_values_only_survive(stranger: Stranger) -> None:
    # The schema's default namespace is the WSDL's `tns`: an XML library that moves elements drops one of them.
    contract = stranger.load("""
      <xs:complexType name="What"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType>
      <xs:element name="Ask"><xs:complexType><xs:sequence>
        <xs:element name="what" type="What"/>
      </xs:sequence></xs:complexType></xs:element>
    """)
    client = ZEEP(io.BytesIO(contract.flat_wsdl(PUBLIC)))
    assert client.get_element("{urn:stranger}Ask").type.elements[0][1].type.elements[0][0] == "a"


def test_a_schema_inside_the_wsdl_is_served_with_it(stranger: Stranger, tmp_path: Path) -> None:
    schema = """
      <xs:schema targetNamespace="urn:stranger" elementFormDefault="qualified">
        <xs:import namespace="urn:esutd-bus:common:v1" schemaLocation="../xsd/common-v1.xsd"/>
        <xs:element name="Ask"><xs:complexType><xs:sequence>
          <xs:element name="employer" type="common:Employer"/>
        </xs:sequence></xs:complexType></xs:element>
        <xs:element name="AskResponse"><xs:complexType/></xs:element>
      </xs:schema>
    """
    start, end = stranger.wsdl.index("<xs:schema>"), stranger.wsdl.index("</wsdl:types>")
    stranger.wsdl = stranger.wsdl[:start] + schema + stranger.wsdl[end:]
    contract = stranger.load("")
    assert contract.schema("Stranger.wsdl") is None
    assert ZEEP(io.BytesIO(contract.flat_wsdl(PUBLIC))).get_element("{urn:stranger}Ask")
    client = ZEEP(f"{PUBLIC}/soap/stranger?wsdl", transport=FromContract(contract, flat=False))
    assert client.get_element("{urn:stranger}Ask")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["wsdl", "xsd"]
