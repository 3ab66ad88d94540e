"""Circuit breakers: a destination that failed some times in a row is left alone, and then tried with one message.

A row of PostgreSQL each, so that all nodes know. Only failures of the way to a destination count; one that says no to a
message is there.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

import psycopg

Connection = psycopg.Connection[dict[str, Any]]

FAILURES_TO_OPEN: Final = 5
"""In a row."""

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(minutes=2)
"""For so long a destination is left alone at first, and at most; of each something between the half and the whole."""

_FAILED: LiteralString = """
INSERT INTO outbox_destination AS d (destination, failures, open_until, last_error, changed_at)
VALUES (%(destination)s, %(failed)s, %(open_until)s, %(error)s, %(now)s)
ON CONFLICT (destination) DO UPDATE SET failures = d.failures + excluded.failures, last_error = excluded.last_error,
    open_until = excluded.open_until, changed_at = excluded.changed_at
RETURNING failures
"""
_CLOSED = """
UPDATE outbox_destination SET failures = 0, open_until = NULL, changed_at = %s
WHERE destination = ANY(%s) AND failures > 0
"""


def is_tried(failures: int | None) -> bool:
    """Whether a destination whose breaker is not open may get one message only: it has not been well yet."""
    return failures is not None and failures >= FAILURES_TO_OPEN


def may_try(
    connection: Connection, destination: str, seen: datetime | None, now: datetime, until: datetime
) -> bool:
    """Whether this node is the one that tries a destination again; the others leave it alone until that is over."""
    tried = connection.execute(
        "UPDATE outbox_destination SET open_until = %s, changed_at = %s"
        " WHERE destination = %s AND open_until IS NOT DISTINCT FROM %s",
        (until, now, destination, seen),
    )
    return tried.rowcount == 1


def failed(connection: Connection, destination: str, times: int, error: str, now: datetime) -> bool:
    """Counts failures; whether the breaker is open now."""
    counted = connection.execute(
        "SELECT failures FROM outbox_destination WHERE destination = %s FOR UPDATE", (destination,)
    ).fetchone()
    failures = (counted["failures"] if counted else 0) + times
    opens = failures >= FAILURES_TO_OPEN
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(max(failures - FAILURES_TO_OPEN, 0), 20)))
    connection.execute(
        _FAILED,
        {
            "destination": destination,
            "failed": times,
            "error": error,
            "now": now,
            "open_until": now + pause * random.uniform(0.5, 1) if opens else None,  # noqa: S311  # no secret
        },
    )
    return opens


def succeeded(connection: Connection, destinations: Sequence[str], now: datetime) -> None:
    """These are well: their failures are forgotten."""
    connection.execute(_CLOSED, (now, list(destinations)))


def states(connection: Connection) -> Sequence[Mapping[str, Any]]:
    """Rows of `outbox_destination`, by destination: those that have ever failed."""
    return connection.execute("SELECT * FROM outbox_destination ORDER BY destination").fetchall()
