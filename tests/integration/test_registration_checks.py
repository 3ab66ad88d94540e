"""What registries are asked of a registration, before and afterwards: through the engine, the job and the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

import pytest
from click.testing import CliRunner
from lxml import etree
from lxml.etree import _Element as Element
from prometheus_client import REGISTRY
from test_engine import ready

from esutd_bus.answers import Answer
from esutd_bus.cli import main
from esutd_bus.node import open_keys, open_node
from esutd_bus.passage import Incoming
from esutd_bus.settings import Settings, packaged
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.store.connection import connect_now
from esutd_bus.store.registry_checks import claim
from esutd_bus.store.verification import verify
from esutd_bus.testbed.fault_script import Deed, Fault
from esutd_bus.testbed.registry_settings import BUS_BIN, OWNER_BIN, registry_settings
from esutd_bus.testbed.simulated_bus import SimulatedBus
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.work.registry_checks import RegistryChecks
from support.messages import CONTRACTS, EMPLOYEE, EMPLOYER, contract, envelope, header, register

DEAD = "520917100427"
IN_HTML = "870101100046"
LIQUIDATED = "030240000011"


class Handle(Protocol):
    """Sends a message in somebody's name."""

    def __call__(self, message: bytes, signer: str = "employer") -> Awaitable[Answer]: ...


Story = Callable[[Handle], Awaitable[None]]


@pytest.fixture(scope="module")
def registry(ca: TestCa) -> Iterator[SimulatedBus]:
    with SimulatedBus(packaged("."), key=ca.identity("bus")) as running:
        yield running


@pytest.fixture(scope="module")
def database(postgres: str) -> str:
    return ready(postgres, "esutd_registration_checks")


class Stage:
    """A service with registries, and its job."""

    def __init__(self, url: str, ca: TestCa, registry: str, **policies: Any) -> None:
        self.ca, self.url = ca, url
        given = registry_settings(ca, registry)
        self.settings = Settings(
            database_url=url,
            trust_dir=ca.trust_dir,
            bus_sync_url=registry,
            owner_bin=OWNER_BIN,
            keys=json.loads(given["ESUTD_KEYS"]),
            registry_key=given["ESUTD_REGISTRY_KEY"],
            registry_signers=[BUS_BIN],
            upstream_deadline_seconds=5,
            node="checks",
            **policies,
        )

    def tell(self, story: Story) -> None:
        """Plays a story with a node of its own."""

        async def play() -> None:
            engine = await open_node(self.settings)
            try:
                await story(
                    lambda message, signer="employer": engine.handle(
                        Incoming("/soap/contracts", sign_wsse(message, self.ca.identity(signer)))
                    )
                )
            finally:
                await engine.close()

        asyncio.run(play())

    def work(self, **changed: Any) -> None:
        """One turn of the job."""
        settings = self.settings.model_copy(update=changed)
        with connect_now(self.url) as connection:
            connection.autocommit = True
            RegistryChecks.of(settings, open_keys(settings)).run(connection)

    def checks(self) -> list[tuple[Any, ...]]:
        """What is yet to be asked, or was."""
        rows = self.rows(
            "SELECT about, number, state, code, upstream_message FROM registry_check ORDER BY 1, 2"
        )
        return [tuple(row.values()) for row in rows]

    def rows(self, query: Any, *values: Any) -> list[dict[str, Any]]:
        """Of the database."""
        with connect_now(self.url) as connection:
            return connection.execute(query, values).fetchall()


@pytest.fixture
def stage(database: str, ca: TestCa, registry: SimulatedBus) -> Callable[..., Stage]:
    with connect_now(database) as connection:
        connection.execute("DELETE FROM registry_check")
    return lambda url=registry.sync_url, **policies: Stage(database, ca, url, **policies)


def of(employee: str) -> dict[str, Any]:
    return {"contract": contract(employee={"iin": employee})}


async def violations(handle: Handle, employer: str = EMPLOYER, signer: str = "employer") -> list[Element]:
    parts = {"requestHeader": header(), "employer": {"bin": employer}, "page": {"number": 1, "size": 100}}
    answer = await handle(envelope(CONTRACTS, "GetOwnViolations", parts), signer)
    return [
        one
        for one in etree.fromstring(answer.body).iter("{*}violation")
        if one.findtext("{*}kind") == "notConfirmed"
    ]


@pytest.mark.code("ESB012")
@pytest.mark.code("SCSE012")
def test_who_is_not_confirmed_afterwards_is_the_employers_violation(stage: Callable[..., Stage]) -> None:
    afterwards = stage(employer_check="afterwards", employee_check="afterwards")

    async def story(handle: Handle) -> None:
        answers = [await handle(register(**of(iin))) for iin in (DEAD, EMPLOYEE)]
        assert [answer.code for answer in answers] == ["SCSS001", "SCSS001"]
        assert (await handle(register(LIQUIDATED), "liquidated-employer")).code == "SCSS001"
        assert await violations(handle) == []
        await asyncio.to_thread(afterwards.work)
        (violation,) = await violations(handle)
        assert violation.findtext("{*}contractId") == etree.fromstring(answers[0].body).findtext(
            ".//{*}contractId"
        )
        assert (violation.findtext("{*}clause"), violation.findtext("{*}code")) == ("353/3", "SCSE012")
        # Whoever enters the right person has mended it.
        parts = {
            "requestHeader": header(),
            "employer": {"bin": EMPLOYER},
            "contractRef": {"contractId": violation.findtext("{*}contractId")},
            "correction": {"employee": {"iin": EMPLOYEE}},
        }
        assert (await handle(envelope(CONTRACTS, "CorrectContract", parts))).code == "SCSS001"
        assert await violations(handle) == []
        (violation,) = await violations(handle, LIQUIDATED, "liquidated-employer")
        assert violation.findtext("{*}code") == "ESB012"

    afterwards.tell(story)
    assert sorted(afterwards.checks()) == [
        ("employee", DEAD, "unconfirmed", "SCSE012", None),
        ("employee", EMPLOYEE, "confirmed", None, None),
        ("employee", EMPLOYEE, "confirmed", None, None),
        ("employer", LIQUIDATED, "unconfirmed", "ESB012", None),
        ("employer", EMPLOYER, "confirmed", None, None),
        ("employer", EMPLOYER, "confirmed", None, None),
    ]
    # One employer is asked about once, and the calls are on record, for the sake of the message they belong to.
    calls = afterwards.rows(
        "SELECT b.operation FROM message c JOIN message b ON b.id = c.reply_to"
        " WHERE c.channel = 'bus' AND c.direction = 'out' AND b.operation = 'RegisterContract'"
    )
    assert len(calls) == 4
    with connect_now(afterwards.url) as connection:
        assert verify(connection).whole


@pytest.mark.code("ESB007")
def test_a_registry_that_is_down_stops_registrations_only_where_the_policy_says_so(
    stage: Callable[..., Stage], registry: SimulatedBus
) -> None:
    nobody = "http://127.0.0.1:9/shep/sync"

    async def refused(handle: Handle) -> None:
        assert (await handle(register())).code == "ESB007"

    stage(nobody, employee_check="before").tell(refused)
    lenient = stage(nobody, employer_check="before-or-afterwards", employee_check="before-or-afterwards")

    async def accepted(handle: Handle) -> None:
        assert (await handle(register(**of(DEAD)))).code == "SCSS001"

    lenient.tell(accepted)
    assert [row[:3] for row in lenient.checks()] == [
        ("employee", DEAD, "waiting"),
        ("employer", EMPLOYER, "waiting"),
    ]
    lenient.work()
    assert {row[4] for row in lenient.checks()} == {"no connection"}
    with connect_now(lenient.url) as connection:
        connection.execute("UPDATE registry_check SET next_try = now()")
    lenient.work(bus_sync_url=registry.sync_url)
    assert [row[2:4] for row in lenient.checks()] == [("unconfirmed", "SCSE012"), ("confirmed", None)]


SLOW = "no answer within 0.4 s"


@pytest.fixture(scope="module")
def asked_for(database: str, ca: TestCa, registry: SimulatedBus) -> tuple[Stage, str]:
    """A registration whose employee is yet to be checked: (stage, its requestId)."""
    with connect_now(database) as connection:
        connection.execute("DELETE FROM registry_check")
    stage = Stage(database, ca, registry.sync_url, employee_check="afterwards")
    request_id = str(uuid4())

    async def story(handle: Handle) -> None:
        answer = await handle(register(requestHeader=header(requestId=request_id)))
        assert answer.code == "SCSS001", "what a registry does afterwards is nothing to who registers"

    stage.tell(story)
    return stage, request_id


@pytest.mark.parametrize(
    ("do", "code", "told"),
    [
        ("refuse", None, "no connection"),
        ("hang", None, SLOW),
        (Deed(drip=0.05), None, SLOW),
        (Deed(delay=1.0), None, SLOW),
        (Deed(cut=100), None, "HTTP 200: the connection broke within the answer"),
        (Deed(cut=0), None, "the connection broke before an answer"),
        (Deed(html=502), None, "HTTP 502: not XML"),
        (Deed(error=500), "BUS_FAILED", "Шина не может обработать сообщение"),
        (Deed.model_validate({"unknown-code": "SCSE7777"}), "SCSE7777", "Message has been"),
        ("wrong-signature", None, "the signature of the answer does not hold"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.word if isinstance(value, Deed) else "",
)
def test_what_goes_wrong_afterwards_is_seen_and_asked_again(
    asked_for: tuple[Stage, str], registry: SimulatedBus, do: Any, code: str | None, told: str
) -> None:
    """By the operator and the metrics; the employer is accused of nothing."""
    stage, request_id = asked_for
    due = "UPDATE registry_check SET state = 'waiting', next_try = now(), answered_at = NULL RETURNING about"
    calls = explained(stage, request_id)["calls"]
    stage.rows(due)
    with registry.playing(Fault(do=do)):
        stage.work(upstream_deadline_seconds=0.4)
    check = explained(stage, request_id)
    assert (check["state"], check.get("upstream_code"), check.get("code")) == ("waiting", code, None)
    assert check["upstream_message"].startswith(told)
    assert check["calls"] == calls + 1, "what came of the call is on record"
    assert REGISTRY.get_sample_value("esutd_registry_checks_waiting") == 1

    stage.rows(due)
    stage.work()
    assert explained(stage, request_id)["state"] == "confirmed"
    assert REGISTRY.get_sample_value("esutd_registry_checks_waiting") == 0


def explained(stage: Stage, request_id: str) -> dict[str, Any]:
    """What a registry is asked because of a message, and how often it was called, as the operator is told."""
    done = CliRunner().invoke(main, ["explain", request_id, "--json"], env={"ESUTD_DATABASE_URL": stage.url})
    assert done.exit_code == 0, done.output
    (message,) = json.loads(done.stdout)["messages"]
    (check,) = [each["values"] for each in message["written"] if each["table"] == "registry_check"]
    calls = [each for each in message["exchanges"] if each["operation"] == "SendMessage"]
    return {
        "calls": len([each for each in calls if each["direction"] == "out"]),
        **{each["field"].rpartition(".")[2]: each["value"] for each in check},
    }


@pytest.mark.code("ESB012")
@pytest.mark.code("SCSE012")
def test_what_is_checked_before_is_refused_and_the_contracts_of_a_batch_are_checked_afterwards(
    stage: Callable[..., Stage],
) -> None:
    strict = stage(employer_check="before", employee_check="before")
    entries = [contract(employee={"iin": iin}) for iin in (EMPLOYEE, DEAD)]

    async def story(handle: Handle) -> None:
        answer = await handle(register(LIQUIDATED, **of(DEAD)), "liquidated-employer")
        assert [code.text for code in etree.fromstring(answer.body).iter("{*}code")] == ["ESB012", "SCSE012"]
        assert (await handle(register())).code == "SCSS001"
        assert strict.checks() == []
        parts = {"requestHeader": header(), "employer": {"bin": EMPLOYER}, "contract": entries}
        assert (await handle(envelope(CONTRACTS, "SubmitBatch", parts))).code == "SCSS001"

    strict.tell(story)
    assert [row[:3] for row in strict.checks()] == [
        ("employee", DEAD, "waiting"),
        ("employee", EMPLOYEE, "waiting"),
        ("employer", EMPLOYER, "waiting"),
        ("employer", EMPLOYER, "waiting"),
    ]
    now, lease = datetime.now(UTC), timedelta(seconds=60)
    with connect_now(strict.url) as one, connect_now(strict.url) as other:
        taken = claim(one, 3, now, lease)  # in a transaction that is still open
        left = claim(other, 10, now, lease)
        assert (len(taken), len(left)) == (3, 1)
        assert claim(other, 10, now, lease) == []
