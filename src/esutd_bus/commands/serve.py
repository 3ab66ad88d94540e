"""`esutd-bus serve`: database, migrations, workers, graceful stop."""

from __future__ import annotations

import json
import os
import resource
import socket
import tempfile
from pathlib import Path

import click

from esutd_bus.commands.database import bring_up_to_date, database
from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.commands.revocation import first_look
from esutd_bus.commands.work_beside import work_beside
from esutd_bus.edge.http_server import HttpServer
from esutd_bus.edge.metrics_folder import open_metrics_folder
from esutd_bus.logs import configure_logs
from esutd_bus.own_keys import ConfigurationError, open_keys
from esutd_bus.signature.keys import KeyFileError
from esutd_bus.signature.trust import TrustError, TrustStore
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.testbed.test_partners import record_test_partners

MOST_FILES = 65_536
"""That a worker may have open, if the system allows."""


@click.command()
@click.option("--host", help="Address to listen on.  [ESUTD_HOST, 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.  [ESUTD_PORT, 8080]")
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes.  [ESUTD_WORKERS, 2]")
@click.option(
    "--test-ca",
    type=click.Path(file_okay=False, path_type=Path),
    help="For trying out only: believe the test CA of this folder (made if absent) and sentAt, know its partners.",
)
def serve(host: str | None, port: int | None, workers: int | None, test_ca: Path | None) -> None:
    """Serve the register's SOAP services.

    Starts PostgreSQL from the wheel unless ESUTD_DATABASE_URL names a server, brings the tables up to date, and
    runs the workers, and `work` beside them; a process that dies is started again. SIGTERM or Ctrl-C ends it
    gracefully: what is under way is finished, nothing acknowledged is lost.

    \b
      ESUTD_TRUST_DIR   folder with the CA certificates (PEM, DER) to believe
      ESUTD_CRL_URLS, ESUTD_OCSP_URLS  revocation lists and responders, as JSON
      ESUTD_PUBLIC_URL  the address that ?wsdl names
      ESUTD_BUS_SYNC_URL  the bus's synchronous channel: state registries are behind it
    """
    ca = TestCa.ensure(test_ca) if test_ca is not None else None
    if ca is not None:
        os.environ["ESUTD_TRUST_DIR"] = str(ca.trust_dir)
        os.environ.setdefault("ESUTD_BELIEVE_SENT_AT", "true")
        os.environ.setdefault("ESUTD_CRL_URLS", json.dumps(ca.list_urls))
    given = {"ESUTD_HOST": host, "ESUTD_PORT": port, "ESUTD_WORKERS": workers}
    os.environ |= {name: str(value) for name, value in given.items() if value is not None}
    settings = given_settings()
    configure_logs(settings.log_level, settings.log_format)
    if settings.trust_dir is None:
        raise EnvironmentFault(
            "ESUTD_TRUST_DIR is not set: name a folder with the CA certificates to believe"
        )
    try:
        TrustStore.from_directory(settings.trust_dir)
        open_keys(settings).close()
        _port_is_free(settings.host, settings.port)
    except (TrustError, KeyFileError, ConfigurationError, OSError) as error:
        raise EnvironmentFault(str(error)) from error
    with database(settings) as url, tempfile.TemporaryDirectory(prefix="esutd-bus-metrics-") as metrics:
        open_metrics_folder(Path(metrics))
        for line in bring_up_to_date(settings, url):
            click.echo(line, err=True)
        if ca is not None and (count := record_test_partners(url, ca)):
            click.echo(f"recorded {count} partners of the test CA", err=True)
        first_look(settings, url)
        # The workers are processes of their own and read the settings anew.
        os.environ["ESUTD_DATABASE_URL"] = url
        os.environ["ESUTD_PUBLIC_URL"] = settings.public_address
        click.echo(f"serving {settings.public_address} with {settings.workers} workers", err=True)
        server = HttpServer(
            "esutd_bus.edge.asgi:application",
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            worker_megabytes=settings.worker_max_megabytes,
        )
        _may_hold_many_connections()
        with work_beside(settings):
            server.run()


def _may_hold_many_connections() -> None:
    """Each is an open file, and an idle one would keep the next one waiting without a word."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))


def _port_is_free(host: str, port: int) -> None:
    """Raises OSError, where somebody listens: the workers' own listeners would share the port with them."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(f"cannot listen on {host}:{port}: {error.strerror}") from error
