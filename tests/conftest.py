"""What every kind of test stands on: a real PostgreSQL, a test CA, a simulated registry, running services."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from esutd_bus.commands.database import bring_up_to_date
from esutd_bus.settings import Settings, packaged
from esutd_bus.store.embedded import EmbeddedPostgres
from esutd_bus.testbed.ca_server import CaServer
from esutd_bus.testbed.registry_settings import registry_settings
from esutd_bus.testbed.simulated_bus import SimulatedBus
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.testbed.test_partners import record_test_partners
from support.attacks.attack import Attestors, Forge
from support.databases import NewDatabase, create_database, without_fsync
from support.fuzzing import MESSAGES, SEED, Budget
from support.services import Service, asgi_service, wsgi_service
from support.unhurried import try_unhurriedly

ROOT = Path(__file__).parents[1]

try_unhurriedly()

GIVEN_SERVER = "ESUTD_TEST_DATABASE_URL"
"""A PostgreSQL server on which the tests may create databases; absent: the embedded one."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz", type=int, metavar="N", help=f"mutated messages that fuzzing tries (default: {MESSAGES})"
    )
    parser.addoption(
        "--model", type=int, metavar="N", help="sequences of entries that the model of the orders tries"
    )
    parser.addoption(
        "--every-crash",
        action="store_true",
        help="all crashes and more breakage of the outbox",
    )
    parser.addoption("--chaos", type=float, metavar="SECONDS", help="how long nodes are killed under load")
    parser.addoption(
        "--whole-catalogue",
        action="store_true",
        help="every fixture in process and by the bus, not one of each code",
    )
    parser.addoption("--fuzz-seed", default=SEED, metavar="SEED", help="another seed makes other mutations")


LONG = (
    "interop/test_stock_clients.py", "acceptance/test_chaos.py", "integration/test_country.py",
    "unit/test_clause_mutations.py", "acceptance/test_fixture_answers.py", "integration/test_orders_hold.py",
    "acceptance/test_keys_of_the_service.py", "acceptance/test_revoked_certificates.py",
    "acceptance/hostile/test_hostile.py", "acceptance/test_operating.py", "acceptance/attacks/test_attacks.py",
    "unit/signature/test_controls_matter.py", "integration/test_refresh_trust.py",
    "integration/test_load_benchmarks.py", "acceptance/test_kept_safe.py", "acceptance/test_simulated_faults.py",
    "integration/test_throughput_benchmark.py", "integration/test_batches_beside_singles.py",
    "acceptance/test_batches.py", "integration/test_outbox_crashes.py",
)  # fmt: skip
"""The files that take longest, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files go first: the short ones are what keeps all test processes busy until the end."""
    turns = {Path(__file__).parent / name: turn for turn, name in enumerate(LONG)}
    items.sort(key=lambda item: turns.get(item.path, len(LONG)))


@pytest.fixture(scope="session")
def fuzz_budget(request: pytest.FixtureRequest) -> Budget:
    """How much fuzzing is asked for."""
    asked = request.config.getoption("--fuzz")
    return Budget(asked or MESSAGES, request.config.getoption("--fuzz-seed"), told=asked is not None)


@pytest.fixture(scope="session")
def session_folder() -> Iterator[Path]:
    """A folder that another user (PostgreSQL's, where the tests run as root) can reach; pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="esutd-test-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def postgres(session_folder: Path) -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    given = os.environ.get(GIVEN_SERVER)
    if given:
        yield given
        return
    embedded = EmbeddedPostgres(session_folder)
    url = embedded.start()
    without_fsync(url)
    yield url
    embedded.stop()


@pytest.fixture(scope="session")
def new_database(postgres: str) -> NewDatabase:
    """Makes databases that are up to date: tables, and the packaged dictionaries; migrated once, then copied."""
    template = "esutd_up_to_date"
    bring_up_to_date(Settings(), create_database(postgres, template))
    return lambda name: create_database(postgres, name, copy_of=template)


@pytest.fixture(scope="session")
def ca(session_folder: Path) -> TestCa:
    """The test CA with its named identities."""
    return TestCa.ensure(session_folder / "ca")


@pytest.fixture(scope="session")
def newer_ca(session_folder: Path) -> TestCa:
    """Another one, whose keys are a day newer."""
    return TestCa.create(session_folder / "newer-ca", now=datetime.now(UTC) + timedelta(days=1))


@pytest.fixture(scope="session")
def forge(ca: TestCa) -> Forge:
    """What attacks are made with; their good message is never sent itself."""
    return Forge(ca, Attestors.make())


@pytest.fixture(scope="session")
def registry(ca: TestCa) -> Iterator[SimulatedBus]:
    """The simulated state registries behind the bus."""
    with SimulatedBus(contracts=packaged("."), key=ca.identity("bus")) as simulated:
        yield simulated


@pytest.fixture(scope="session")
def ca_server(ca: TestCa) -> Iterator[CaServer]:
    """The test CA's revocation lists and OCSP responder."""
    with CaServer(ca) as server:
        yield server


@pytest.fixture(scope="session")
def service_environment(
    new_database: NewDatabase, ca: TestCa, ca_server: CaServer, registry: SimulatedBus
) -> dict[str, str]:
    """The settings both bindings serve with: the same database, trust and registry."""
    return {
        "ESUTD_DATABASE_URL": new_database("esutd_acceptance"),
        "ESUTD_TRUST_DIR": str(ca.trust_dir),
        "ESUTD_CRL_URLS": json.dumps(ca_server.list_urls),
        **registry_settings(ca, registry.sync_url),
        "ESUTD_UPSTREAM_DEADLINE_SECONDS": "2",
        "ESUTD_BODY_TIMEOUT_SECONDS": "3",
        "ESUTD_LOG_LEVEL": "WARNING",
        "ESUTD_BELIEVE_SENT_AT": "true",
    }


@pytest.fixture(scope="session")
def asgi(service_environment: dict[str, str], session_folder: Path, ca: TestCa) -> Iterator[Service]:
    """The service behind granian; the test CA's partners are recorded."""
    with asgi_service(service_environment, session_folder / "asgi.log") as running:
        record_test_partners(running.database_url, ca)
        yield running


@pytest.fixture(scope="session")
def wsgi(asgi: Service, service_environment: dict[str, str], session_folder: Path) -> Iterator[Service]:
    """The service behind gunicorn and spyne; on the database that the first one has brought up to date."""
    del asgi
    with wsgi_service(service_environment, session_folder / "wsgi.log") as running:
        yield running


@pytest.fixture(scope="session", params=["asgi", "wsgi"])
def service(request: pytest.FixtureRequest) -> Service:
    """Each of the two bindings."""
    running: Service = request.getfixturevalue(request.param)
    return running


@pytest.fixture(scope="session")
def service_url(service: Service) -> str:
    """The base address of each of the two bindings."""
    return service.url
