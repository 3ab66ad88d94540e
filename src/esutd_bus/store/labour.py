"""Requests for labour activity that wait for an answer, what their answer is made of, and the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from esutd_bus.store import tables
from esutd_bus.store.cabinet import NUMBERS
from esutd_bus.store.statements import select_list

Row = Mapping[str, Any]
Connection = psycopg.Connection[dict[str, Any]]

_WAITING = f"""
SELECT {select_list(tables.labour_request, "r")}
FROM labour_request r
WHERE NOT EXISTS (SELECT FROM labour_answer a WHERE a.request_id = r.id) AND r.id <> ALL(%(but)s)
ORDER BY r.id LIMIT %(limit)s
"""  # noqa: S608  # of our own words, here and below

_CONSENT = f"""
SELECT {select_list(tables.consent, "c")}, w.withdrawn_at
FROM consent c LEFT JOIN consent_withdrawal w ON w.consent_id = c.id WHERE c.id = %s
"""  # noqa: S608

_CONTRACTS: LiteralString = f"""
SELECT {select_list(tables.contract, "c")}
FROM contract c WHERE c.employee_iin IN ({NUMBERS}) AND c.status <> 'deleted'
ORDER BY c.starts_on, c.id
"""  # noqa: S608

_BACKLOG = """
SELECT min(r.requested_at) AS oldest, count(*) FILTER (WHERE r.due_on < %s) AS overdue
FROM labour_request r WHERE NOT EXISTS (SELECT FROM labour_answer a WHERE a.request_id = r.id)
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for an answer."""

    oldest: datetime | None
    """When the oldest request came; `None` where none waits."""

    overdue: int
    """How many should have been answered before today."""


def waiting(connection: Connection, limit: int, but: Sequence[UUID] = ()) -> Sequence[Row]:
    """Rows of `labour_request` without an answer, the oldest first; `but` are left out."""
    return connection.execute(_WAITING, {"limit": limit, "but": list(but)}).fetchall()


def consent(connection: Connection, consent_id: UUID) -> Row | None:
    """A row of `consent` with `withdrawn_at`, as it is now."""
    return connection.execute(_CONSENT, (consent_id,)).fetchone()


def contracts_of(connection: Connection, iin: str) -> Sequence[Row]:
    """A person's contracts with all employers, under this number and the ones before it; deleted ones are none."""
    return connection.execute(_CONTRACTS, {"iin": iin}).fetchall()


def keep(
    connection: Connection,
    request_id: UUID,
    status: str,
    answered_at: datetime,
    *,
    document: bytes | None = None,
    reason: str | None = None,
) -> bool:
    """Keeps an answer; False where there is one already, which stays."""
    done = connection.execute(
        "INSERT INTO labour_answer (request_id, status, document, reason, answered_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (request_id, status, document, reason, answered_at),
    )
    return done.rowcount == 1


def backlog(connection: Connection, today: date) -> Backlog:
    """What waits now."""
    row = connection.execute(_BACKLOG, (today,)).fetchone()
    return Backlog(row["oldest"], row["overdue"]) if row else Backlog(None, 0)
