"""The simulated bus's asynchronous channel, called by a stock client, and calling a client itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep
from lxml import etree

from esutd_bus.testbed.fault_script import Deed, Fault, State
from esutd_bus.testbed.http_door import HttpDoor
from esutd_bus.testbed.simulated_bus import SimulatedBus
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.testbed.wire import HttpReply, HttpRequest
from support.services import free_port, until

CONTRACTS = Path(__file__).parents[2]
BINDING = "{http://bip.bee.kz/AsyncChannel/v10/Interfaces/Binding}AsyncChannelHttpBinding"
NOW = datetime.now(UTC)
SENDER = {"senderId": "esutd"}


@pytest.fixture(scope="module")
def bus() -> Iterator[SimulatedBus]:
    with SimulatedBus(CONTRACTS) as running:
        yield running


@pytest.fixture(scope="module")
def client(bus: SimulatedBus) -> Any:
    """The channel as zeep knows it from the contract."""
    wsdl = str(CONTRACTS / "wsdl" / "shep" / "AsyncChannel.wsdl")
    return zeep.Client(wsdl).create_service(BINDING, bus.async_url)  # type: ignore[no-untyped-call]  # zeep


def sent(client: Any, own_id: str, kind: str = "NOTIFICATION", service: str = "Notices") -> Any:
    """The bus's answer to a message of ours."""
    info = {
        "serviceId": service,
        "messageType": kind,
        "messageDate": NOW,
        "sender": SENDER,
        "properties": [{"key": "senderMessageId", "value": own_id}],
    }
    if kind != "REQUEST":
        info["correlationId"] = "chain"
    return client.sendMessage({"messageInfo": info, "messageData": {"data": "<told/>"}})


def status(client: Any, message_id: str) -> str:
    """What the bus says became of a message."""
    answer = client.getMessageStatus({"messageId": message_id, "requestDate": NOW, "sender": SENDER})
    return str(answer.messageState)


def test_a_message_that_comes_twice_is_one_message_that_came_twice(bus: SimulatedBus, client: Any) -> None:
    first, again = sent(client, "one"), sent(client, "one")

    (message,) = [each for each in bus.received if each.sender_message_id == "one"]
    assert first.messageId == again.messageId == message.id
    assert (message.service_id, message.type, message.correlation_id, message.count) == (
        "Notices",
        "NOTIFICATION",
        "chain",
        2,
    )
    listed = requests.get(f"{bus.page_url}received", timeout=10).json()
    assert message.told() in listed


def test_its_status_is_told_by_either_id_step_by_step(bus: SimulatedBus, client: Any) -> None:
    steps: tuple[State, ...] = ("DELIVERED", "ON_DELIVERY", "DELIVERED")
    with bus.playing(Fault(do=Deed(statuses=steps))):
        answer = sent(client, "stepping")

    asked = [status(client, each) for each in ("stepping", answer.messageId, "stepping", "stepping")]
    assert asked == [*steps, "DELIVERED"]
    with pytest.raises(zeep.exceptions.Fault, match="Сообщение не найдено: nobody"):
        status(client, "nobody")


def test_an_answer_waits_until_it_is_acknowledged(bus: SimulatedBus, client: Any) -> None:
    with bus.playing(Fault(do="duplicate", service="Questions")):
        question = sent(client, "question", "REQUEST", "Questions")

    def waiting() -> list[Any]:
        answer = client.getMessages({"serviceId": "Questions", "correlationId": question.correlationId})
        return [each.messageInfo for each in answer.messages]

    twice = waiting()
    assert [each.messageType for each in twice] == ["RESPONSE", "RESPONSE"]
    assert len({each.messageId for each in twice}) == 1
    notification = {
        "messageId": twice[0].messageId,
        "serviceId": "Questions",
        "notificationDate": NOW,
        "deliveryStatus": {
            "receiveStatus": "MESSAGE_ACCEPTED",
            "statusDate": NOW,
            "resendMessage": "NOT_RESEND",
        },
    }
    client.sendDeliveryNotification({"notification": notification, "requestDate": NOW})
    assert waiting() == []
    assert bus.channel.acknowledged[twice[0].messageId] == 1


@pytest.mark.parametrize(
    ("fault", "is_taken"),
    [
        (Fault(do=Deed(cut=0)), True),
        (Fault(do=Deed(cut=40)), True),
        (Fault(do=Deed(html=503)), False),
        (Fault(do=Deed(error=500)), False),
        (Fault(do="refuse"), False),
    ],
    ids=lambda value: value.word if isinstance(value, Fault) else str(value),
)
def test_a_script_says_whether_what_was_sent_is_taken(
    bus: SimulatedBus, client: Any, fault: Fault, is_taken: bool
) -> None:
    own_id = f"taken? {fault}"
    with bus.playing(fault), pytest.raises((requests.RequestException, zeep.exceptions.Error)):
        sent(client, own_id)

    assert [each.sender_message_id == own_id for each in bus.received].count(True) == is_taken


def test_what_hangs_by_a_script_ends_with_it(bus: SimulatedBus, client: Any) -> None:
    client_transport = client._client.transport
    client_transport.operation_timeout = 0.3
    try:
        with bus.playing(Fault(do="hang", operation="sendMessage")), pytest.raises(requests.Timeout):
            sent(client, "hanging")
    finally:
        client_transport.operation_timeout = None
    assert "hanging" not in [each.sender_message_id for each in bus.received]


def test_it_delivers_to_a_client_in_order_once_that_is_there(ca: TestCa) -> None:
    port = free_port()
    came: list[Any] = []

    def take(request: HttpRequest) -> HttpReply:
        came.append(etree.fromstring(request.body))
        return HttpReply(200, b"<ok/>")

    fault = Fault(do=Deed(statuses=("ON_DELIVERY", "ON_DELIVERY", "DELIVERED")))
    address = f"http://127.0.0.1:{port}/shep/async"
    with SimulatedBus(CONTRACTS, key=ca.identity("bus"), deliver_to=address) as bus:
        wsdl = str(CONTRACTS / "wsdl" / "shep" / "AsyncChannel.wsdl")
        service = zeep.Client(wsdl).create_service(BINDING, bus.async_url)  # type: ignore[no-untyped-call]  # zeep
        with bus.playing(fault, Fault(do="duplicate", service="Posted")):
            sent(service, "pushed")
            query = {"serviceId": "Posted", "type": "UPDATE"}
            posted = requests.post(f"{bus.page_url}messages", b"<news/>", params=query, timeout=10).json()
        client = HttpDoor("127.0.0.1", port, take)
        client.start()
        try:
            until(lambda: len(came) == 5)
        finally:
            client.stop()

    assert [each.findtext(".//messageState") for each in came[:3]] == [
        "ON_DELIVERY",
        "ON_DELIVERY",
        "DELIVERED",
    ]
    assert [each.findtext(".//messageId") for each in came[3:]] == [posted["messageId"]] * 2
    assert came[3].find(".//data/news") is not None
    assert all(each.find(".//{http://www.w3.org/2000/09/xmldsig#}Signature") is not None for each in came)
