"""What only one node may do at a time: an advisory lock, which ends with its connection at the latest."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg


@contextlib.contextmanager
def alone(connection: psycopg.Connection[dict[str, Any]], name: str) -> Iterator[bool]:
    """Whether nobody else does what is called so, until this is left. Takes an autocommit connection."""
    taken = connection.execute("SELECT pg_try_advisory_lock(hashtext(%s)) AS taken", (name,)).fetchone()
    is_alone = taken is not None and bool(taken["taken"])
    try:
        yield is_alone
    finally:
        if is_alone and not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", (name,))
