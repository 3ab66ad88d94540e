"""Which messages of the journal a command takes: options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import click
import psycopg

from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.store import extracting, messages

F = TypeVar("F", bound=Callable[..., Any])

AT_MOST = 10_000
BY_DEFAULT = 100

_OPTIONS = (
    click.option("--contract", type=click.UUID, help="All messages of this contract's history (contractId)."),
    click.option("--sender", help="BIN or IIN of the verified certificate."),
    click.option("--request-id", type=click.UUID, help="The sender's requestId."),
    click.option("--operation", help="RegisterContract, …"),
    click.option("--code", help="Messages answered with this code (SCSE014, SCSS001)."),
    click.option("--since", type=click.DateTime(), help="From this moment (UTC)."),
    click.option("--until", type=click.DateTime(), help="Before this moment (UTC)."),
    click.option("--limit", type=click.IntRange(1, AT_MOST), help=f"The newest so many.  [{BY_DEFAULT}]"),
)


def filtered(command: F) -> F:
    """The command with the options of a choice, as `wanted`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen(
    connection: psycopg.Connection[dict[str, Any]], message_ids: tuple[UUID, ...], wanted: dict[str, Any]
) -> list[UUID]:
    """The messages that came in, the oldest first; an answer's id stands for its message. Raises EnvironmentFault."""
    contract, limit = wanted.pop("contract"), wanted.pop("limit")
    for name in ("since", "until"):
        moment: datetime | None = wanted[name]
        wanted[name] = moment and moment.replace(tzinfo=UTC)
    if message_ids:
        found = []
        for message_id in message_ids:
            rows = messages.conversation(connection, message_id)
            if not rows:
                raise EnvironmentFault(f"the journal has no message {message_id}")
            found.append(next((row["id"] for row in rows if row["reply_to"] is None), message_id))
        return list(dict.fromkeys(found))
    if contract is not None:
        found = extracting.messages_of(connection, contract)
    elif limit is not None or any(value is not None for value in wanted.values()):
        rows = messages.find(connection, messages.Filter(**wanted), limit or BY_DEFAULT)
        found = [row["id"] for row in reversed(rows)]
    else:
        raise click.UsageError("name messages, or choose them: --contract, --sender, --since, …")
    if not found:
        raise EnvironmentFault("the journal has no such message")
    return found
