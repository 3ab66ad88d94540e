"""The bus's contract as we wrote it: its own names, valid for real traffic, loaded with no network."""

from __future__ import annotations

import re
import socket
from collections import Counter
from pathlib import Path

import pytest
import zeep
from lxml import etree
from raw_server import CONTRACTS

from esutd_bus.testbed.bus_contract import Asked, BrokenRequestError, BusContract

CHANNEL = CONTRACTS / "wsdl" / "shep" / "SyncChannel.wsdl"
SCHEMAS = sorted((CONTRACTS / "xsd" / "shep").glob("*.xsd"))
CORPUS = Path(__file__).parents[4] / "shared" / "corpora" / "shep" / "sync-request.xml"

REQUEST = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<t:SendMessage xmlns:t="http://bip.bee.kz/SyncChannel/v10/Types"><request>
<requestInfo><messageId>1</messageId><serviceId>S</serviceId><messageDate>2026-01-02T03:04:05</messageDate>
<sender><senderId>x</senderId></sender><sessionId>{session}</sessionId></requestInfo>
<requestData>{data}</requestData></request></t:SendMessage></s:Body></s:Envelope>"""
SESSION = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


@pytest.fixture(scope="module")
def contract() -> BusContract:
    return BusContract(CONTRACTS)


def opened(contract: BusContract, data: str, session: str = SESSION) -> Asked:
    return contract.open(REQUEST.format(data=data, session=session).encode())


def test_zeep_loads_it_with_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("the network was used"))

    client = zeep.Client(str(CHANNEL))  # type: ignore[no-untyped-call]

    binding = "{http://bip.bee.kz/SyncChannel/v10/Interfaces/Binding2}SyncChannelHttpBinding"
    assert list(client.wsdl.bindings) == [binding]
    assert (
        client.wsdl.bindings[binding].port_name
        == "{http://bip.bee.kz/SyncChannel/v10/Interfaces}ISyncChannel"
    )
    assert list(client.wsdl.services) == ["ISyncChannelHttpService"]
    assert list(client.wsdl.services["ISyncChannelHttpService"].ports) == ["SyncChannelHttpPort"]
    operation = client.wsdl.bindings[binding].get("SendMessage")  # type: ignore[no-untyped-call]
    assert operation.soapaction == ""
    assert list(operation.faults) == ["SendMessageFault1_SendMessageFault"]
    assert {
        element.qname.text for element in client.wsdl.types.elements if "bip.bee.kz" in element.qname.text
    } == {
        "{http://bip.bee.kz/SyncChannel/v10/Types}SendMessage",
        "{http://bip.bee.kz/SyncChannel/v10/Types}SendMessageResponse",
        "{http://bip.bee.kz/SyncChannel/v10/Types}SendMessageFault1_SendMessageFault",
    }


ASYNC = "http://bip.bee.kz/AsyncChannel/v10"


@pytest.mark.parametrize(
    ("file", "interfaces", "types", "operations"),
    [
        (
            "AsyncChannel",
            "Interfaces",
            "Types",
            ["getMessageStatus", "getMessages", "sendDeliveryNotification", "sendMessage"],
        ),
        (
            "AsyncChannelClient",
            "Interfaces/Client",
            "Types/Client",
            ["changeMassageStatusNotification", "sendMessage"],
        ),
    ],
)
def test_the_asynchronous_channel_has_the_buss_own_names(
    file: str, interfaces: str, types: str, operations: list[str]
) -> None:
    client = zeep.Client(str(CHANNEL.with_name(f"{file}.wsdl")))  # type: ignore[no-untyped-call]

    binding = client.wsdl.bindings[f"{{{ASYNC}/{interfaces}/Binding}}{file}HttpBinding"]
    assert binding.port_name == f"{{{ASYNC}/{interfaces}}}I{file}"
    assert list(client.wsdl.services) == [f"{file}HttpService"]
    for name, operation in binding.all().items():
        assert operation.soapaction == ""
        assert operation.input.body.qname == f"{{{ASYNC}/{types}}}{name}"
        assert operation.output.body.qname == f"{{{ASYNC}/{types}}}{name}Response"
        assert list(operation.faults) == [f"{name}Fault1_{name}Fault"]
    assert sorted(binding.all()) == operations


def test_one_file_a_namespace_and_names_unique_in_the_tree() -> None:
    namespaces = [etree.parse(file).getroot().get("targetNamespace") for file in SCHEMAS]
    assert max(Counter(namespaces).values()) == 1

    assert max(Counter(file.name for file in (CONTRACTS / "xsd").rglob("*.xsd")).values()) == 1


def test_all_imports_are_of_files_that_are_there() -> None:
    for file in [*SCHEMAS, *CHANNEL.parent.glob("*.wsdl")]:
        for location in re.findall(
            r'(?:schemaLocation|import [^>]*location)="([^"]*)"', file.read_text("utf-8")
        ):
            assert (file.parent / location).is_file(), f"{file.name}: {location}"


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.name)
def test_each_schema_stands_alone(file: Path) -> None:
    etree.XMLSchema(etree.parse(file))


@pytest.mark.parametrize("session", [f"{{{SESSION}}}", SESSION])
def test_a_session_is_taken_with_braces_and_without(contract: BusContract, session: str) -> None:
    assert opened(contract, "<data><a/></data>", session).session_id == session


@pytest.mark.parametrize(
    "data",
    [
        "<data><iin>1</iin></data>",
        "<data>&lt;x&gt;&lt;iin&gt;1&lt;/iin&gt;&lt;/x&gt;</data>",
        "<data><![CDATA[<?xml version='1.0' encoding='utf-8'?><x><iin>1</iin></x>]]></data>",
        '<n:data xmlns:n="urn:any"><iin>1</iin></n:data>',
        '<data xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="u" i:type="x:Nobody"><iin>1</iin></data>',
    ],
)
def test_business_data_are_found_however_they_come(contract: BusContract, data: str) -> None:
    assert [leaf.tag for leaf in opened(contract, data).data] == ["iin"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{}", "not XML"),
        (b"<a/>", "not SOAP"),
        (REQUEST.format(data="<data/>", session="{").encode(), "sessionId"),
        (REQUEST.format(data="", session=SESSION).encode(), "no data"),
        (REQUEST.format(data="<data>7</data>", session=SESSION).encode(), "neither XML"),
        (
            REQUEST.replace("<messageId>1</messageId>", "").format(data="<data/>", session=SESSION).encode(),
            "messageId",
        ),
    ],
)
def test_a_broken_request_says_where(contract: BusContract, body: bytes, reason: str) -> None:
    with pytest.raises(BrokenRequestError, match=reason):
        contract.open(body)


def test_a_real_request(contract: BusContract) -> None:
    if not CORPUS.exists():
        pytest.skip(f"no corpus of bus messages at {CORPUS}")

    asked = contract.open(CORPUS.read_bytes())

    assert asked.service_id == "GBDFL_UniversalServiceSync"
    assert contract.gbdfl_request(asked.data)["senderCode"] == "smartbridge"
