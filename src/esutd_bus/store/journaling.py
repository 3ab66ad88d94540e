"""Records of the journal that no message waits for: calls which a job makes to other systems."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from esutd_bus.store import statements, tables
from esutd_bus.store.chain import MAX_CHAINS_OF_A_NODE
from esutd_bus.store.journal import GENESIS, Head, Record, link


def keep(connection: psycopg.Connection[dict[str, Any]], node: str, records: Sequence[Record]) -> None:
    """Adds records to the first of the node's chains that nobody writes on, in a transaction of its own.

    Takes an autocommit connection. Raises psycopg.Error.
    """
    if not records:
        return
    with connection.transaction():
        head = _head_of_a_free_chain(connection, node)
        rows = link(head, records)
        query = statements.insert(tables.message, rows).query
        connection.execute(query, [statements.as_json(rows).decode()])
        connection.execute(
            "UPDATE journal_chain SET seq = %s, hash = %s WHERE chain = %s", (head.seq, head.hash, head.chain)
        )


def _head_of_a_free_chain(connection: psycopg.Connection[dict[str, Any]], node: str) -> Head:
    """As `chain.open_chain` takes one, but to the end of the transaction alone."""
    for slot in range(MAX_CHAINS_OF_A_NODE):
        held = connection.execute(
            "SELECT pg_try_advisory_xact_lock(hashtext(%s), %s) AS ours", (f"esutd-bus chain of {node}", slot)
        ).fetchone()
        if held is None or not held["ours"]:
            continue
        chain = f"{node}/{slot}"
        connection.execute(
            "INSERT INTO journal_chain (chain, seq, hash) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING",
            (chain, GENESIS),
        )
        found = connection.execute(
            "SELECT seq, hash FROM journal_chain WHERE chain = %s", (chain,)
        ).fetchone()
        if found is not None:
            return Head(chain, found["seq"], bytes(found["hash"]))
    raise RuntimeError(f"node {node} already writes {MAX_CHAINS_OF_A_NODE} chains")
