"""Connections to PostgreSQL."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypedDict

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row

CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_MS = 20_000
"""What waits longer (for somebody's lock, say) gives up: the sender is told to try again."""

# Every hot query finds its rows by key. On a young, unanalysed table the planner would rather scan or hash. And a
# generic plan, made when the table was empty, looks cheap for ever: it would be taken for a batch of many keys, with
# whatever index was as good as another one then.
_BY_KEY = (
    "enable_seqscan=off",
    "enable_hashjoin=off",
    "enable_mergejoin=off",
    "plan_cache_mode=force_custom_plan",
)

Connection = AsyncConnection[dict[str, Any]]


class _Common(TypedDict):
    connect_timeout: int
    application_name: str
    keepalives_idle: int
    keepalives_interval: int
    keepalives_count: int
    tcp_user_timeout: int


# A server that vanished without a word is missed within half a minute, not after the two hours TCP would take.
_COMMON: _Common = {
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    "application_name": "esutd-bus",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}


async def connect(url: str, *, by_key: bool = False) -> Connection:
    """An autocommit connection; `by_key` for one that only ever looks rows up by their keys."""
    given = ("timezone=UTC", f"statement_timeout={STATEMENT_TIMEOUT_MS}", *(_BY_KEY if by_key else ()))
    options = " ".join(f"-c {option}" for option in given)
    return await AsyncConnection.connect(
        url, autocommit=True, row_factory=dict_row, options=options, **_COMMON
    )


def connect_now(url: str) -> psycopg.Connection[dict[str, Any]]:
    """A blocking connection in a transaction of its own, for commands of the operator."""
    return psycopg.connect(url, row_factory=dict_row, options="-c timezone=UTC", **_COMMON)


@asynccontextmanager
async def in_one_transaction(connection: Connection) -> AsyncIterator[None]:
    """BEGIN, the statements within, COMMIT: sent together, answered together, in one round trip.

    Left without an exception, all of it is durable; with one, none of it, unless the connection broke before the
    server could say what became of the COMMIT.
    """
    try:
        async with connection.pipeline():
            await connection.execute("BEGIN")
            yield
            await connection.execute("COMMIT")
    except BaseException:
        # A statement that is refused takes all behind it along, the COMMIT too; the transaction itself stays open.
        with contextlib.suppress(psycopg.Error):
            await connection.rollback()
        raise
