"""`?singleWsdl` as 1C:Enterprise can import it: what its XDTO packages cannot take is not in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from lxml import etree

from esutd_bus.settings import packaged
from esutd_bus.soap.contract import ServiceContract, load_contracts
from support.services import Service

XS = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"

CONTRACTS = list(load_contracts(packaged(".")).by_path.values())

UNBINDABLE = (
    *("any", "anyAttribute", "attribute", "attributeGroup", "group", "all"),
    *("union", "list", "redefine", "include", "notation", "key", "keyref", "unique"),
)
"""Of these XDTO makes nothing, or nothing that a module could fill in."""

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A name in 1C's language; case does not tell two of them apart."""


@pytest.fixture(params=CONTRACTS, ids=lambda contract: contract.name)
def flat(request: pytest.FixtureRequest, asgi: Service) -> Any:
    """Each contract's flat WSDL, as it is served."""
    contract: ServiceContract = request.param
    answer = requests.get(f"{asgi.url}{contract.path}?singleWsdl", timeout=10)
    assert answer.status_code == 200
    return etree.fromstring(answer.content)


def schemas(flat: Any) -> list[Any]:
    return list(flat.iterfind(f"{WSDL}types/{XS}schema"))


def repeated(names: Iterator[str]) -> list[str]:
    """Names that are the same for 1C."""
    return [name for name, times in Counter(name.lower() for name in names).items() if times > 1]


def test_it_is_one_document(flat: Any) -> None:
    assert not list(flat.iter(f"{WSDL}import"))
    assert [each for each in flat.iter(f"{XS}import") if each.get("schemaLocation") is not None] == []


def test_every_namespace_is_one_schema_of_the_document(flat: Any) -> None:
    """1C makes one package of a namespace: a second schema of it, or one that is elsewhere, breaks the import."""
    own = [schema.get("targetNamespace") for schema in schemas(flat)]
    assert None not in own
    assert len(own) == len(set(own))
    assert {each.get("namespace") for each in flat.iter(f"{XS}import")} <= set(own)


def test_schemas_stand_behind_those_they_import(flat: Any) -> None:
    """So an importer that reads once, from the top, knows each type when it is used."""
    known: set[str] = set()
    for schema in schemas(flat):
        assert {each.get("namespace") for each in schema.iterfind(f"{XS}import")} <= known
        known.add(schema.get("targetNamespace"))


def test_children_are_qualified(flat: Any) -> None:
    assert {schema.get("elementFormDefault") for schema in schemas(flat)} == {"qualified"}


@pytest.mark.parametrize("construct", UNBINDABLE)
def test_nothing_is_in_it_that_1c_cannot_bind(flat: Any, construct: str) -> None:
    assert list(flat.iter(f"{XS}{construct}")) == []


def test_types_have_names(flat: Any) -> None:
    """An anonymous type below an element cannot be made by its name (`ФабрикаXDTO.Тип`); only an operation's
    own element, which 1C unrolls into parameters, may have one.
    """
    unnamed = [
        each
        for kind in ("complexType", "simpleType")
        for each in flat.iter(f"{XS}{kind}")
        if each.get("name") is None and each.getparent().getparent().tag != f"{XS}schema"
    ]
    assert unnamed == []


def test_names_are_1cs_identifiers(flat: Any) -> None:
    names = {each.get("name") for each in flat.iter(f"{XS}element", f"{XS}complexType", f"{XS}simpleType")}
    assert {name for name in names - {None} if not IDENTIFIER.fullmatch(name)} == set()


def test_no_two_names_differ_by_case_alone(flat: Any) -> None:
    for schema in schemas(flat):
        types = schema.iterfind("*[@name]")
        assert repeated(each.get("name") for each in types if each.tag != f"{XS}element") == []
        for content in schema.iter(f"{XS}sequence", f"{XS}choice"):
            assert repeated(each.get("name") for each in content.iterfind(f"{XS}element")) == []


def test_an_element_with_a_type_of_its_own_is_named_like_no_type(flat: Any) -> None:
    """1C names such a type after its element."""
    for schema in schemas(flat):
        types = {each.get("name") for each in schema.iterfind(f"{XS}complexType")}
        anonymous = {each.get("name") for each in schema.iterfind(f"{XS}element") if each.get("type") is None}
        assert types & anonymous == set()


def test_operations_are_unrolled_into_parameters(flat: Any) -> None:
    """Document/literal wrapped: the part is called `parameters`, the element like its operation."""
    prefixes = flat.nsmap
    parts = {each.get("name"): each.findall(f"{WSDL}part") for each in flat.iterfind(f"{WSDL}message")}
    for operation in flat.iterfind(f"{WSDL}portType/{WSDL}operation"):
        for direction, suffix in (("input", ""), ("output", "Response")):
            message = operation.find(f"{WSDL}{direction}").get("message").rpartition(":")[2]
            (part,) = parts[message]
            prefix, _, element = part.get("element").rpartition(":")
            assert part.get("name") == "parameters"
            assert element == operation.get("name") + suffix
            assert prefixes[prefix] == flat.get("targetNamespace")


def test_there_is_one_soap_11_port(flat: Any) -> None:
    (port,) = flat.iterfind(f"{WSDL}service/{WSDL}port")
    assert port.find(f"{SOAP}address") is not None
    assert {each.get("style") for each in flat.iter(f"{SOAP}binding")} == {"document"}
    assert {each.get("use") for each in flat.iter(f"{SOAP}body", f"{SOAP}fault")} == {"literal"}
