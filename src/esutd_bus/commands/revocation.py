"""`esutd-bus revocation`: what is known of revoked certificates, and how fresh it is."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import psycopg
from rich.console import Console
from rich.table import Table

from esutd_bus.commands.database import connection
from esutd_bus.commands.exits import ENVIRONMENT, EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.revocation_memory import SEEN_LATELY
from esutd_bus.settings import Settings
from esutd_bus.signature.trust import TrustError
from esutd_bus.store import certificate_statuses, revocation_lists

if TYPE_CHECKING:
    from esutd_bus.store.revocation_lists import ListState
    from esutd_bus.work.refresh_trust import RefreshTrust

WIDTH_OF_A_FILE = 180
"""Columns of the table where it goes into a file or a pipe."""

TURNS = 60
"""So many seconds another node may be at it."""


@click.group()
def revocation() -> None:
    """Revocation lists and OCSP answers: what is known, how fresh it is."""


@revocation.command("status")
def status() -> None:
    """Show the list of each address, and what the responders say of the certificates in use."""
    settings = given_settings()
    with connection(settings) as opened:
        _show(opened, settings)


@revocation.command("refresh")
def refresh() -> None:
    """Fetch all lists now, and have the responders asked anew about all certificates in use.

    Running nodes judge by what came some seconds later. Exit code 3 if a list did not come.
    """
    settings = given_settings()
    job = _job(settings)
    with connection(settings) as opened:
        opened.autocommit = True
        for _ in range(TURNS):
            if job.everything(opened):
                break
            time.sleep(1)
        else:
            raise EnvironmentFault("another node refreshes, and does not come to an end")
        lists = _show(opened, settings)
    if any(one.failures for one in lists):
        raise SystemExit(ENVIRONMENT)


def first_look(settings: Settings, database_url: str) -> None:
    """Fetches the lists that were never fetched, before the first message. A list that does not come stops nothing."""
    from esutd_bus.store.connection import connect_now  # noqa: PLC0415
    from esutd_bus.work.refresh_trust import RefreshTrust  # noqa: PLC0415
    from esutd_bus.work.sources import Sources  # noqa: PLC0415

    sources = Sources.of(settings)
    if sources is not None:
        with connect_now(database_url) as opened:
            opened.autocommit = True
            RefreshTrust(settings, sources).what_was_never_fetched(opened)


def _job(settings: Settings) -> RefreshTrust:
    from esutd_bus.work.refresh_trust import RefreshTrust  # noqa: PLC0415  # status needs no network
    from esutd_bus.work.sources import Sources  # noqa: PLC0415

    try:
        sources = Sources.of(settings)
    except TrustError as error:
        raise EnvironmentFault(str(error)) from error
    if sources is None:
        raise EnvironmentFault("ESUTD_CRL_URLS and ESUTD_OCSP_URLS are not set, or ESUTD_REVOCATION is off")
    return RefreshTrust(settings, sources)


def _show(opened: psycopg.Connection[dict[str, Any]], settings: Settings) -> list[ListState]:
    now = datetime.now(UTC)
    lists = revocation_lists.states(opened, settings.crl_urls, now)
    table = Table(title=f"policy: {settings.revocation_policy}, grace: {settings.revocation_grace_hours:g} h")
    for heading in ("list", "kind", "number", "issued", "next due", "fetched", "last error"):
        table.add_column(heading, overflow="fold")
    for one in lists:
        is_late = one.next_update is not None and one.next_update < now
        table.add_row(
            one.url,
            one.kind or "—",
            str(one.crl_number or "—"),
            _told(one.this_update),
            _told(one.next_update) + (" (late)" if is_late else ""),
            _told(one.fetched_at),
            f"{one.last_error} ({one.failures} times, last {_told(one.tried_at)})" if one.last_error else "",
        )
    Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE).print(table)
    if settings.ocsp_urls:
        found = certificate_statuses.counts(opened, now - SEEN_LATELY)
        click.echo(
            f"{found['certificates']} certificates in use: {found['good']} good, {found['revoked']} revoked,"
            f" {found['failing']} could not be asked about"
            + (f" (the last time: {found['last_error']})" if found["last_error"] else "")
        )
    return lists


def _told(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "—"
