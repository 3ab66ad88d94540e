"""What a person finds in the register about oneself, under the number asked by and the ones before it.

Whose an entry is, is told by the history itself: a contract is that of the employee it names, and was, until an entry
gave it another one, that of the one before. So an employee who was entered by mistake is told of the mistake, and of
nothing after it; whom the correction names, of nothing before it. Every query begins with an index on the person's
numbers: its cost grows with what is the person's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from esutd_bus.register.search import (
    ChangeSearch,
    DisclosureSearch,
    Found,
    OneChangeSearch,
    Page,
    PersonContractSearch,
    PersonSearch,
)
from esutd_bus.store import tables
from esutd_bus.store.connection import Connection
from esutd_bus.store.statements import select_list

_NUMBERS: LiteralString = """
    WITH RECURSIVE numbers (iin) AS (
        SELECT %(iin)s::text
        UNION SELECT c.former_iin FROM numbers n JOIN iin_change c USING (iin)
    )
    SELECT iin FROM numbers
"""

_THE_PERSONS: LiteralString = f"""
    SELECT c.id FROM contract c WHERE c.employee_iin = ANY(%(numbers)s)
    UNION
    SELECT contract_id FROM contract_event
    WHERE version > 1 AND {tables.FORMER_EMPLOYEE} IS NOT NULL AND {tables.FORMER_EMPLOYEE} = ANY(%(numbers)s)
"""  # noqa: S608  # of our own words, here and below: what is looked for are parameters
"""The contracts that are, or once were, the person's."""

_THESE: LiteralString = "SELECT unnest(%(contracts)s::uuid[]) AS id"


def _entries(contracts: LiteralString) -> LiteralString:
    """The entries of these contracts' histories that are the person's: `about` (the contract) and `version`.

    `tells_before`, `tells_after`: which side of what changed is the person's own.
    """
    return f"""
    the_persons AS ({contracts}),
    passed AS MATERIALIZED (
        SELECT contract_id, version, {tables.FORMER_EMPLOYEE} AS former
        FROM contract_event JOIN the_persons p ON p.id = contract_id
        WHERE version > 1 AND {tables.FORMER_EMPLOYEE} IS NOT NULL
    ),
    entry AS (
        SELECT e.contract_id AS about, e.version, e.recorded_at,
            own.former IS NULL OR own.former = ANY(%(numbers)s) AS tells_before,
            held.by = ANY(%(numbers)s) AS tells_after
        FROM the_persons p
        JOIN contract c USING (id)
        JOIN contract_event e ON e.contract_id = p.id
        LEFT JOIN passed own ON own.contract_id = p.id AND own.version = e.version
        CROSS JOIN LATERAL (
            SELECT coalesce(
                (
                    SELECT n.former FROM passed n WHERE n.contract_id = p.id AND n.version > e.version
                    ORDER BY n.version LIMIT 1
                ),
                c.employee_iin
            ) AS by
        ) AS held
        WHERE held.by = ANY(%(numbers)s) OR own.former = ANY(%(numbers)s)
    )"""  # noqa: S608


_CHANGES: LiteralString = f"""
    WITH {_entries(_THE_PERSONS)},
    change AS (
        SELECT about, version, recorded_at, tells_before, tells_after FROM entry
        UNION ALL
        SELECT id, 0, disclosed_at, true, true FROM disclosure WHERE employee_iin = ANY(%(numbers)s)
    ),
    newer AS (
        SELECT * FROM change WHERE %(since)s::uuid IS NULL OR (recorded_at, about, version) > (
            SELECT recorded_at, about, version FROM change WHERE about = %(since)s AND version = %(since_version)s
        )
    )
"""  # noqa: S608

_IS_KNOWN: LiteralString = f"""{_CHANGES}
    SELECT FROM change WHERE about = %(since)s AND version = %(since_version)s
"""
_COUNT: LiteralString = f"{_CHANGES} SELECT count(*) AS total FROM newer"  # noqa: S608

_ID: LiteralString = "CASE e.version WHEN 0 THEN e.about::text ELSE e.about || '/' || e.version END"

_PAGE: LiteralString = f"""{_CHANGES},
    page AS (
        SELECT * FROM newer ORDER BY recorded_at DESC, about DESC, version DESC
        LIMIT %(size)s OFFSET %(offset)s
    )
    SELECT {_ID} AS change_id, e.recorded_at AS visible_at, e.tells_before, e.tells_after,
        coalesce(m.recorded_at, e.recorded_at) AS entered_at, coalesce(h.employer, d.employer) AS employer,
        h.event, h.clause, h.effective_on, h.changes, h.contract_id,
        CASE WHEN c.employee_iin = ANY(%(numbers)s) THEN c.number END AS number,
        (
            SELECT min(a.acknowledged_at) FROM acknowledgement a
            WHERE a.change_id = {_ID} AND a.employee_iin = ANY(%(numbers)s)
        ) AS acknowledged_at
    FROM page e
    LEFT JOIN contract_event h ON h.contract_id = e.about AND h.version = e.version
    LEFT JOIN contract c ON c.id = h.contract_id
    LEFT JOIN disclosure d ON d.id = e.about AND e.version = 0
    LEFT JOIN message m ON m.id = coalesce(h.message_id, d.message_id)
    ORDER BY e.recorded_at DESC, e.about DESC, e.version DESC
"""  # noqa: S608

_CONTRACTS: LiteralString = f"""
    SELECT {select_list(tables.contract, "c")} FROM contract c
    WHERE c.employee_iin = ANY(%(numbers)s) AND c.status <> 'deleted'
    ORDER BY c.id DESC LIMIT %(size)s OFFSET %(offset)s
"""  # noqa: S608
_CONTRACT_COUNT: LiteralString = """
    SELECT count(*) AS total FROM contract WHERE employee_iin = ANY(%(numbers)s) AND status <> 'deleted'
"""
_HISTORIES: LiteralString = f"""
    WITH {_entries(_THESE)}
    SELECT {select_list(tables.contract_event, "h")}, h.contract_id || '/' || h.version AS change_id,
        e.about IS NOT NULL AS shown
    FROM contract_event h LEFT JOIN entry e ON e.about = h.contract_id AND e.version = h.version
    WHERE h.contract_id = ANY(%(contracts)s) ORDER BY h.contract_id, h.version
"""  # noqa: S608

_DISCLOSURES: LiteralString = """
    SELECT d.id::text AS change_id, d.disclosed_at, d.employer AS receiver, d.purpose, d.consent_id, m.operation
    FROM (
        SELECT * FROM disclosure WHERE employee_iin = ANY(%(numbers)s)
        ORDER BY disclosed_at DESC, id DESC LIMIT %(size)s OFFSET %(offset)s
    ) AS d LEFT JOIN message m ON m.id = d.message_id
    ORDER BY d.disclosed_at DESC, d.id DESC
"""
_DISCLOSURE_COUNT: LiteralString = """
    SELECT count(*) AS total FROM disclosure WHERE employee_iin = ANY(%(numbers)s)
"""

Row = Mapping[str, Any]


async def find(connection: Connection, search: PersonSearch) -> Found:
    """What a person finds. Raises psycopg.Error."""
    numbers = await _Numbers.of(connection, search.employee_iin)
    match search:
        case PersonContractSearch(page=page):
            total = await numbers.total(_CONTRACT_COUNT)
            return Found(await _contracts(numbers, page), total)
        case ChangeSearch(page=page, since=since):
            named = _named(since)
            if since is not None and not await numbers.rows(_IS_KNOWN, named):
                return Found((), 0, change_is_known=False)
            total = await numbers.total(_COUNT, named)
            return Found(await numbers.rows(_PAGE, {**named, **_window(page)}), total)
        case OneChangeSearch(change_id=change_id):
            if not await numbers.rows(_IS_KNOWN, _named(change_id)):
                return Found((), 0, change_is_known=False)
            return Found(({"numbers": numbers.all},), 1)
        case DisclosureSearch(page=page):
            total = await numbers.total(_DISCLOSURE_COUNT)
            return Found(await numbers.rows(_DISCLOSURES, _window(page)), total)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """A person's numbers, and what is found by them."""

    connection: Connection
    all: Sequence[str]

    @classmethod
    async def of(cls, connection: Connection, iin: str) -> _Numbers:
        """The number asked by, and those it took the place of."""
        found = await (await connection.execute(_NUMBERS, {"iin": iin})).fetchall()
        return cls(connection, [row["iin"] for row in found])

    async def rows(self, query: LiteralString, values: Row) -> list[dict[str, Any]]:
        return await (await self.connection.execute(query, {**values, "numbers": self.all})).fetchall()

    async def total(self, query: LiteralString, values: Row | None = None) -> int:
        (row,) = await self.rows(query, values or {})
        total: int = row["total"]
        return total


async def _contracts(numbers: _Numbers, page: Page) -> list[Row]:
    """`contract` as it is now, and its whole `history`, in which `shown` tells what is the person's."""
    contracts = await numbers.rows(_CONTRACTS, _window(page))
    histories: dict[UUID, list[Row]] = defaultdict(list)
    for row in await numbers.rows(_HISTORIES, {"contracts": [row["id"] for row in contracts]}):
        histories[row["contract_id"]].append(row)
    return [{"contract": row, "history": histories[row["id"]]} for row in contracts]


def _named(change_id: str | None) -> Row:
    """What a change's id names: the version of a contract, or a disclosure."""
    about, _, version = change_id.partition("/") if change_id else ("", "", "")
    return {"since": UUID(about) if about else None, "since_version": int(version or 0)}


def _window(page: Page) -> Row:
    return {"size": page.size, "offset": (page.number - 1) * page.size}
