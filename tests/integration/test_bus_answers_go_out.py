"""What is asked by the bus is answered by the bus: in at one door, out at the other, over HTTP both ways."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import requests
from lxml import etree
from outbox_at_work import OutboxAtWork, rules
from store_works import rows

from esutd_bus.signature.signing import sign_document, sign_wsse
from esutd_bus.store import bus_notices
from esutd_bus.store.outbox_message import REQUEST
from esutd_bus.testbed.fault_script import Deed, Fault
from esutd_bus.testbed.simulated_bus import SimulatedBus
from esutd_bus.testbed.test_ca import TestCa
from support import bus
from support.breaking import always, plays
from support.messages import register
from support.services import Service, until


def told(asgi: Service, ca: TestCa, message: bytes) -> None:
    reply = bus.post(asgi.url, "async", sign_wsse(message, ca.identity("bus")))
    assert reply.status == 200, reply.body


def state(node: OutboxAtWork, message: UUID) -> tuple[Any, ...]:
    ((found, bus_id),) = rows(node.url, "SELECT state, bus_message_id FROM outbox WHERE id = %s", message)
    return found, bus_id


def take_in(node: OutboxAtWork) -> None:
    with node.connection.transaction():
        bus_notices.apply(node.connection, rules().limits, node.now())


def test_what_is_asked_by_the_bus_comes_is_answered_and_the_bus_has_the_answer_once(
    ca: TestCa, shep: SimulatedBus, node: OutboxAtWork
) -> None:
    """Though the bus delivers everything twice, and tells of states out of order."""
    service_id = "EmploymentContracts"
    statuses = Deed(statuses=("ON_DELIVERY", "DELIVERED", "ON_DELIVERY", "NOT_DELIVERED", "DELIVERED"))
    plays(shep, always(service_id, statuses), Fault(do="duplicate", service=service_id))
    document = bus.payload_of(sign_document(register(), ca.identity("employer"))).encode()
    asked = {"serviceId": service_id, "type": "REQUEST"}
    posted = requests.post(f"{shep.page_url}messages", document, params=asked, timeout=10).json()
    chain = posted["messageId"]
    query = "SELECT id, state FROM outbox WHERE correlation_id = %s"

    def is_through() -> bool:
        node.turn()
        return [state for _, state in rows(node.url, query, chain)] == ["DELIVERED"]

    until(is_through)
    # Others have left answers in the same register, which go out as well.
    (response,) = (each for each in shep.received if each.correlation_id == chain)
    assert (response.type, response.service_id) == ("RESPONSE", service_id)
    assert (response.count, response.asked) == (1, 0)
    assert etree.fromstring(response.data).tag == "{urn:esutd-bus:contracts:v1}RegisterContractResponse"
    ((message, _),) = rows(node.url, query, chain)
    assert node.attempts(message) == [
        ("send", "accepted", "ACCEPTED"),
        ("status", "delivered", "DELIVERED"),
    ]


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
