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

Row = Mapping[str, Any]

NUMBERS: LiteralString = """
    WITH RECURSIVE numbers (iin) AS (
        SELECT %(iin)s::text
        UNION SELECT c.former_iin FROM numbers n JOIN iin_change c USING (iin)
    )
    SELECT iin FROM numbers
"""

_THE_PERSONS: LiteralString = f"""
    SELECT id FROM contract WHERE employee_iin = ANY(%(numbers)s)
    UNION
    SELECT contract_id FROM contract_event
    WHERE version > 1 AND {tables.FORMER_EMPLOYEE} IS NOT NULL AND {tables.FORMER_EMPLOYEE} = ANY(%(numbers)s)
"""  # noqa: S608  # of our own words, here and below: what is looked for are parameters
"""The contracts that are, or once were, the person's. Asked for beforehand: how few they are, no planner can guess."""

_ENTRIES: LiteralString = f"""
    passed AS MATERIALIZED (
        SELECT contract_id, version, {tables.FORMER_EMPLOYEE} AS former FROM contract_event
        WHERE contract_id = ANY(%(contracts)s) AND version > 1 AND {tables.FORMER_EMPLOYEE} IS NOT NULL
    ),
    entry AS (
        SELECT e.contract_id AS about, e.version, e.recorded_at,
            own.former IS NULL OR own.former = ANY(%(numbers)s) AS tells_before,
            held.by = ANY(%(numbers)s) AS tells_after
        FROM contract_event e
        JOIN contract c ON c.id = e.contract_id
        LEFT JOIN passed own ON own.contract_id = c.id AND own.version = e.version
        CROSS JOIN LATERAL (
            SELECT coalesce(
                (
                    SELECT n.former FROM passed n WHERE n.contract_id = c.id AND n.version > e.version
                    ORDER BY n.version LIMIT 1
                ),
                c.employee_iin
            ) AS by
        ) AS held
        WHERE e.contract_id = ANY(%(contracts)s) AND c.id = ANY(%(contracts)s)
            AND (held.by = ANY(%(numbers)s) OR own.former = ANY(%(numbers)s))
    )
"""  # noqa: S608
"""The entries of these contracts' histories that are the person's: `about` (the contract) and `version`.

`tells_before`, `tells_after`: which side of what changed is the person's own.
"""

_CHANGES: LiteralString = f"""
    WITH {_ENTRIES},
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
    WITH {_ENTRIES}
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


async def find(connection: Connection, search: PersonSearch) -> Found:
    """What a person finds. Raises psycopg.Error."""
    person = await _Person.of(connection, search.employee_iin)
    match search:
        case PersonContractSearch(page=page):
            total = await person.total(_CONTRACT_COUNT)
            return Found(await _contracts(person, page), total)
        case ChangeSearch(page=page, since=since):
            named = {**await person.contracts(), **_named(since)}
            if since is not None and not await person.rows(_IS_KNOWN, named):
                return Found((), 0, change_is_known=False)
            total = await person.total(_COUNT, named)
            return Found(await person.rows(_PAGE, {**named, **_window(page)}), total)
        case OneChangeSearch(change_id=change_id):
            named = {**await person.contracts(), **_named(change_id)}
            if not await person.rows(_IS_KNOWN, named):
                return Found((), 0, change_is_known=False)
            return Found(({"numbers": person.numbers},), 1)
        case DisclosureSearch(page=page):
            total = await person.total(_DISCLOSURE_COUNT)
            return Found(await person.rows(_DISCLOSURES, _window(page)), total)


@dataclass(frozen=True, slots=True)
class _Person:
    """Who is asked about, and what is found by the person's numbers."""

    connection: Connection
    numbers: Sequence[str]
    """The number asked by, and those it took the place of."""

    @classmethod
    async def of(cls, connection: Connection, iin: str) -> _Person:
        found = await (await connection.execute(NUMBERS, {"iin": iin})).fetchall()
        return cls(connection, [row["iin"] for row in found])

    async def contracts(self) -> Row:
        """The contracts that are, or once were, the person's: the value `contracts` of a query."""
        return {"contracts": [row["id"] for row in await self.rows(_THE_PERSONS, {})]}

    async def rows(self, query: LiteralString, values: Row) -> list[dict[str, Any]]:
        return await (await self.connection.execute(query, {**values, "numbers": self.numbers})).fetchall()

    async def total(self, query: LiteralString, values: Row | None = None) -> int:
        (row,) = await self.rows(query, values or {})
        total: int = row["total"]
        return total


async def _contracts(person: _Person, page: Page) -> list[Row]:
    """`contract` as it is now, and its whole `history`, in which `shown` tells what is the person's."""
    contracts = await person.rows(_CONTRACTS, _window(page))
    histories: dict[UUID, list[Row]] = defaultdict(list)
    for row in await person.rows(_HISTORIES, {"contracts": [row["id"] for row in contracts]}):
        histories[row["contract_id"]].append(row)
    return [{"contract": row, "history": histories[row["id"]]} for row in contracts]


def _named(change_id: str | None) -> Row:
    """What a change's id names: the version of a contract, or a disclosure."""
    about, _, version = change_id.partition("/") if change_id else ("", "", "")
    return {"since": UUID(about) if about else None, "since_version": int(version or 0)}


def _window(page: Page) -> Row:
    return {"size": page.size, "offset": (page.number - 1) * page.size}
