"""`esutd-bus outbox`: what is to be sent by the bus, why it waits, and what an operator may do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import click
from rich.table import Table

from esutd_bus.commands.database import connection
from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.commands.outgoing import waits_for
from esutd_bus.commands.partners import console, operator, print_json
from esutd_bus.store import outbox_desk
from esutd_bus.store.outbox import Connection
from esutd_bus.store.outbox_state import OutboxState

LIMIT = 100

_by = click.option("--by", help="Who answers for it; by default the user of the operating system.")
_note = click.option("--note", help="Why.")
_Change = Callable[[Connection, UUID, datetime, str, str | None], bool]


@click.group()
def outbox() -> None:
    """The outbox: what is to be sent by the bus.

    It is sent, asked about and given up by itself (`esutd-bus work`); states and what to do: docs/operators.ru.md.
    """


@outbox.command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in OutboxState], case_sensitive=False),
    help="Of these states; by default all that are not through, and dead letters.",
)
@click.option("--destination", help="To this destination alone.")
@click.option("--limit", type=click.IntRange(1), default=LIMIT, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_command(states: Sequence[str], destination: str | None, limit: int, *, as_json: bool) -> None:
    """List messages, the oldest first, with what each waits for."""
    with connection(given_settings()) as opened:
        rows = outbox_desk.messages(opened, states or None, destination, limit)
    now = datetime.now(UTC)
    if as_json:
        print_json([{**row, "waits_for": waits_for(row, now)} for row in rows])
        return
    table = Table(title=f"{len(rows)} messages")
    for heading in ("id", "state", "to", "what", "contract", "put out", "tries", "waits for"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "id")
    for row in rows:
        table.add_row(
            str(row["id"]),
            row["state"],
            row["destination"],
            f"{row['message_type']} {row['kind']}",
            f"{row['contract_id']} v{row['version']}" if row["contract_id"] else "",
            f"{row['created_at'].astimezone(UTC):%Y-%m-%d %H:%M:%S}",
            str(row["attempts"]),
            waits_for(row, now) or "",
        )
    console().print(table)


@outbox.command("requeue")
@click.argument("ids", nargs=-1, type=click.UUID)
@click.option("--dead", is_flag=True, help="All dead letters; with --destination those to it.")
@click.option("--destination", help="With --dead.")
@_note
@_by
def requeue(
    ids: Sequence[UUID], destination: str | None, note: str | None, by: str | None, *, dead: bool
) -> None:
    """Send dead or aborted messages after all, or waiting ones at once.

    They are what they were, with the same ids, and have their whole time again. Exit code 3 where one could not be.
    """
    if dead == bool(ids):
        raise click.UsageError("name messages, or --dead")
    if destination and not dead:
        raise click.UsageError("--destination is said with --dead")
    _change(ids, outbox_desk.requeue, "waits to be sent", note, by, dead_of=destination if dead else None)


@outbox.command("abort")
@click.argument("ids", nargs=-1, type=click.UUID, required=True)
@_note
@_by
def abort(ids: Sequence[UUID], note: str | None, by: str | None) -> None:
    """Send messages no more; what follows about the same contract goes on.

    Exit code 3 where one could not be: it is through already, or is being sent at this moment.
    """
    _change(ids, outbox_desk.abort, "is aborted", note, by)


def _change(
    ids: Sequence[UUID],
    change: _Change,
    done: str,
    note: str | None,
    by: str | None,
    dead_of: str | None = None,
) -> None:
    refused = 0
    with connection(given_settings()) as opened:
        opened.autocommit = True
        for each in ids or outbox_desk.dead(opened, dead_of):
            with opened.transaction():
                changed = change(opened, each, datetime.now(UTC), by or operator(), note)
                found = outbox_desk.state(opened, each)
            if changed:
                click.echo(f"{each} {done}")
                continue
            refused += 1
            told = f"stays {found['state']}" if found else "is not in the outbox"
            click.echo(f"{each} {told}", err=True)
    if refused:
        raise EnvironmentFault(f"{refused} could not be changed")
