"""Taking a chain of the journal to write on."""

from __future__ import annotations

from esutd_bus.store.connection import Connection
from esutd_bus.store.journal import GENESIS, Head

MAX_CHAINS_OF_A_NODE = 1024


async def open_chain(connection: Connection, node: str) -> Head:
    """The head of the first chain of this node that nobody else writes on; held as long as the connection."""
    for slot in range(MAX_CHAINS_OF_A_NODE):
        held = await connection.execute(
            "SELECT pg_try_advisory_lock(hashtext(%s), %s) AS ours", (f"esutd-bus chain of {node}", slot)
        )
        row = await held.fetchone()
        if row is None or not row["ours"]:
            continue
        chain = f"{node}/{slot}"
        await connection.execute(
            "INSERT INTO journal_chain (chain, seq, hash) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING",
            (chain, GENESIS),
        )
        found = await connection.execute("SELECT seq, hash FROM journal_chain WHERE chain = %s", (chain,))
        head = await found.fetchone()
        if head is None:
            raise RuntimeError(f"the journal's chain {chain} has no head")
        return Head(chain, head["seq"], bytes(head["hash"]))
    raise RuntimeError(f"node {node} already writes {MAX_CHAINS_OF_A_NODE} chains")
