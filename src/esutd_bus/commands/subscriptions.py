"""`esutd-bus subscriptions`: who is told by the bus of which entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
from rich.table import Table

from esutd_bus.commands.database import connection
from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.commands.parameters import Number
from esutd_bus.commands.partners import console, operator, print_json
from esutd_bus.mapping.document import MappingError
from esutd_bus.mapping.outgoing import compile_outgoing
from esutd_bus.settings import packaged
from esutd_bus.store import subscription_desk
from esutd_bus.store.subscription_desk import SubscriptionDesk, SubscriptionError

_by = click.option("--by", help="Who answers for the change; by default the user of the operating system.")


@click.group()
def subscriptions() -> None:
    """Subscriptions: who is told by the bus when a contract's history gets an entry.

    Running nodes follow every change with their next message, and every change is kept with who made it.
    """


@subscriptions.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_command(*, as_json: bool) -> None:
    """List the subscriptions."""
    with connection(given_settings()) as opened:
        rows = subscription_desk.entries(opened)
    if as_json:
        print_json(rows)
        return
    table = Table(title=f"{len(rows)} subscriptions")
    for heading in ("name", "subscriber", "serviceId", "contracts of", "entries"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        employer = row["employer"] or "all employers"
        table.add_row(row["name"], row["subscriber"], row["service_id"], employer, ", ".join(row["events"]))
    console().print(table)


@subscriptions.command("add")
@click.argument("name")
@click.option("--subscriber", type=Number(), required=True, help="Who wants to know: a portal's, say.")
@click.option("--service-id", required=True, help="The interaction by which the bus brings it there.")
@click.option(
    "--employer", type=Number(), help="Entries about this employer's contracts; by default everybody's."
)
@click.option(
    "--event",
    "events",
    multiple=True,
    help="Entries of these kinds (ContractRegistered, …); by default all that a mapping tells of.",
)
@_by
def add(
    name: str, subscriber: str, service_id: str, employer: str | None, events: Sequence[str], by: str | None
) -> None:
    """Tell a subscriber of entries, from the next one on.

    \b
      esutd-bus subscriptions add portal --subscriber 020140000016 --service-id CONTRACT_EVENTS
      esutd-bus subscriptions add own --subscriber 990440000385 --employer 990440000385 --service-id HR_EVENTS
    """
    known = _known_events()
    unknown = [event for event in events if event not in known]
    if unknown:
        raise click.UsageError(f"no message tells of {unknown[0]} (known: {', '.join(known)})")
    with _desk(by) as desk:
        desk.add(name, subscriber, service_id, employer, events or known)
    click.echo(f"{subscriber} is told by {service_id}: {name}")


@subscriptions.command("remove")
@click.argument("name")
@_by
def remove(name: str, by: str | None) -> None:
    """Tell a subscriber no more. What is to be sent already is still sent (`esutd-bus outbox`)."""
    with _desk(by) as desk:
        desk.remove(name)
    click.echo(f"{name} is removed")


@contextmanager
def _desk(by: str | None) -> Iterator[SubscriptionDesk]:
    with connection(given_settings()) as opened:
        try:
            yield SubscriptionDesk(opened, by or operator())
        except SubscriptionError as error:
            raise EnvironmentFault(str(error)) from error


def _known_events() -> Sequence[str]:
    try:
        return sorted(compile_outgoing(given_settings().contract_folder, packaged("mappings")))
    except MappingError as error:
        raise EnvironmentFault(str(error)) from error
