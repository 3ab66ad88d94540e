"""The states of a batch: one query a table, whatever the batch's size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg import AsyncCursor

from esutd_bus.register.state import Needs, Row, State
from esutd_bus.store.connection import Connection
from esutd_bus.store.work import RequestKey, StoredAnswer, Work

_REQUESTS = """
SELECT r.sender, r.request_id, r.operation, r.payload_sha256, r.bound_at, m.body, m.status, m.code
FROM unnest(%s::text[], %s::uuid[]) AS k (sender, request_id)
JOIN request r USING (sender, request_id)
JOIN message m ON m.id = r.answer_id
"""

_CONTRACTS = """
WITH wanted AS (
    SELECT c.id FROM unnest(%s::text[], %s::uuid[]) AS k (employer, id)
        JOIN contract c ON c.id = k.id AND c.employer = k.employer
    UNION
    SELECT c.id FROM unnest(%s::text[], %s::text[]) AS k (employer, external_id)
        JOIN contract c USING (employer, external_id)
    UNION
    SELECT c.id FROM unnest(%s::text[], %s::text[]) AS k (employer, number)
        JOIN contract c USING (employer, number)
)
SELECT c.* FROM wanted JOIN contract c USING (id)
"""

_AMENDMENTS = """
WITH wanted AS (
    SELECT c.id FROM unnest(%s::text[], %s::uuid[]) AS k (employer, id)
        JOIN contract c ON c.id = k.id AND c.employer = k.employer
    UNION
    SELECT c.id FROM unnest(%s::text[], %s::text[]) AS k (employer, external_id)
        JOIN contract c USING (employer, external_id)
)
SELECT a.* FROM wanted JOIN amendment a ON a.contract_id = wanted.id
UNION
SELECT a.* FROM unnest(%s::text[], %s::text[]) AS k (employer, external_id)
    JOIN amendment a USING (employer, external_id)
"""

_HISTORY = """
WITH wanted AS (
    SELECT c.id FROM unnest(%s::text[], %s::uuid[]) AS k (employer, id)
        JOIN contract c ON c.id = k.id AND c.employer = k.employer
    UNION
    SELECT c.id FROM unnest(%s::text[], %s::text[]) AS k (employer, external_id)
        JOIN contract c USING (employer, external_id)
)
SELECT e.* FROM wanted JOIN contract_event e ON e.contract_id = wanted.id ORDER BY e.contract_id, e.version
"""

_DICTIONARY_VERSION = "SELECT coalesce(max(version), 0) AS version FROM dictionary_version"


@dataclass(slots=True)
class Loaded:
    """What the database knows that a batch needs to know."""

    dictionary_version: int = 0
    answers: dict[tuple[str, UUID], StoredAnswer] = field(default_factory=dict)
    contracts: list[Row] = field(default_factory=list)
    amendments: list[Row] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)

    def answer(self, key: RequestKey | None) -> StoredAnswer | None:
        """The answer that this request is bound to, if it is."""
        return self.answers.get((key.sender, key.request_id)) if key else None

    def state(self, employer: str, needs: Needs) -> State:
        """The state of one command: of its own employer, and no other's."""
        own = [row for row in self.contracts if row["employer"] == employer]
        by_id = _one(own, "id", needs.contract_id)
        by_external_id = _one(own, "external_id", needs.contract_external_id)
        contract = by_id or by_external_id
        contract_id = contract["id"] if contract else None
        return State(
            contract_by_id=by_id,
            contract_by_external_id=by_external_id,
            contract_by_number=_one(own, "number", needs.contract_number),
            amendment_by_external_id=_one(
                [row for row in self.amendments if row["employer"] == employer],
                "external_id",
                needs.amendment_external_id,
            ),
            amendments=[row for row in self.amendments if row["contract_id"] == contract_id],
            history=[row for row in self.history if row["contract_id"] == contract_id],
        )


def _one(rows: Sequence[Row], column: str, value: Any) -> Row | None:
    if value is None:
        return None
    return next((row for row in rows if row[column] == value), None)


async def load(connection: Connection, batch: Sequence[Work]) -> Loaded:
    """Asks for all that the batch needs in one round trip; a query that nobody needs is not sent."""
    needed = [(work.employer, work.needs) for work in batch if work.employer]
    by_id = _keys((e, n.contract_id) for e, n in needed)
    by_external_id = _keys((e, n.contract_external_id) for e, n in needed)
    by_number = _keys((e, n.contract_number) for e, n in needed)
    amended = [(e, n) for e, n in needed if n.amendments]
    read = [(e, n) for e, n in needed if n.history]

    loaded = Loaded()
    async with connection.pipeline():
        version = await connection.execute(_DICTIONARY_VERSION)
        answers = await _ask(
            connection, _REQUESTS, _keys((w.key.sender, w.key.request_id) for w in batch if w.key)
        )
        contracts = await _ask(connection, _CONTRACTS, by_id, by_external_id, by_number)
        amendments = await _ask(
            connection,
            _AMENDMENTS,
            _keys((e, n.contract_id) for e, n in amended),
            _keys((e, n.contract_external_id) for e, n in amended),
            _keys((e, n.amendment_external_id) for e, n in needed),
        )
        history = await _ask(
            connection,
            _HISTORY,
            _keys((e, n.contract_id) for e, n in read),
            _keys((e, n.contract_external_id) for e, n in read),
        )
    row = await version.fetchone()
    loaded.dictionary_version = row["version"] if row else 0
    for found in await _rows(answers):
        key = (found.pop("sender"), found.pop("request_id"))
        loaded.answers[key] = StoredAnswer(**found)
    loaded.contracts.extend(await _rows(contracts))
    loaded.amendments.extend(await _rows(amendments))
    loaded.history.extend(await _rows(history))
    return loaded


Keys = tuple[list[str], list[Any]]


def _keys(pairs: Any) -> Keys:
    found = [pair for pair in pairs if pair[1] is not None]
    return [pair[0] for pair in found], [pair[1] for pair in found]


async def _ask(connection: Connection, query: Any, *keys: Keys) -> AsyncCursor[dict[str, Any]] | None:
    if not any(values for _, values in keys):
        return None
    return await connection.execute(query, [column for pair in keys for column in pair])


async def _rows(cursor: AsyncCursor[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return await cursor.fetchall() if cursor is not None else []
