"""What is done once a period, however many nodes there are: the first one that comes takes the period's turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

Connection = psycopg.Connection[dict[str, Any]]

_KEPT: Final = timedelta(days=7)


def begin(connection: Connection, job: str, period: timedelta, now: datetime, node: str) -> datetime | None:
    """The beginning of the period whose turn this node has taken; None where another one has it.

    A node that dies at its turn leaves it without an end: what was left undone is done in the next period.
    """
    since = datetime.fromtimestamp(now.timestamp() // period.total_seconds() * period.total_seconds(), UTC)
    taken = connection.execute(
        "INSERT INTO job_turn (job, period, node, began_at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (job, since, node, now),
    )
    return since if taken.rowcount == 1 else None


def end(connection: Connection, job: str, period: datetime, now: datetime) -> None:
    """The turn is over; those of long ago are forgotten."""
    connection.execute("UPDATE job_turn SET ended_at = %s WHERE job = %s AND period = %s", (now, job, period))
    connection.execute("DELETE FROM job_turn WHERE job = %s AND period < %s", (job, period - _KEPT))
