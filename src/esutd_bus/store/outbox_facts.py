"""What a message about an entry tells: the entry as the history has it, and whose contract it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from esutd_bus.store import tables
from esutd_bus.store.statements import select_list

Facts = Mapping[str, Mapping[str, Any]]

_ENTRIES: LiteralString = f"""
SELECT w.id AS outbox_id, {select_list(tables.contract_event, "e")}
FROM unnest(%s::uuid[], %s::uuid[], %s::int[]) AS w(id, contract_id, version)
JOIN contract_event e ON e.contract_id = w.contract_id AND e.version = w.version
"""  # noqa: S608  # of our own words, here and below

_CONTRACTS: LiteralString = f"""
SELECT {select_list(tables.contract, "c")} FROM contract c WHERE c.id = ANY(%s)
"""  # noqa: S608


def facts(
    connection: psycopg.Connection[dict[str, Any]], messages: Sequence[Mapping[str, Any]]
) -> Mapping[UUID, Facts]:
    """By the message's id the sources that `mappings/outgoing` reads; `messages` are rows of `outbox`."""
    ids = ([each[name] for each in messages] for name in ("id", "contract_id", "version"))
    entries = connection.execute(_ENTRIES, list(ids)).fetchall()
    contracts = connection.execute(_CONTRACTS, ([row["contract_id"] for row in entries],)).fetchall()
    by_id = {row["id"]: row for row in contracts}
    made_at = {each["id"]: each["created_at"] for each in messages}
    return {
        row["outbox_id"]: {
            "notification": {"id": row["outbox_id"], "made_at": made_at[row["outbox_id"]]},
            "entry": {**row, "change": row["changes"]},
            "contract": by_id[row["contract_id"]],
        }
        for row in entries
    }
