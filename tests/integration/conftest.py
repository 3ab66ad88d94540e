from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from outbox_at_work import OutboxAtWork, at_work
from store_works import TABLES
from structlog.testing import capture_logs

from esutd_bus.settings import packaged
from esutd_bus.store.schema import upgrade
from esutd_bus.testbed.simulated_bus import SimulatedBus
from esutd_bus.testbed.test_ca import TestCa
from support.breaking import is_new
from support.databases import create_database
from support.services import Service

TEMPLATE = "esutd_store"


@pytest.fixture(scope="session")
def migrated(postgres: str) -> str:
    """The name of a database with all tables and no rows, to be copied."""
    assert upgrade(create_database(postgres, TEMPLATE), TABLES.values())
    return TEMPLATE


@pytest.fixture
def database(postgres: str, migrated: str) -> str:
    """The URL of a database of the test's own."""
    return create_database(postgres, "esutd_store_test", copy_of=migrated)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged meanwhile."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture(scope="session")
def running_bus() -> Iterator[SimulatedBus]:
    """The simulated bus; it keeps ids, and can be made to fail."""
    with SimulatedBus(packaged(".")) as running:
        yield running


@pytest.fixture
def bus(running_bus: SimulatedBus) -> SimulatedBus:
    """The simulated bus, which nobody has called yet, and on which nothing goes wrong yet."""
    is_new(running_bus)
    return running_bus


@pytest.fixture(scope="session")
def delivering_bus(asgi: Service, ca: TestCa) -> Iterator[SimulatedBus]:
    """One that delivers to the running service itself."""
    address = f"{asgi.url}/shep/async"
    with SimulatedBus(packaged("."), key=ca.identity("bus"), deliver_to=address) as running:
        yield running


@pytest.fixture
def shep(delivering_bus: SimulatedBus) -> SimulatedBus:
    """That one, which nobody has called yet, and on which nothing goes wrong yet."""
    is_new(delivering_bus)
    return delivering_bus


@pytest.fixture
def node(asgi: Service, shep: SimulatedBus) -> Iterator[OutboxAtWork]:
    """The job «outbox» on the running service's database."""
    with at_work(asgi.database_url, shep.async_url) as working:
        yield working


@pytest.fixture
def work(database: str, bus: SimulatedBus) -> Iterator[OutboxAtWork]:
    """The job «outbox» on a database of the test's own, and that bus."""
    with at_work(database, bus.async_url) as made:
        yield made
