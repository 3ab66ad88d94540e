"""`esutd-bus demo`: the whole thing on one machine, with invented people, in one go."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from esutd_bus.commands.exits import DIFFERENCE
from esutd_bus.commands.invented_world import World, invented_world
from esutd_bus.settings import packaged
from esutd_bus.store.connection import connect_now
from esutd_bus.store.verification import verify
from esutd_bus.testbed.replay import Result, chosen_fixtures, send_all
from esutd_bus.testbed.replay_report import table
from esutd_bus.testbed.stage import open_stage
from esutd_bus.testbed.test_ca import TestCa

SHOWN_CONTRACTS = 3
DELIVERED_WITHIN_SECONDS = 60.0
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

_CAME_BY_THE_BUS = """
SELECT b.service_id, b.bus_message_id, b.operation, a.code, m.id
FROM bus_message b JOIN message m ON m.id = b.message_id
LEFT JOIN message a ON a.reply_to = m.id AND a.direction = 'out' AND a.status IS NOT NULL
ORDER BY m.id
"""


@click.command()
@click.option(
    "--fixtures", type=click.Path(exists=True, path_type=Path), help="Other fixtures than the built-in ones."
)
@click.option("--keep", is_flag=True, help="Keep the demo's folder (database, keys, service.log).")
def demo(fixtures: Path | None, keep: bool) -> None:
    """Show the whole way of a message, on this machine, with invented people.

    Starts PostgreSQL, the service and the simulated bus; replays the fixtures as signed SOAP envelopes
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
    console.rule("1 · Starting: test CA, PostgreSQL, simulated bus, service")
    ca = TestCa.ensure(folder / "ca")
    console.print(f"test CA with {len(ca.names())} identities")
    with invented_world(folder, ca, console.print) as world:
        console.rule("2 · Messages and answers")
        results = _replay(console, world, folder / "ca", fixtures)
        console.print(table(results))
        console.rule("3 · History of contracts, from the database")
        _histories(console, world.database_url)
        console.rule("4 · The bus, both ways")
        waiting = _by_the_bus(console, world)
        console.rule("5 · The journal")
        with connect_now(world.database_url) as connection:
            result = verify(connection)
        for finding in result.findings:
            console.print(f"[red]{finding.place}: {finding.what}")
        verdict = "whole" if result.whole else "broken"
        console.print(f"{result.records} records in {result.chains} chains, {result.seals} seals: {verdict}")
    return sum(not one.as_expected for one in results) + len(result.findings) + waiting


def _replay(console: Console, world: World, ca: Path, fixtures: Path) -> list[Result]:
    catalogue, order = chosen_fixtures([fixtures])
    stage = open_stage(world.endpoint, ca, bus_page=world.bus.page_url)
    with Progress(*Progress.get_default_columns(), console=console, transient=True) as progress:
        task = progress.add_task("sending", total=len(order))
        return [
            exchange.result
            for exchange in send_all(catalogue, order, stage, on_result=lambda _: progress.advance(task))
        ]


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


def _by_the_bus(console: Console, world: World) -> int:
    """What came in the bus's wrapper, and what went out by it; how many messages were not delivered."""
    with connect_now(world.database_url) as connection:
        came = connection.execute(_CAME_BY_THE_BUS).fetchall()
    shown = Table(title="came by SendMessage", title_justify="left", pad_edge=False)
    for heading in ("serviceId", "messageId of the sender", "operation", "answer", "message"):
        shown.add_column(heading, overflow="fold")
    for row in came:
        shown.add_row(
            *(str(row[name]) for name in ("service_id", "bus_message_id", "operation", "code", "id"))
        )
    console.print(shown)
    waiting = _await_delivery(world.database_url)
    shown = Table(title="went out, as the simulated bus has it", title_justify="left", pad_edge=False)
    for heading in ("type", "serviceId", "state", "came", "messages"):
        shown.add_column(heading, overflow="fold")
    alike = Counter((one.type, one.service_id, str(one.state), f"{one.count}x") for one in world.bus.received)
    for told, count in alike.items():
        shown.add_row(*told, str(count))
    console.print(shown)
    if waiting:
        console.print(f"[red]{waiting} messages wait still: esutd-bus outbox list would say why")
    return waiting


def _await_delivery(url: str) -> int:
    """Until the outbox has nothing to do, or for too long; how many messages it has not delivered."""
    deadline = time.monotonic() + DELIVERED_WITHIN_SECONDS
    while True:
        with connect_now(url) as connection:
            left = connection.execute(
                "SELECT count(*) AS left FROM outbox WHERE state <> 'DELIVERED'"
            ).fetchone()
        waiting = int(left["left"]) if left else 0
        if not waiting or time.monotonic() > deadline:
            return waiting
        time.sleep(0.5)


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
