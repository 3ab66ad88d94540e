"""Connections to PostgreSQL."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row

CONNECT_TIMEOUT_SECONDS = 5

# Every hot query finds its rows by key. On a young, unanalysed table the planner would rather scan or hash, and
# a prepared statement would keep that plan when the table has grown.
_PLANS_BY_KEY = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c timezone=UTC"

Connection = AsyncConnection[dict[str, Any]]


async def connect(url: str, *, by_key: bool = False) -> Connection:
    """An autocommit connection; `by_key` for one that only ever looks rows up by their keys."""
    return await AsyncConnection.connect(
        url,
        autocommit=True,
        row_factory=dict_row,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        application_name="esutd-bus",
        options=_PLANS_BY_KEY if by_key else "-c timezone=UTC",
    )


def connect_now(url: str) -> psycopg.Connection[dict[str, Any]]:
    """A blocking connection in a transaction of its own, for commands of the operator."""
    return psycopg.connect(
        url,
        row_factory=dict_row,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        application_name="esutd-bus",
        options="-c timezone=UTC",
    )
