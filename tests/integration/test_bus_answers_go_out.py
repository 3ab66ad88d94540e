"""What is asked by the bus is answered by the bus: in at one door, out at the other, over HTTP both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from lxml import etree
from outbox_at_work import OutboxAtWork, at_work, rules
from store_works import rows

from esutd_bus.signature.signing import sign_document, sign_wsse
from esutd_bus.store import bus_notices
from esutd_bus.store.outbox_message import REQUEST
from esutd_bus.testbed.test_ca import TestCa
from support import bus
from support.async_bus import AsyncBus
from support.messages import register
from support.services import Service


@pytest.fixture
def shep() -> Iterator[AsyncBus]:
    with AsyncBus() as running:
        yield running


@pytest.fixture
def node(asgi: Service, shep: AsyncBus) -> Iterator[OutboxAtWork]:
    with at_work(asgi.database_url, shep.url) as working:
        yield working


def told(asgi: Service, ca: TestCa, message: bytes) -> None:
    reply = bus.post(asgi.url, "async", sign_wsse(message, ca.identity("bus")))
    assert reply.status == 200, reply.body


def state(node: OutboxAtWork, message: UUID) -> tuple[Any, ...]:
    ((found, bus_id),) = rows(node.url, "SELECT state, bus_message_id FROM outbox WHERE id = %s", message)
    return found, bus_id


def take_in(node: OutboxAtWork) -> None:
    with node.connection.transaction():
        bus_notices.apply(node.connection, rules().limits, node.now())


def test_the_answer_to_a_request_goes_out_as_a_response(
    asgi: Service, ca: TestCa, shep: AsyncBus, node: OutboxAtWork
) -> None:
    shep.script["EmploymentContracts"] = ["on-delivery"]
    document = bus.payload_of(sign_document(register(), ca.identity("employer")))
    chain, session = str(uuid4()), bus.session()
    request = bus.delivered(
        bus.plain(document), message_id=str(uuid4()), correlation_id=chain, session_id=session
    )
    told(asgi, ca, request)
    told(asgi, ca, request)
    ((message,),) = rows(node.url, "SELECT id FROM outbox WHERE correlation_id = %s", chain)
    for _ in range(20):
        node.turn()
        node.settle()
        if state(node, message)[0] == "ACCEPTED":
            break
    (arrived,) = [each for each in shep.arrived if each.correlation_id == chain]
    assert (arrived.message_type, arrived.service_id) == ("RESPONSE", "EmploymentContracts")
    assert b"RegisterFault" not in arrived.data, arrived.data.decode()
    assert etree.fromstring(arrived.data).tag == "{urn:esutd-bus:contracts:v1}RegisterContractResponse"

    told(asgi, ca, bus.status_changed(str(uuid4()), arrived.bus_id, state="DELIVERED"))
    take_in(node)
    assert state(node, message) == ("DELIVERED", arrived.bus_id)
    assert node.attempts(message)[-1] == ("status", "delivered", "DELIVERED")


def test_a_notice_waits_until_its_message_is_known(asgi: Service, ca: TestCa, node: OutboxAtWork) -> None:
    bus_id = str(uuid4())
    told(asgi, ca, bus.status_changed(str(uuid4()), bus_id, state="DELIVERED"))
    take_in(node)
    message = node.put(f"late-{uuid4()}")
    rows(
        node.url,
        "UPDATE outbox SET state = 'ACCEPTED', bus_message_id = %s WHERE id = %s RETURNING 1",
        bus_id,
        message,
    )
    take_in(node)
    assert state(node, message)[0] == "DELIVERED"


def test_a_response_answers_our_request(asgi: Service, ca: TestCa, node: OutboxAtWork) -> None:
    chain = str(uuid4())
    message = node.put(f"asked-{uuid4()}", REQUEST, correlation_id=chain)
    answer = bus.delivered(
        "<data><found/></data>", message_id=str(uuid4()), correlation_id=chain, message_type="RESPONSE"
    )
    told(asgi, ca, answer)
    told(asgi, ca, answer)
    take_in(node)
    assert rows(node.url, "SELECT state, answer FROM outbox WHERE id = %s", message) == [
        ("ANSWERED", b"<found/>")
    ]
    assert [each[0] for each in node.attempts(message)] == ["answer"]
