"""`esutd-bus explain`: a contract's timeline, a message's way."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime

import click
from rich.console import Console

from esutd_bus.commands.database import connection
from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.commands.explained import show_contract, show_message
from esutd_bus.commands.explanation import AsOf, Explainer
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.commands.parameters import Number
from esutd_bus.mapping.document import MappingError, read_documents
from esutd_bus.register.calendar import today
from esutd_bus.register.names import Language
from esutd_bus.settings import Settings, packaged
from esutd_bus.store import explaining

WIDTH_OF_A_FILE = 160
"""Columns of the tables where they go into a file or a pipe."""


@click.command()
@click.argument("called", metavar="ID")
@click.option(
    "--employer", type=Number(), help="Whose contract, where ID is its id at the sender's (externalId)."
)
@click.option(
    "--known-at", type=click.DateTime(), help="What was known at this moment (UTC); with a contract."
)
@click.option(
    "--held-on", type=click.DateTime(["%Y-%m-%d"]), help="… as it held on this day; with a contract."
)
@click.option("--language", type=click.Choice(["ru", "en"]), default="ru", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="JSON in place of tables.")
def explain(
    *,
    called: str,
    employer: str | None,
    known_at: datetime | None,
    held_on: datetime | None,
    language: Language,
    as_json: bool,
) -> None:
    """Tell the timeline of a contract, or the way of a message.

    ID is a contractId, an externalId, a messageId of a receipt (the correlationId of a fault), or a requestId, of
    which every message is told. Of a contract: each entry, since when it is known and from when it holds, by whom and
    by which message, under which clause, how late, and what it changed. Of a message: its signatures, its answer and
    why it was refused, what it wrote. IINs and BINs are masked.

    Exit codes: 0 told; 2 an externalId that several employers use (--employer); 3 nothing is known of ID.
    """
    settings = given_settings()
    as_of = _as_of(known_at, held_on)
    with connection(settings) as opened:
        explainer = Explainer(opened, language, _fields_of_paths(settings))
        contracts = explaining.contracts_called(opened, called, employer)
        if len(contracts) > 1:
            raise click.UsageError(
                f"{len(contracts)} employers have a contract {called}: name one, --employer"
            )
        messages = [] if contracts else explaining.messages_called(opened, called)
        if not contracts and not messages:
            raise EnvironmentFault(f"neither a contract nor a message is known by {called}")
        if as_of is not None and not contracts:
            raise click.UsageError("--known-at and --held-on are about contracts")
        told = (
            [explainer.contract(contracts[0], as_of)]
            if contracts
            else [explainer.message(each) for each in messages]
        )
    if as_json:
        click.echo(json.dumps(told[0] if contracts else {"messages": told}, ensure_ascii=False, indent=2))
        return
    console = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE, highlight=False)
    for each in told:
        (show_contract if contracts else show_message)(console, each, language)


def _as_of(known_at: datetime | None, held_on: datetime | None) -> AsOf | None:
    """What was known and held; of one that is not said, the present."""
    if known_at is None and held_on is None:
        return None
    now = datetime.now(UTC)
    day: date = held_on.date() if held_on else today(now)
    return AsOf(known_at.replace(tzinfo=UTC) if known_at else now, day)


def _fields_of_paths(settings: Settings) -> dict[str, dict[str, str]]:
    try:
        documents = read_documents(settings.contract_folder / "mappings", packaged("mappings"))
    except MappingError as error:
        raise EnvironmentFault(str(error)) from error
    return {
        name: {path: line["to"] for path, line in operation.request.items() if "to" in line}
        for document in documents
        for name, operation in document.operations.items()
    }
