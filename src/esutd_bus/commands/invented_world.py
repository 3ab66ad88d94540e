"""Everything a fixture needs, on this machine: PostgreSQL, the service, the simulated bus, a test CA's servers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.settings import packaged
from esutd_bus.store.connection import connect_now
from esutd_bus.store.embedded import EmbeddedPostgres
from esutd_bus.store.subscription_desk import SubscriptionDesk
from esutd_bus.testbed.ca_server import CaServer
from esutd_bus.testbed.registry_settings import registry_settings
from esutd_bus.testbed.simulated_bus import SimulatedBus
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.testbed.test_partners import record_test_partners

READY_WITHIN_SECONDS = 60.0
UPSTREAM_DEADLINE_SECONDS = 2
"""One of the invented people never gets an answer: nobody need wait long to see it."""

PORTAL = "020140000016"
TOLD = ("ContractTerminated", "EmployeeReinstated")
"""The entries that the portal is told of: few, so that they can be looked at."""


@dataclass(frozen=True, slots=True)
class World:
    """What runs."""

    endpoint: str
    """The service's base address."""

    database_url: str
    bus: SimulatedBus


@contextmanager
def invented_world(folder: Path, ca: TestCa, told: Callable[[str], object]) -> Iterator[World]:
    """The service with invented people, believing the test CA, until it is left. `told` hears what has come up.

    The database and the service's log lie in `folder`, which PostgreSQL's user must be able to enter.

    Raises:
        EnvironmentFault: the service does not start.
    """
    embedded = EmbeddedPostgres(folder)
    url = embedded.start()
    try:
        told("PostgreSQL from the wheel is up")
        with SimulatedBus(packaged("."), key=ca.identity("bus")) as bus, CaServer(ca) as revocation:
            told(f"revocation lists and OCSP responder of the test CA: {revocation.url}")
            told(f"simulated bus with the registries ГБД ФЛ, ГБД ЮЛ, КДП: {bus.sync_url}, {bus.async_url}")
            told(f"what the bus receives, and its faults: {bus.page_url}")
            environment = {
                "ESUTD_DATABASE_URL": url,
                "ESUTD_TRUST_DIR": str(ca.trust_dir),
                "ESUTD_CRL_URLS": json.dumps(revocation.list_urls),
                "ESUTD_OCSP_URLS": json.dumps([revocation.ocsp_url]),
                **registry_settings(ca, bus.sync_url),
                "ESUTD_BUS_ASYNC_URL": bus.async_url,
                "ESUTD_REGISTRY_CACHE_SECONDS": "0",  # what goes wrong upstream is to be met, not remembered away
                "ESUTD_BELIEVE_SENT_AT": "true",
                "ESUTD_UPSTREAM_DEADLINE_SECONDS": str(UPSTREAM_DEADLINE_SECONDS),
            }
            with _service(environment, folder / "service.log") as endpoint:
                told(f"{record_test_partners(url, ca)} partners of the test CA recorded")
                with connect_now(url) as connection:
                    SubscriptionDesk(connection, "demo").add("portal", PORTAL, "CONTRACT_EVENTS", None, TOLD)
                told(f"the portal {PORTAL} is told by the bus of {', '.join(TOLD)}")
                paths = ("contracts", "personal-file", "cabinet", "authority")
                told(f"service: {', '.join(f'{endpoint}/soap/{path}?wsdl' for path in paths)}")
                yield World(endpoint, url, bus)
    finally:
        embedded.stop()


@contextmanager
def _service(environment: dict[str, str], log: Path) -> Iterator[str]:
    """`esutd-bus serve` as a process of its own; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {name: value for name, value in os.environ.items() if not name.startswith("ESUTD_")}
    command = [sys.executable, "-m", "esutd_bus.cli", "serve", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env={**own, **environment}, stdout=output, stderr=output)  # noqa: S603
    endpoint = f"http://127.0.0.1:{port}"
    try:
        _await_ready(process, endpoint, log)
        yield endpoint
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _await_ready(process: subprocess.Popen[bytes], endpoint: str, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{endpoint}/ready", timeout=1).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise EnvironmentFault(f"the service does not start:\n{tail}")
