"""Seals: at intervals, the heads of all chains in one chain of seals."""

from __future__ import annotations

from datetime import UTC, datetime

from psycopg import errors
from psycopg.types.json import Jsonb

from esutd_bus.store.connection import Connection
from esutd_bus.store.journal import GENESIS, seal_hash


async def seal(connection: Connection) -> bool:
    """Adds a seal over all chains that have grown; False where nothing has, or another node was faster."""
    rows = await (
        await connection.execute("SELECT chain, seq, hash FROM journal_chain ORDER BY chain")
    ).fetchall()
    heads = {
        row["chain"]: {"seq": row["seq"], "hash": bytes(row["hash"]).hex()} for row in rows if row["seq"]
    }
    found = await connection.execute("SELECT seq, heads, hash FROM journal_seal ORDER BY seq DESC LIMIT 1")
    last = await found.fetchone()
    if not heads or (last is not None and last["heads"] == heads):
        return False
    seq, before = (last["seq"] + 1, bytes(last["hash"])) if last else (1, GENESIS)
    now = datetime.now(UTC)
    try:
        await connection.execute(
            "INSERT INTO journal_seal (seq, sealed_at, heads, hash) VALUES (%s, %s, %s, %s)",
            (seq, now, Jsonb(heads), seal_hash(before, seq, now, heads)),
        )
    except errors.UniqueViolation:
        return False
    return True
