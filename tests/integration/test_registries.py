"""The client of ГБД ФЛ against the simulated registry: both made from the same contract, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
import requests
import zeep
from lxml import etree

from esutd_bus.registries.access import BusAccess
from esutd_bus.registries.exchange import Exchange, Outcome
from esutd_bus.registries.gbdfl import GbdflRegistry
from esutd_bus.registries.person_registry import PersonRegistry
from esutd_bus.registries.sync_channel import SyncChannel
from esutd_bus.registries.upstream import UpstreamError, UpstreamRefused, UpstreamTimeout, UpstreamUnavailable
from esutd_bus.testbed.bus_contract import BusContract
from esutd_bus.testbed.fault_script import read_fault_script
from esutd_bus.testbed.population import load_population
from esutd_bus.testbed.simulated_bus import SimulatedBus

CONTRACTS = Path(__file__).parents[2]
GULZHAN = "890312200172"
PEOPLE = load_population()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with SimulatedBus(CONTRACTS) as registry:
        yield registry.sync_url


@pytest.fixture(scope="module")
def exchanges() -> list[Exchange]:
    return []


@pytest.fixture(scope="module")
def registry(url: str, exchanges: list[Exchange]) -> PersonRegistry:
    return GbdflRegistry(
        SyncChannel(BusAccess(url, "esutd", "secret", deadline=30.0), CONTRACTS, exchanges.append)
    )


@pytest.fixture
def hurried(url: str, exchanges: list[Exchange]) -> PersonRegistry:
    return GbdflRegistry(
        SyncChannel(BusAccess(url, "esutd", "secret", deadline=0.3), CONTRACTS, exchanges.append)
    )


def test_a_person_is_found(registry: PersonRegistry) -> None:
    person = registry.find(GULZHAN)

    assert person is not None
    assert set(person) == {"person", "address", "documents"}
    assert person["person"]["iin"] == GULZHAN
    assert person["person"]["name"] == "ГҮЛЖАН"
    assert person["person"]["birth_date"] == date(1889, 3, 12)
    assert person["person"]["sex_name_kk"] == "Әйел"
    assert person["address"]["street"] == "УЛИЦА ТЕСТОВАЯ"
    assert [document["type_code"] for document in person["documents"]] == ["002", "001"]


def test_nobody_has_this_iin(registry: PersonRegistry) -> None:
    assert registry.find("000000000000") is None


@pytest.mark.parametrize(
    "iin",
    [
        person.iin
        for person in PEOPLE.values()
        if person.persons and not (person.behaviour.cut or person.behaviour.drip)
    ],
)
def test_everybody_who_is_known_is_found(registry: PersonRegistry, iin: str) -> None:
    person = registry.find(iin)

    assert person is not None
    wire = PEOPLE[iin].persons[-1]
    assert person["person"]["iin"] == iin
    assert person["person"]["surname"] == wire["surname"]
    assert person["person"]["birth_date"] == wire["birthDate"]
    assert len(person["documents"]) == len(wire.get("documents", {}).get("document", []))
    assert ("temporary_address" in person) == bool(wire.get("addresses"))


def test_the_answer_is_the_same_however_it_is_dressed(registry: PersonRegistry) -> None:
    plain = registry.find(GULZHAN)
    assert plain is not None

    for iin in ("870101100076", "870101100086"):
        dressed = registry.find(iin)
        assert dressed is not None
        assert {**dressed, "person": {**dressed["person"], "iin": GULZHAN}} == plain


@pytest.mark.code("ESB007")
@pytest.mark.parametrize("iin", ["870101100016", "870101100066"], ids=["silent", "dripping"])
def test_the_registry_takes_too_long(hurried: PersonRegistry, exchanges: list[Exchange], iin: str) -> None:
    with pytest.raises(UpstreamTimeout, match=r"no answer within 0\.3 s"):
        hurried.find(iin)
    assert exchanges[-1].outcome is Outcome.TIMED_OUT


@pytest.mark.code("ESB007")
@pytest.mark.parametrize(
    ("iin", "message"),
    [
        ("870101100046", "HTTP 500: not XML"),
        ("870101100056", "HTTP 200: the connection broke within the answer"),
    ],
)
def test_what_comes_is_no_answer(registry: PersonRegistry, iin: str, message: str) -> None:
    with pytest.raises(UpstreamUnavailable) as caught:
        registry.find(iin)
    assert caught.value.message == message


@pytest.mark.code("ESB008")
@pytest.mark.parametrize(
    ("iin", "code", "message"),
    [
        ("870101100026", "SRV-014", "Сервис временно отключён владельцем"),
        ("870101100036", "00004", "Нет прав на получение данных"),
        ("870101100096", "SCSE0105", "Получатель недоступен"),
    ],
    ids=["the bus's fault", "the registry's result", "the bus's status"],
)
def test_the_upstream_refuses_in_its_own_words(
    registry: PersonRegistry, iin: str, code: str, message: str
) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        registry.find(iin)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_the_request_is_the_one_the_bus_knows(registry: PersonRegistry, exchanges: list[Exchange]) -> None:
    registry.find(GULZHAN)
    registry.find(GULZHAN)

    contract = BusContract(CONTRACTS)
    first, second = (contract.open(exchange.sent) for exchange in exchanges[-2:])
    assert first.service_id == "GBDFL_UniversalServiceSync"
    assert first.message_id != second.message_id
    assert contract.gbdfl_request(first.data)["iin"] == GULZHAN
    root = etree.fromstring(exchanges[-1].sent)
    assert root.findtext(".//senderId") == "esutd"
    assert root.findtext(".//password") == "secret"
    data = root.find(".//data")
    assert data is not None
    kind = data.get("{http://www.w3.org/2001/XMLSchema-instance}type", "")
    prefix, _, name = kind.partition(":")
    assert (data.nsmap[prefix], name) == ("http://message.persistence.interactive.nat", "Request")


def test_the_bytes_are_kept_as_they_were_on_the_wire(
    registry: PersonRegistry, exchanges: list[Exchange]
) -> None:
    registry.find(GULZHAN)

    exchange = exchanges[-1]
    assert (exchange.status, exchange.outcome) == (200, Outcome.ANSWERED)
    assert exchange.received is not None
    assert "САРСЕНБАЕВА".encode() in exchange.received
    assert "secret" not in repr(exchange)
    assert GULZHAN not in repr(exchange)


def test_many_threads_share_one_client(registry: PersonRegistry) -> None:
    iins = [person.iin for person in PEOPLE.values() if person.persons and not person.behaviour.cut][:12] * 8

    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(registry.find, iins))

    assert [person and person["person"]["iin"] for person in found] == iins


def test_a_stock_client_calls_it_from_its_wsdl(url: str) -> None:
    client = zeep.Client(f"{url}?wsdl")  # type: ignore[no-untyped-call]
    request = (
        "<Request><messageId>1</messageId><messageDate>2026-01-02T03:04:05</messageDate>"
        f"<senderCode>stock</senderCode><iin>{GULZHAN}</iin></Request>"
    )

    answer = client.service.SendMessage(
        {
            "requestInfo": {
                "messageId": "1",
                "serviceId": "GBDFL_UniversalServiceSync",
                "messageDate": "2026-01-02T03:04:05",
                "sender": {"senderId": "stock"},
            },
            "requestData": {"data": request},
        }
    )

    assert answer.responseInfo.status.code == "SCSS001"
    assert answer.responseInfo.sessionId.startswith("{")
    surnames = [leaf.text for part in answer.responseData.data for leaf in part.iter("surname")]
    assert surnames[0] == "САРСЕНБАЕВА"


def test_a_stock_client_gets_the_typed_fault(url: str) -> None:
    client = zeep.Client(f"{url}?wsdl")  # type: ignore[no-untyped-call]
    info = {"messageId": "1", "serviceId": "Nobody", "messageDate": "2026-01-02T03:04:05"}
    request = {"requestInfo": {**info, "sender": {"senderId": "x"}}, "requestData": {"data": "<a/>"}}

    with pytest.raises(zeep.exceptions.Fault) as caught:
        client.service.SendMessage(request)

    name = "{http://bip.bee.kz/SyncChannel/v10/Types}SendMessageFault1_SendMessageFault"
    element = client.get_element(name)  # type: ignore[no-untyped-call]
    error = element.parse(caught.value.detail[0], client.wsdl.types)
    assert error.errorCode == "UNKNOWN_SERVICE"


@pytest.mark.parametrize(
    ("method", "query", "body", "status"),
    [
        ("POST", "", b"not XML", 500),
        ("POST", "", b"x" * 1_100_000, 413),
        ("GET", "", b"", 404),
        ("GET", "?xsd=../pyproject.toml", b"", 404),
        ("GET", "?xsd=bus-common.xsd", b"", 200),
        ("PUT", "", b"", 501),
    ],
)
def test_odd_calls_are_answered(url: str, method: str, query: str, body: bytes, status: int) -> None:
    assert requests.request(method, url + query, data=body, timeout=30).status_code == status


def test_the_testers_example_of_a_bad_day_goes_as_it_says(exchanges: list[Exchange]) -> None:
    script = read_fault_script((CONTRACTS / "fixtures" / "upstream" / "bad-day.yaml").read_text("utf-8"))
    with SimulatedBus(CONTRACTS, faults=script) as bus:
        access = BusAccess(bus.sync_url, "esutd", "secret", deadline=0.5)
        registry = GbdflRegistry(SyncChannel(access, CONTRACTS, exchanges.append))
        went: list[str] = []
        for _ in range(4):
            try:
                went.append("found" if registry.find(GULZHAN) else "nobody")
            except UpstreamError as error:
                went.append(error.message)
        met = bus.faults.met

    assert went == [
        "found",
        "no answer within 0.5 s",
        "HTTP 200: the connection broke within the answer",
        "found",
    ]
    assert met == [1, 1, 0, 0, 0]
