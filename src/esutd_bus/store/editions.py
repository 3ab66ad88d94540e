"""Editions: what every node keeps in memory, and reads again when the database has a newer one.

Dictionaries, say, are too many to be asked for with each message, and change seldom. Whoever changes a subject gives
it a new edition; each batch of messages and, where none come, a look at intervals notices it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg

from esutd_bus.store.connection import Asked, Connection

DICTIONARIES = "dictionaries"
PARTNERS = "partners"
REVOCATION = "revocation"
SUBSCRIPTIONS = "subscriptions"

Read = Callable[[Connection], Awaitable[None]]
"""Reads a subject anew."""

Editions = Mapping[str, int]
"""Subject → the number of its edition in force; a subject without one has never been changed."""

QUERY = "SELECT subject, version FROM edition"


def make_new(connection: psycopg.Connection[dict[str, Any]], subject: str) -> int:
    """Gives a subject a new edition, in the caller's transaction, and returns its number.

    Whoever changes the same subject waits for the end of that transaction: numbers become visible in their order.
    """
    made = connection.execute(
        "INSERT INTO edition (subject, version, made_at) VALUES (%s, 1, %s)"
        " ON CONFLICT (subject) DO UPDATE SET version = edition.version + 1, made_at = excluded.made_at"
        " RETURNING version",
        (subject, datetime.now(UTC)),
    ).fetchone()
    return int(made["version"]) if made else 0


async def in_force(connection: Connection) -> Editions:
    """The editions in force, asked for by themselves."""
    rows = await (await connection.execute(QUERY)).fetchall()
    return {row["subject"]: row["version"] for row in rows}


_NEVER = -1
"""The edition of what has not been read yet: none."""

UNLESS_CHANGED = """
SELECT 1 / (count(*) = 0)::int FROM jsonb_each_text(%s::jsonb) AS followed (subject, version)
LEFT JOIN edition e USING (subject) WHERE coalesce(e.version, 0) <> followed.version::bigint
"""
"""Fails with a division by zero where a subject has another edition than the one followed."""


class Followed:
    """The subjects that a process keeps in memory, and the editions it has read. Used by one event loop."""

    def __init__(self, subjects: Mapping[str, Read]) -> None:
        self._subjects = subjects
        self._read: dict[str, int] = {}
        self._lock = asyncio.Lock()

    def unless_changed(self) -> Asked:
        """A statement that fails, and all that is sent with it, where something has a newer edition than in memory."""
        read = {subject: self._read.get(subject, _NEVER) for subject in self._subjects}
        return Asked(UNLESS_CHANGED, [orjson.dumps(read)], as_text=True)

    async def follow(self, connection: Connection, editions: Editions) -> None:
        """Reads again what has a newer edition than the one in memory; at first everything."""
        if all(self._read.get(subject) == editions.get(subject, 0) for subject in self._subjects):
            return
        async with self._lock:
            for subject, read in self._subjects.items():
                version = editions.get(subject, 0)
                if self._read.get(subject) != version:
                    await read(connection)
                    self._read[subject] = version
