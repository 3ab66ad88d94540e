"""Each scripted fault of the bus, as a notification meets it: who sees what of it, and what becomes of it in the end.

While it lasts, the sender of the entry, the operator and the metrics are asked; once the bus is well, the subscriber.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
import requests
from click.testing import CliRunner
from outbox_at_work import OutboxAtWork
from prometheus_client import REGISTRY
from store_works import rows

from esutd_bus.cli import main
from esutd_bus.testbed.fault_script import Deed, Fault
from esutd_bus.testbed.simulated_bus import SimulatedBus
from esutd_bus.testbed.test_ca import TestCa
from support.breaking import CUT, NOT_DELIVERED, PAGE, REFUSES, SAYS_NO, STOPPED, always, is_new, plays
from support.messages import EMPLOYER, header, register, send
from support.services import Service, until

TO = "FAULTED"
"""The subscriber's service."""

UNBELIEVED = Fault(do="wrong-signature", service=TO)
SLOW = "no answer within 0.4 s"


@dataclass(frozen=True)
class Seen:
    """What somebody sees of a fault."""

    faults: tuple[Fault, ...]
    did: str
    """What the operator sees that was done (`outbox_attempt.doing`) …"""

    happened: str
    """… and what came of it; the metrics count it."""

    state: str
    """Where the message is then: for the operator, and in the metrics."""

    why: str = ""
    """Beginning of what it waits for, or why it is dead, by the operator's list."""

    http: int | None = None
    code: str | None = None
    """What the bus said."""

    end: str = "DELIVERED"
    """What has become of it, once the bus is well."""

    came: int = 1
    """How often the subscriber's bus has got it; delivered it is once."""

    unbelieved: int = 0
    """How many deliveries of the bus to us were refused."""


SEEN = {
    "refuse": Seen((Fault(do="refuse"),), "send", "not sent", "WAITING", "no connection"),
    "hang": Seen((always(TO, "hang"),), "send", "no answer", "OUTCOME_UNKNOWN", SLOW),
    "drip": Seen((always(TO, Deed(drip=0.05)),), "send", "no answer", "OUTCOME_UNKNOWN", SLOW, 200),
    "answer after the deadline": Seen(
        (always(TO, Deed(delay=1.0)),), "send", "no answer", "OUTCOME_UNKNOWN", SLOW
    ),
    "cut": Seen(
        (always(TO, Deed(cut=40)),),
        "send",
        "no answer",
        "OUTCOME_UNKNOWN",
        "HTTP 200: the connection broke within the answer",
        200,
    ),
    "taken, and the answer lost": Seen(
        (always(TO, CUT),), "send", "no answer", "OUTCOME_UNKNOWN", "the connection broke before an answer"
    ),
    "taken, answered and lost": Seen(
        (always(TO, "lost"),), "ask", "unknown to the bus", "ACCEPTED", "", 500, "UNKNOWN_MESSAGE"
    ),
    "error": Seen((always(TO, REFUSES),), "send", "refused", "WAITING", SAYS_NO, 500, "BUS_FAILED"),
    "html": Seen((always(TO, PAGE),), "send", "no answer", "OUTCOME_UNKNOWN", "HTTP 502: not XML", 502),
    "wrong signature": Seen(
        (UNBELIEVED,), "ask", "delivered", "DELIVERED", "", 200, "DELIVERED", unbelieved=1
    ),
    "unknown code": Seen(
        (Fault(do=Deed.model_validate({"unknown-code": "TAKEN"}), service=TO), UNBELIEVED),
        "ask",
        "nothing new",
        "ACCEPTED",
        "the bus tells of a state that it does not have: TAKEN",
        200,
        unbelieved=1,
    ),
    "duplicate": Seen(
        (Fault(do="duplicate", service=TO),), "status", "delivered", "DELIVERED", "", None, "DELIVERED"
    ),
    "statuses out of order": Seen(
        (always(TO, Deed(statuses=("DELIVERED", "ON_DELIVERY", "NOT_DELIVERED"))),),
        "status",
        "delivered",
        "DELIVERED",
        "",
        None,
        "DELIVERED",
    ),
    "not delivered": Seen(
        (always(TO, NOT_DELIVERED),),
        "status",
        "not delivered",
        "WAITING",
        "the bus says NOT_DELIVERED: Не доставлено",
        None,
        "NOT_DELIVERED",
        came=2,
    ),
    "delivery stopped": Seen(
        (always(TO, STOPPED),),
        "status",
        "delivery stopped",
        "DEAD",
        "the bus says DELIVERY_STOPPED: Доставка прекращена",
        None,
        "DELIVERY_STOPPED",
        end="DEAD",
    ),
}


@pytest.fixture(scope="module")
def subscriber(asgi: Service) -> Iterator[None]:
    """Somebody who is told of registrations."""
    named = ["--subscriber", EMPLOYER, "--service-id", TO, "--event", "ContractRegistered"]
    asked(asgi, "subscriptions", "add", TO, *named)
    yield
    asked(asgi, "subscriptions", "remove", TO)


def asked(asgi: Service, *arguments: str) -> str:
    """What an operator is told on the command line."""
    done = CliRunner().invoke(main, list(arguments), env=dict(asgi.environment))
    assert done.exit_code == 0, done.output
    return done.stdout


def counted(happened: str) -> float:
    """How many attempts came to that, by the metrics."""
    return REGISTRY.get_sample_value("esutd_outbox_attempts_total", {"happened": happened}) or 0.0


def of_state(node: OutboxAtWork, state: str) -> float:
    """How many messages are in a state, by the metrics: as they are told next."""
    node.job._told_at = None
    node.job._tell(node.connection)
    return REGISTRY.get_sample_value("esutd_outbox_messages", {"state": state}) or 0.0


def refused_deliveries(asgi: Service) -> tuple[int, int]:
    """How many statuses, told by the bus, were refused for their signature: by the journal, and by the metrics."""
    operation, code = "changeMassageStatusNotification", "SCSE001"
    shown = asked(asgi, "journal", "show", "--operation", operation, "--code", code, "--limit", "10000")
    lines = requests.get(f"{asgi.url}/metrics", timeout=10).text.splitlines()
    told = [
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("esutd_http_requests_total{")
        and f'code="{code}"' in line
        and f'operation="{operation}"' in line
    ]
    return int(shown.split()[0]), int(sum(told))


@pytest.mark.usefixtures("subscriber")
@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_a_fault_is_seen_and_comes_to_its_end(
    asgi: Service, ca: TestCa, shep: SimulatedBus, node: OutboxAtWork, seen: Seen
) -> None:
    node.until_idle()
    is_new(shep)
    before, counted_before = of_state(node, seen.state), counted(seen.happened)
    refused_before = refused_deliveries(asgi)
    plays(shep, *seen.faults)
    request_id = uuid4()
    registered = send(asgi.url, register(requestHeader=header(requestId=request_id)), ca.identity("employer"))
    assert registered.codes == ["SCSS001"], (
        "what happens on its way out is nothing to the sender of the entry"
    )

    newest = "SELECT id FROM outbox WHERE destination = %s ORDER BY id DESC LIMIT 1"
    ((message_id,),) = rows(node.url, newest, TO)

    def has_happened() -> bool:
        node.turn()
        node.settle()
        if seen.did == "ask":  # else the bus is to tell by itself
            node.later(seconds=6)
        return (seen.did, seen.happened) in [each[:2] for each in node.attempts(message_id)]

    until(has_happened)
    (message,) = json.loads(asked(asgi, "explain", str(request_id), "--json"))["messages"]
    (told,) = message["outgoing"]
    assert (told["id"], told["state"]) == (str(message_id), seen.state)
    (attempt,) = [
        each for each in told["attempts"] if (each["doing"], each["happened"]) == (seen.did, seen.happened)
    ]
    assert (attempt["http_status"], attempt["code"]) == (seen.http, seen.code)
    assert (told["reason"] or "").startswith(seen.why)
    listed = json.loads(asked(asgi, "outbox", "list", "--destination", TO, "--json"))
    waits = {each["id"]: each["waits_for"] for each in listed}
    assert (told["id"] in waits) == (seen.state != "DELIVERED")
    assert seen.why in waits.get(told["id"], "")
    assert counted(seen.happened) == counted_before + 1
    assert of_state(node, seen.state) == before + (seen.state != "DELIVERED")

    until(lambda: len([status for status in shep.answered if status != 200]) == seen.unbelieved)
    assert refused_deliveries(asgi) == tuple(each + seen.unbelieved for each in refused_before)
    plays(shep)
    node.until_idle()
    assert node.states()[message_id] == seen.end
    (received,) = shep.received
    assert (received.sender_message_id, received.count) == (str(message_id), seen.came)
    assert received.is_deliverable == (seen.end == "DELIVERED")
