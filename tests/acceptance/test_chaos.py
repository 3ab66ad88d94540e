"""Three nodes on one PostgreSQL, one killed at random times under load: nothing is lost, nothing told twice.

`make chaos` does it for five minutes, with whole nodes; the suite for some seconds, with nodes that only `work`.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
import requests

from esutd_bus.settings import packaged
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.store.connection import connect_now
from esutd_bus.store.outbox_state import OPEN
from esutd_bus.store.verification import verify
from esutd_bus.testbed.simulated_bus import SimulatedBus
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.work.outbox_upkeep import PERIOD
from support.breaking import delivered
from support.databases import create_database
from support.messages import EMPLOYER, Reply, contract, external_id, post, referring, register, today
from support.services import ESUTD_BUS, Service, asgi_service, environment_with, esutd_bus, until

WAITING = f"SELECT count(*) FROM outbox WHERE {OPEN}"  # of our own words
NODES, SENDERS = 3, 4
SECONDS = 6.0
"""Of load, where nobody asks for more."""

LONGEST_QUIET_SECONDS = 4.0
"""Between one death and the next: anything up to that."""


class Cluster:
    """Nodes that are started again when they have died."""

    def __init__(self, environment: Mapping[str, str], folder: Path, serving: Service | None) -> None:
        """`serving`: who takes messages, where the nodes only work."""
        self._environment, self._folder, self._serving = environment, folder, serving
        self._stacks = [ExitStack() for _ in range(NODES)]
        with ThreadPoolExecutor(NODES) as starting:
            self.nodes: list[Service] = list(starting.map(self.start, range(NODES)))
        self.deaths = 0

    @property
    def url(self) -> str:
        """Of some node."""
        return (self._serving or random.choice(self.nodes)).url

    def start(self, number: int) -> Service:
        own = {**self._environment, "ESUTD_NODE": f"node-{number}"}
        log = self._folder / f"node-{number}.log"
        if self._serving is None:
            return self._stacks[number].enter_context(asgi_service(own, log, workers=1))
        with log.open("ab") as output:
            process = subprocess.Popen(
                [ESUTD_BUS, "work"], env=environment_with(own), stdout=output, stderr=output
            )
        return Service("", self._stacks[number].enter_context(process), own)

    def kill(self, number: int) -> None:
        """kill -9 for a node, its workers and jobs; another one takes its place."""
        self.nodes[number].kill()
        self.deaths += 1
        self._stacks[number].close()
        self.nodes[number] = self.start(number)

    def close(self) -> None:
        for node in self.nodes:
            node.process.terminate()
        for stack in self._stacks:
            stack.close()


class Senders:
    """Each registers and amends, again and again; what is not answered is sent again, to another node."""

    def __init__(self, cluster: Cluster, ca: TestCa) -> None:
        self._cluster, self._key = cluster, ca.identity("employer")
        self._stop = threading.Event()
        self.registered: list[str] = []
        self.amended: list[str] = []
        self.refused: list[Any] = []
        self._threads = [threading.Thread(target=self._send_on_and_on) for _ in range(SENDERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send_on_and_on(self) -> None:
        while not self._stop.is_set():
            contract_id = (
                self._until_answered(register(contract=contract(startsOn=today()))).text("contractId") or ""
            )
            self.registered.append(contract_id)
            amendment = {
                "externalId": external_id(),
                "number": "1",
                "concludedOn": today(),
                "startsOn": today() + timedelta(days=1),
                "changes": {"positionCode": "2512-1-002", "establishedPost": "Инженер"},
            }
            self._until_answered(referring("AmendContract", contract_id, amendment=amendment))
            self.amended.append(contract_id)

    def _until_answered(self, message: bytes) -> Reply:
        signed = sign_wsse(message, self._key)
        while True:
            with contextlib.suppress(requests.RequestException):
                reply = post(self._cluster.url, signed, timeout=10)
                if reply.codes == ["SCSS001"]:
                    return reply
                if reply.codes != ["ESB009"]:
                    self.refused.append(reply.fields)
                    raise AssertionError(reply.fields)
            time.sleep(0.05)


@pytest.fixture
def cluster(
    postgres: str, ca: TestCa, tmp_path: Path, bus: SimulatedBus, request: pytest.FixtureRequest
) -> Iterator[Cluster]:
    whole = request.config.getoption("--chaos")
    serving: Service | None = None if whole else request.getfixturevalue("asgi")
    environment = {
        "ESUTD_DATABASE_URL": serving.database_url if serving else create_database(postgres, "esutd_chaos"),
        "ESUTD_TRUST_DIR": str(ca.trust_dir),
        "ESUTD_BUS_ASYNC_URL": bus.async_url,
        "ESUTD_UPSTREAM_DEADLINE_SECONDS": "2",
        "ESUTD_LOG_LEVEL": "WARNING",
    }
    assert esutd_bus("db", "upgrade", settings=environment).returncode == 0
    for name, employer in (("PORTAL", []), ("EMPLOYER", ["--employer", EMPLOYER])):
        added = ["subscriptions", "add", name, "--subscriber", EMPLOYER, "--service-id", name, *employer]
        assert esutd_bus(*added, settings=environment).returncode == 0
    made = Cluster(environment, tmp_path, serving)
    yield made
    made.close()
    for name in ("PORTAL", "EMPLOYER"):
        assert esutd_bus("subscriptions", "remove", name, settings=environment).returncode == 0


@pytest.fixture
def bus() -> Iterator[SimulatedBus]:
    with SimulatedBus(packaged(".")) as running:
        yield running


def test_what_the_receiver_has_is_what_the_register_has_whoever_dies(
    cluster: Cluster, bus: SimulatedBus, ca: TestCa, request: pytest.FixtureRequest
) -> None:
    seconds = request.config.getoption("--chaos") or SECONDS
    url = cluster.nodes[0].database_url
    # What other tests have left to be sent goes first, and does not count.
    until_all_is_sent(url)
    before = count(url, "SELECT count(*) FROM outbox WHERE state = 'DELIVERED'")
    bus.channel.forget()
    begun = datetime.now(UTC)
    ends_at = time.monotonic() + seconds
    with Senders(cluster, ca) as senders:
        while time.monotonic() < ends_at:
            time.sleep(random.uniform(0.5, LONGEST_QUIET_SECONDS))
            cluster.kill(random.randrange(NODES))
    until_all_is_sent(url)

    assert senders.refused == []
    assert cluster.deaths > 0
    registered, amended = set(senders.registered), set(senders.amended)
    assert (len(registered), len(amended)) == (len(senders.registered), len(senders.amended))
    query = (
        "SELECT id::text, version FROM contract"
        " WHERE id IN (SELECT contract_id FROM outbox WHERE created_at >= %s)"
    )
    made = rows(url, query, begun)
    assert dict(made) == {each: 1 + (each in amended) for each in registered}
    # Of each entry each of the two subscribers was told, and of one contract in order.
    told = 2 * (len(registered) + len(amended))
    assert count(url, "SELECT count(*) FROM outbox WHERE state = 'DELIVERED'") - before == told
    assert len(delivered(bus)) == told
    assert out_of_order(bus, messages(url)) == []
    # Each period's turn was taken once, and every period was taken: in all of them some node lived.
    query = "SELECT period FROM job_turn WHERE job = 'outbox upkeep' AND period BETWEEN %s AND %s ORDER BY 1"
    turns = rows(url, query, begun, datetime.now(UTC))
    gaps = [later - sooner for (sooner,), (later,) in itertools.pairwise(turns)]
    assert all(gap == PERIOD for gap in gaps), gaps
    with connect_now(url) as connection:
        assert verify(connection).findings == []
    counted = (
        f"{cluster.deaths} deaths, {len(registered)} contracts, {told} notifications, {len(turns)} turns"
    )
    request.config.get_terminal_writer().line(f"\n{counted}")


def until_all_is_sent(url: str) -> None:
    """However much waits: what must not be is that nothing more of it goes out."""
    waiting = count(url, WAITING)
    while waiting:
        before = waiting

        def fewer(than: int = before) -> bool:
            return count(url, WAITING) < than

        until(fewer, seconds=90)
        waiting = count(url, WAITING)


def messages(url: str) -> dict[str, tuple[str, str, int]]:
    """Our id → where to, about which contract, which version."""
    found = rows(url, "SELECT id::text, destination, contract_id::text, version FROM outbox")
    return {each[0]: each[1:] for each in found}


def out_of_order(bus: SimulatedBus, messages: Mapping[str, tuple[str, str, int]]) -> list[str]:
    """Our ids of what was delivered after a later message about the same contract."""
    newest: dict[tuple[str, str], int] = {}
    late = []
    for our_id in delivered(bus):
        destination, contract_id, version = messages[our_id]
        if version < newest.get((destination, contract_id), 0):
            late.append(our_id)
        newest[destination, contract_id] = version
    return late


def rows(url: str, query: Any, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query, values).fetchall()


def count(url: str, query: str) -> int:
    return int(rows(url, query)[0][0])
