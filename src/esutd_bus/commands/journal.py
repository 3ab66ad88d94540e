"""`esutd-bus journal`: what came, what went, and proof that nobody touched it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table

from esutd_bus.commands.database import connection
from esutd_bus.commands.exits import DIFFERENCE, EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.commands.journal_archive import archive, unlike_archive
from esutd_bus.commands.journal_export import export
from esutd_bus.commands.journal_files import verified_files
from esutd_bus.logs import mask
from esutd_bus.register.names import Language
from esutd_bus.safekeeping.bundle import restore_body
from esutd_bus.store import messages, verification

WIDTH_OF_A_FILE = 180
"""Columns of the table where it goes into a file or a pipe."""


@click.group()
def journal() -> None:
    """The journal: the exact bytes of every message, chained by hash."""


@journal.command("show")
@click.argument("message_id", type=click.UUID, required=False)
@click.option("--sender", help="BIN or IIN of the verified certificate.")
@click.option("--request-id", type=click.UUID, help="The sender's requestId.")
@click.option("--operation", help="RegisterContract, …")
@click.option("--code", help="Messages answered with this code (SCSE014, SCSS001).")
@click.option("--since", type=click.DateTime(), help="From this moment (UTC).")
@click.option("--until", type=click.DateTime(), help="Before this moment (UTC).")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000))
def show(
    message_id: UUID | None, since: datetime | None, until: datetime | None, limit: int, **wanted: Any
) -> None:
    """Show the newest messages, or everything about MESSAGE_ID.

    MESSAGE_ID is the messageId of a receipt or the correlationId of a fault.
    """
    settings = given_settings()
    with connection(settings) as opened:
        if message_id is not None:
            rows = messages.conversation(opened, message_id)
            for row in rows:
                restore_body(opened, settings.archive_dir, row)
            _conversation(rows, message_id)
            return
        found = messages.find(opened, messages.Filter(since=since, until=until, **wanted), limit)
    table = Table(title=f"{len(found)} messages, newest first")
    for heading in ("message", "received", "operation", "sender", "request", "answer", "bytes"):
        # Ids are there to be copied.
        table.add_column(heading, overflow="fold", no_wrap=heading in ("message", "request"))
    for row in found:
        table.add_row(
            str(row["id"]),
            f"{row['recorded_at']:%Y-%m-%d %H:%M:%S}",
            row["operation"] or row["service"],
            mask(row["sender"] or "—"),
            str(row["request_id"] or "—"),
            f"{row['code']} ({row['status']})",
            "archived" if row["bytes"] is None else str(row["bytes"]),
        )
    Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE).print(table)


def _conversation(rows: list[dict[str, Any]], message_id: UUID) -> None:
    if not rows:
        raise EnvironmentFault(f"the journal has no message {message_id}")
    for row in rows:
        arrow = "→ in " if row["direction"] == "in" else "← out"
        head = f"{arrow} {row['recorded_at'].isoformat()}  {row['channel']}  {row['service']}.{row['operation'] or '?'}"
        click.secho(f"{head}  {row['code'] or ''} {row['status'] or ''}", bold=True)
        click.echo(
            f"  {row['id']}  chain {row['chain']}, record {row['seq']}, sha256 {bytes(row['body_sha256']).hex()}"
        )
        if row["report"]:
            _signatures(row["report"])
        click.echo(
            bytes(row["body"]).decode("utf-8", "replace") if row["body"] is not None else "  (archived)"
        )


def _signatures(report: Mapping[str, Any]) -> None:
    """A line for each signature; records of before there could be several hold the only one's report itself."""
    for signature in report.get("signatures", [report]):
        where = (
            f"{signature['profile']}, {signature['position']}"
            if "position" in signature
            else signature["profile"]
        )
        verdict = "valid" if signature["valid"] else "refused"
        click.echo(f"  signature ({where}): {verdict}")
        for status in signature.get("revocation", ()):
            source = f", {status['source']} of {status['as_of']}" if status["source"] else ""
            click.echo(f"    revocation {status['state']}: {mask(status['subject'])}{source}")
    if not report["valid"]:
        section = f" [{report['section']}]" if report.get("section") else ""
        click.echo(f"  refused: {report['reason']} ({report['detail']}){section}")


@journal.command("verify")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--trust",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Of a bundle: the folder with the CA certificates to believe.  [ESUTD_TRUST_DIR]",
)
@click.option(
    "--with-archive", is_flag=True, help="Also every slice in ESUTD_ARCHIVE_DIR, beside the database."
)
@click.option("--language", type=click.Choice(["ru", "en"]), default="ru", show_default=True)
def verify(files: tuple[Path, ...], trust: Path | None, with_archive: bool, language: Language) -> None:
    """Prove that no record was changed, removed or exchanged.

    Without FILES: walks every chain and the seals over them in one snapshot; nodes may go on serving meanwhile. With
    FILES, bundles (`journal export`) and slices (`journal archive`): checks these, without the database; slices of one
    chain must follow from each other. Exit code 1 and the place, where something is not as it was written.
    """
    settings = given_settings()
    if files:
        if not verified_files(files, settings, trust, language):
            raise SystemExit(DIFFERENCE)
        return
    with connection(settings) as opened:
        result = verification.verify(opened)
    lost = unlike_archive(result.slices, settings) if with_archive else []
    for finding in [*result.findings, *lost]:
        click.secho(f"{finding.place}: {finding.what}", fg="red")
    told = f"{result.records} records in {result.chains} chains, {result.seals} seals"
    if result.archived:
        told += f", bytes of {result.archived} records in {len(result.slices)} slices"
    if result.last_seal is not None:
        # Written down elsewhere, it shows that no seals were taken from the end.
        told += f", the last {result.last_seal}"
    if findings := len(result.findings) + len(lost):
        click.echo(f"the journal is broken: {findings} findings ({told})")
        raise SystemExit(DIFFERENCE)
    click.echo(f"the journal is whole: {told}")


journal.add_command(export)
journal.add_command(archive)
