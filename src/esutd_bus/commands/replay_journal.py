"""`esutd-bus replay --from-journal`: recorded messages once more, against a test endpoint."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from esutd_bus.commands.database import connection
from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.commands.journal_filter import AT_MOST, chosen
from esutd_bus.safekeeping import bundle
from esutd_bus.safekeeping.bundle import restore_body
from esutd_bus.safekeeping.container import Damaged, unpack
from esutd_bus.settings import Settings
from esutd_bus.store import messages
from esutd_bus.testbed.journal_replay import Recorded, Replayed, send_recorded
from esutd_bus.testbed.replay import EndpointUnreachable
from esutd_bus.testbed.stage import services

WIDTH_OF_A_FILE = 180
"""Columns of the table where it goes into a file or a pipe."""

_TYPES: Final[Mapping[str, click.ParamType[Any]]] = {
    "message": click.UUID,
    "contract": click.UUID,
    "sender": click.STRING,
    "request-id": click.UUID,
    "operation": click.STRING,
    "code": click.STRING,
    "since": click.DateTime(),
    "until": click.DateTime(),
    "limit": click.IntRange(1, AT_MOST),
}


def replay_journal(wanted: str, endpoint: str) -> bool:
    """Sends what is wanted, tells each, and whether all was answered as it was recorded."""
    settings = given_settings()
    recorded = list(
        _of_bundle(Path(wanted)) if Path(wanted).is_file() else _of_journal(settings, _filter(wanted))
    )
    if not recorded:
        raise EnvironmentFault("there is no message that came in directly and whose bytes are at hand")
    by_name = {each.name: each for each in services(settings.contract_folder).values()}
    try:
        replayed = send_recorded(recorded, endpoint, by_name)
    except EndpointUnreachable as error:
        raise EnvironmentFault(f"no service answers at {endpoint}: {error}") from error
    console = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE)
    console.print(_table(replayed))
    return not any(one.differences for one in replayed)


def _filter(text: str) -> dict[str, Any]:
    """`operation=RegisterContract,since=2026-11-01,limit=50` → the options of `journal export`."""
    found: dict[str, Any] = dict.fromkeys(
        ("contract", "sender", "request_id", "operation", "code", "since", "until")
    )
    found |= {"limit": None, "messages": []}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if name not in _TYPES or not equals:
            raise click.UsageError(
                f"--from-journal: {part!r} is neither a bundle nor NAME=VALUE with a name of {', '.join(_TYPES)}"
            )
        try:
            converted = _TYPES[name].convert(value, None, None)
        except click.BadParameter as error:
            raise click.UsageError(f"--from-journal: {name}: {error.message}") from error
        if name == "message":
            found["messages"].append(converted)
        else:
            found[name.replace("-", "_")] = converted
    return found


def _of_journal(settings: Settings, wanted: dict[str, Any]) -> Iterator[Recorded]:
    with connection(settings) as opened:
        for message_id in chosen(opened, tuple(wanted.pop("messages")), wanted):
            rows = messages.conversation(opened, message_id)
            for row in rows:
                try:
                    restore_body(opened, settings.archive_dir, row)
                except Damaged as damaged:
                    raise EnvironmentFault(f"message {row['id']}: {damaged}") from damaged
            yield from _recorded(message_id, rows)


def _of_bundle(file: Path) -> Iterator[Recorded]:
    try:
        files, index = unpack(file.read_bytes())
        if index.get("format") != bundle.FORMAT:
            raise EnvironmentFault(f"{file} is no bundle")
        conversations: dict[UUID, list[dict[str, Any]]] = {}
        for told in index["records"]:
            row = orjson.loads(files[told["record"]])
            row |= {"body": files[told["body"]] if told["body"] else None}
            conversations.setdefault(UUID(row.get("reply_to") or row["id"]), []).append(row)
    except (Damaged, KeyError, ValueError) as error:
        raise EnvironmentFault(f"{file}: {error}") from error
    for message_id, rows in conversations.items():
        yield from _recorded(message_id, rows)


def _recorded(message_id: UUID, rows: Sequence[Mapping[str, Any]]) -> Iterator[Recorded]:
    direct = {row["direction"]: row for row in rows if row["channel"] == "direct"}
    asked, answered = direct.get("in"), direct.get("out")
    if asked and answered and asked["body"] is not None and answered["body"] is not None:
        yield Recorded(
            message_id,
            asked.get("operation"),
            asked["service"],
            bytes(asked["body"]),
            answered["status"],
            bytes(answered["body"]),
        )


def _table(replayed: Sequence[Replayed]) -> Table:
    differing = sum(bool(one.differences) for one in replayed)
    same = sum(one.same_bytes for one in replayed)
    told = f"{len(replayed)} messages: {same} byte for byte, {len(replayed) - same - differing} as recorded, "
    made = Table(caption=f"{told}{differing} differ", caption_justify="left", pad_edge=False)
    for heading in ("Message", "Operation", "HTTP", "Code", "ms", "Verdict"):
        made.add_column(heading, overflow="fold", no_wrap=heading == "Message")
    if differing:
        made.add_column("Difference (- recorded, + came)", overflow="fold")
    for one in replayed:
        verdict = (
            Text("differs", "bold red")
            if one.differences
            else Text("byte for byte" if one.same_bytes else "as recorded", "green")
        )
        row = [
            str(one.recorded.message_id),
            one.recorded.operation or "—",
            "—" if one.answer is None else str(one.answer.status),
            "—" if one.answer is None else one.answer.codes,
            f"{one.milliseconds:.0f}",
        ]
        made.add_row(
            *row,
            verdict,
            *([Text(re.sub(r"[\x00-\x08]", "�", "\n".join(one.differences)))] if differing else []),
        )
    return made
