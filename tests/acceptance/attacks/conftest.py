"""What is attacked: services of their own, with a database of their own, so that whatever gets in is seen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests

from esutd_bus.signature.certificates import read_certificate
from esutd_bus.store.connection import connect_now
from esutd_bus.store.partner_desk import PartnerDesk
from esutd_bus.testbed.ca_server import CaServer
from esutd_bus.testbed.simulated_bus import SimulatedBus
from esutd_bus.testbed.test_partners import record_test_partners
from support.attacks.attack import PROFILES, Forge
from support.databases import NewDatabase
from support.messages import CONTRACTS, EMPLOYER, PATHS, Reply, Send
from support.services import Service, asgi_service, esutd_bus, wsgi_service


@pytest.fixture(scope="session")
def attacked_environment(
    new_database: NewDatabase,
    forge: Forge,
    ca_server: CaServer,
    registry: SimulatedBus,
    session_folder: Path,
) -> dict[str, str]:
    """The settings of both bindings: they trust the authorities that certify whatever an attack asks them to, and
    take every profile from the employer whose messages are forged.
    """
    folder = Path(shutil.copytree(forge.ca.trust_dir, session_folder / "attacked-trust"))
    for number, attestor in enumerate(forge.attestors.all()):
        (folder / f"attestor-{number}.pem").write_bytes(attestor.pem)
    environment = {
        "ESUTD_DATABASE_URL": new_database("esutd_attacked"),
        "ESUTD_TRUST_DIR": str(folder),
        "ESUTD_CRL_URLS": json.dumps(ca_server.list_urls),
        "ESUTD_BUS_SYNC_URL": registry.sync_url,
        "ESUTD_LOG_LEVEL": "WARNING",
    }
    refreshed = esutd_bus("revocation", "refresh", settings=environment)
    assert refreshed.returncode == 0, refreshed.stderr
    record_test_partners(environment["ESUTD_DATABASE_URL"], forge.ca)
    with connect_now(environment["ESUTD_DATABASE_URL"]) as connection:
        desk = PartnerDesk(connection, "the attacks")
        desk.change(EMPLOYER, profiles=list(PROFILES))
        withdrawn = read_certificate(forge.attestors.withdrawn.der).summary
        desk.add_certificate(EMPLOYER, forge.attestors.withdrawn.der, withdrawn)
        desk.withdraw_certificate(EMPLOYER, withdrawn.fingerprint)
    return environment


@pytest.fixture(scope="session", params=["asgi", "wsgi"])
def service(
    request: pytest.FixtureRequest, attacked_environment: dict[str, str], session_folder: Path
) -> Iterator[Service]:
    """Each of the two bindings."""
    binding = {"asgi": asgi_service, "wsgi": wsgi_service}[request.param]
    with binding(attacked_environment, session_folder / f"attacked-{request.param}.log") as running:
        yield running


@pytest.fixture(scope="session")
def send(service: Service) -> Iterator[Send]:
    """Sends octets to one of the doors, over a connection that is kept."""
    with requests.Session() as session:

        def post(message: bytes, namespace: str = CONTRACTS) -> Reply:
            answer = session.post(
                service.url + PATHS[namespace],
                data=message,
                headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
                timeout=30,
            )
            return Reply(answer.status_code, answer.content, answer.headers)

        yield post


@pytest.fixture(scope="session")
def database(attacked_environment: dict[str, str]) -> Iterator[psycopg.Connection]:
    with psycopg.connect(attacked_environment["ESUTD_DATABASE_URL"], autocommit=True) as connection:
        yield connection
