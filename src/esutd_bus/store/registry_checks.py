"""What state registries are yet to be asked of registered contracts: claimed, answered or put off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

Row = Mapping[str, Any]
Connection = psycopg.Connection[dict[str, Any]]

# Chosen once: a plan that looked into a subquery for each row would skip what it has locked itself, and take more.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT contract_id, about FROM registry_check
    WHERE state = 'waiting' AND next_try <= %(now)s
    ORDER BY next_try LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE registry_check AS k SET next_try = %(until)s
FROM due
WHERE (k.contract_id, k.about) = (due.contract_id, due.about)
RETURNING k.contract_id, k.about, k.number, k.message_id, k.tries
"""
_ANSWER = """
UPDATE registry_check
SET state = %(state)s, code = %(code)s, answered_at = %(now)s, next_try = NULL, tries = tries + 1,
    upstream_code = NULL, upstream_message = NULL
WHERE contract_id = ANY(%(contracts)s) AND about = %(about)s AND state = 'waiting'
"""
_PUT_OFF = """
UPDATE registry_check
SET next_try = %(next_try)s, tries = tries + 1, upstream_code = %(code)s, upstream_message = %(message)s
WHERE contract_id = ANY(%(contracts)s) AND about = %(about)s AND state = 'waiting'
"""
_BACKLOG = """
SELECT count(*) AS waiting, min(wanted_at) AS oldest FROM registry_check WHERE state = 'waiting'
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What has no answer yet."""

    waiting: int
    oldest: datetime | None
    """Since when the oldest waits; `None` where none does."""


def claim(connection: Connection, limit: int, now: datetime, lease: timedelta) -> Sequence[Row]:
    """Rows that are due, the longest due first; nobody else gets them before the lease is over."""
    return connection.execute(_CLAIM, {"limit": limit, "now": now, "until": now + lease}).fetchall()


def answer(
    connection: Connection, rows: Sequence[Row], state: str, now: datetime, code: str | None = None
) -> None:
    """Keeps what a registry said of one thing, for all rows that ask it."""
    connection.execute(_ANSWER, {**_named(rows), "state": state, "code": code, "now": now})


def put_off(
    connection: Connection, rows: Sequence[Row], next_try: datetime, code: str | None, message: str | None
) -> None:
    """To be asked again, and why there was no answer: the upstream's own code and text."""
    connection.execute(_PUT_OFF, {**_named(rows), "next_try": next_try, "code": code, "message": message})


def backlog(connection: Connection) -> Backlog:
    """What waits now."""
    row = connection.execute(_BACKLOG).fetchone()
    return Backlog(row["waiting"], row["oldest"]) if row else Backlog(0, None)


def _named(rows: Sequence[Row]) -> Row:
    return {"contracts": [row["contract_id"] for row in rows], "about": rows[0]["about"]}
