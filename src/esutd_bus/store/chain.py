"""Taking a chain of the journal to write on."""

from __future__ import annotations

from esutd_bus.store.connection import Connection
from esutd_bus.store.journal import GENESIS, Head
from esutd_bus.store.work import StoreUnavailable

MAX_CHAINS_OF_A_NODE = 1024


async def open_chain(connection: Connection, node: str) -> str:
    """The first chain of this node that nobody else writes on; ours as long as the connection lives."""
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
        return chain
    raise StoreUnavailable(f"node {node} already writes {MAX_CHAINS_OF_A_NODE} chains")


async def head_of(connection: Connection, chain: str) -> Head:
    """Where the next record of an opened chain goes."""
    found = await connection.execute("SELECT seq, hash FROM journal_chain WHERE chain = %s", (chain,))
    head = await found.fetchone()
    if head is None:
        raise RuntimeError(f"the journal's chain {chain} has no head")
    return Head(chain, head["seq"], bytes(head["hash"]))
