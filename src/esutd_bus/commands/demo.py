"""`esutd-bus demo`: the whole thing on one machine, with invented people, in one go."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import requests
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from esutd_bus.commands.exits import DIFFERENCE, EnvironmentFault
from esutd_bus.settings import packaged
from esutd_bus.store.connection import connect_now
from esutd_bus.store.embedded import EmbeddedPostgres
from esutd_bus.store.verification import verify
from esutd_bus.testbed.ca_server import CaServer
from esutd_bus.testbed.replay import Result, chosen_fixtures, send_all
from esutd_bus.testbed.replay_report import table
from esutd_bus.testbed.simulated_registry import SimulatedRegistry
from esutd_bus.testbed.stage import open_stage
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.testbed.test_partners import record_test_partners

READY_WITHIN_SECONDS = 60.0
UPSTREAM_DEADLINE_SECONDS = 2
"""One of the invented people never gets an answer: the demo need not wait long to show it."""

SHOWN_CONTRACTS = 3
WIDTH_OF_A_FILE = 150
"""Columns of the tables where they go into a file or a log."""

_HISTORY = """
SELECT c.number, c.employer, c.status, e.version, e.event, e.effective_on, e.due_on, e.days_late, e.message_id,
       e.changes
FROM contract c JOIN contract_event e ON e.contract_id = c.id
WHERE c.id IN (SELECT contract_id FROM contract_event WHERE event <> 'ContractRegistered'
               GROUP BY contract_id ORDER BY count(*) DESC, contract_id LIMIT %s)
ORDER BY c.id, e.version
"""


@click.command()
@click.option(
    "--fixtures", type=click.Path(exists=True, path_type=Path), help="Other fixtures than the built-in ones."
)
@click.option("--keep", is_flag=True, help="Keep the demo's folder (database, keys, service.log).")
def demo(fixtures: Path | None, keep: bool) -> None:
    """Show the whole way of a message, on this machine, with invented people.

    Starts PostgreSQL, the service and a simulated state registry; replays the fixtures as signed SOAP envelopes
    over HTTP; prints each message with its answer, the history of some contracts from the database, and what the
    journal says. Everything lies in a temporary folder and is gone afterwards.
    """
    folder = Path(tempfile.mkdtemp(prefix="esutd-demo-"))
    # PostgreSQL runs as a user of its own, where the demo is run by root.
    folder.chmod(0o755)
    console = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE)
    try:
        differing = _show(console, folder, fixtures or packaged("fixtures"))
    finally:
        if keep:
            console.print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    _how_to_go_on(console)
    if differing:
        raise SystemExit(DIFFERENCE)


def _show(console: Console, folder: Path, fixtures: Path) -> int:
    console.rule("1 · Starting: test CA, PostgreSQL, simulated registry, service")
    ca = TestCa.ensure(folder / "ca")
    console.print(f"test CA with {len(ca.names())} identities")
    embedded = EmbeddedPostgres(folder)
    url = embedded.start()
    try:
        console.print("PostgreSQL from the wheel is up")
        with SimulatedRegistry(packaged(".")) as registry, CaServer(ca) as revocation:
            console.print(f"revocation lists and OCSP responder of the test CA: {revocation.url}")
            console.print(f"simulated registry of individuals (ГБД ФЛ): {registry.url}")
            environment = {
                "ESUTD_DATABASE_URL": url,
                "ESUTD_TRUST_DIR": str(ca.trust_dir),
                "ESUTD_CRL_URLS": json.dumps(revocation.list_urls),
                "ESUTD_OCSP_URLS": json.dumps([revocation.ocsp_url]),
                "ESUTD_BUS_SYNC_URL": registry.url,
                "ESUTD_BELIEVE_SENT_AT": "true",
                "ESUTD_UPSTREAM_DEADLINE_SECONDS": str(UPSTREAM_DEADLINE_SECONDS),
            }
            with _service(environment, folder / "service.log") as endpoint:
                console.print(f"{record_test_partners(url, ca)} partners of the test CA recorded")
                paths = ("contracts", "personal-file", "cabinet")
                console.print(f"service: {', '.join(f'{endpoint}/soap/{path}?wsdl' for path in paths)}")
                console.rule("2 · Messages and answers")
                results = _replay(console, endpoint, folder / "ca", fixtures)
        console.print(table(results))
        console.rule("3 · History of contracts, from the database")
        _histories(console, url)
        console.rule("4 · The journal")
        with connect_now(url) as connection:
            result = verify(connection)
        for finding in result.findings:
            console.print(f"[red]{finding.place}: {finding.what}")
        verdict = "whole" if result.whole else "broken"
        console.print(f"{result.records} records in {result.chains} chains, {result.seals} seals: {verdict}")
    finally:
        embedded.stop()
    return sum(not result.as_expected for result in results) + len(result.findings)


def _replay(console: Console, endpoint: str, ca: Path, fixtures: Path) -> list[Result]:
    catalogue, order = chosen_fixtures([fixtures])
    stage = open_stage(endpoint, ca)
    with Progress(*Progress.get_default_columns(), console=console, transient=True) as progress:
        task = progress.add_task("sending", total=len(order))
        return [
            exchange.result
            for exchange in send_all(catalogue, order, stage, on_result=lambda _: progress.advance(task))
        ]


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


def _histories(console: Console, url: str) -> None:
    with connect_now(url) as connection:
        rows = connection.execute(_HISTORY, (SHOWN_CONTRACTS,)).fetchall()
    shown = Table(pad_edge=False)
    for heading in ("contract", "version", "event", "effective", "due", "late", "changed"):
        shown.add_column(heading, overflow="fold")
    for row in rows:
        shown.add_row(
            f"{row['number']}\n{row['employer']}, {row['status']}" if row["version"] == 1 else "",
            str(row["version"]),
            row["event"],
            str(row["effective_on"]),
            str(row["due_on"]),
            f"{row['days_late']} d" if row["days_late"] else "",
            _changes(row["changes"]) if row["version"] > 1 else "",
        )
    console.print(shown)


def _changes(changes: list[dict[str, Any]]) -> str:
    return "\n".join(f"{each['field']}: {each['before']} → {each['after']}" for each in changes)


def _how_to_go_on(console: Console) -> None:
    console.rule("How to keep it running")
    console.print(
        "  .venv/bin/esutd-bus serve --test-ca var/ca          the service, believing a test CA\n"
        "  .venv/bin/esutd-bus replay fixtures/ok/register --endpoint http://127.0.0.1:8080 --ca var/ca\n"
        "  .venv/bin/esutd-bus journal show                    what came, and what it was answered\n"
        "  .venv/bin/esutd-bus --help",
        highlight=False,
        soft_wrap=True,
    )
