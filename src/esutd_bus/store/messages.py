"""Looking into the journal: which messages came and went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from esutd_bus.store.compression import expand
from esutd_bus.store.journal import opened

Connection = psycopg.Connection[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages to show; what is None does not matter."""

    sender: str | None = None
    request_id: UUID | None = None
    operation: str | None = None
    code: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def find(connection: Connection, wanted: Filter, limit: int) -> list[dict[str, Any]]:
    """The newest messages that came in by themselves, with the code of their answers; without bytes.

    Raises Unreadable.
    """
    conditions = [sql.SQL("m.direction = 'in' AND m.reply_to IS NULL")]
    values: list[Any] = []
    for column, value in (
        ("m.sender =", wanted.sender),
        ("m.request_id =", wanted.request_id),
        ("m.operation =", wanted.operation),
        ("a.code =", wanted.code),
        ("m.recorded_at >=", wanted.since),
        ("m.recorded_at <", wanted.until),
    ):
        if value is not None:
            conditions.append(sql.SQL(column + " %s"))
            values.append(value)
    query = sql.SQL(
        "SELECT m.id, m.recorded_at, m.channel, m.service, m.operation, m.sender, m.request_id, a.code, a.status,"
        " a.recorded_at AS answered_at, m.body"
        " FROM message m LEFT JOIN message a ON a.reply_to = m.id AND a.direction = 'out' AND a.channel = m.channel"
        " WHERE {} ORDER BY m.id DESC LIMIT %s"
    ).format(sql.SQL(" AND ").join(conditions))
    return [_measured(row) for row in connection.execute(query, [*values, limit])]


def conversation(connection: Connection, message_id: UUID) -> list[dict[str, Any]]:
    """A message and all that belongs to it, in order: the request, what other systems were asked, the answer.

    Raises Unreadable.
    """
    row = connection.execute(
        "SELECT coalesce(reply_to, id) AS id FROM message WHERE id = %s", (message_id,)
    ).fetchone()
    if row is None:
        return []
    found = connection.execute(
        "SELECT * FROM message WHERE id = %(id)s OR reply_to = %(id)s ORDER BY chain, seq", row
    )
    return [opened(each) for each in found]


def _measured(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the number of its message's octets, `bytes`, in their place."""
    body = row.pop("body")
    return {**row, "bytes": None if body is None else len(expand(body))}
