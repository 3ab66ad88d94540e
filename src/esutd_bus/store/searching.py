"""Looking for many rows of one employer's: a page of them, and how many there are.

Every query walks an index that begins with the employer; pages are counted in an index alone, and only the rows of the
page asked for are read. So its cost grows with the employer's own contracts, never with the register's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString, NamedTuple

from esutd_bus.register.contract import DELETED
from esutd_bus.register.search import ContractSearch, Found, Page, Search
from esutd_bus.store import tables
from esutd_bus.store.connection import Connection
from esutd_bus.store.statements import select_list

_FURTHEST = 2**62
"""What PostgreSQL still takes for an offset; no employer has as many rows."""


class Query(NamedTuple):
    """A statement and the values of its parameters."""

    text: LiteralString
    values: Mapping[str, Any]


async def find(connection: Connection, employer: str, search: Search) -> Found:
    """One page of what an employer looks for. Raises psycopg.Error."""
    page, count = queries(employer, search)
    async with connection.pipeline():
        rows = await connection.execute(*page)
        total = await connection.execute(*count)
    return Found(await rows.fetchall(), (await total.fetchall())[0]["total"])


def queries(employer: str, search: Search) -> tuple[Query, Query]:
    """What reads the page, and what counts the rows of all pages."""
    where, values = _contracts(employer, search)
    # An id is in the order of registration and never changes: a page read later misses nothing that was there.
    page: LiteralString = f"""
        SELECT {select_list(tables.contract, "c")}
        FROM (SELECT id FROM contract WHERE {where} ORDER BY id LIMIT %(size)s OFFSET %(offset)s) AS page
        JOIN contract c USING (id) ORDER BY c.id
    """  # noqa: S608  # of our own words, here and below: what is looked for are parameters
    count: LiteralString = f"SELECT count(*) AS total FROM contract WHERE {where}"  # noqa: S608
    return Query(page, {**values, **_window(search.page)}), Query(count, values)


def _contracts(employer: str, search: ContractSearch) -> tuple[LiteralString, dict[str, Any]]:
    """The condition and its values."""
    where: LiteralString = "employer = %(employer)s AND status <> %(deleted)s"
    values: dict[str, Any] = {"employer": employer, "deleted": DELETED}
    if search.employee_iin is not None:
        where += " AND employee_iin = %(employee_iin)s"
        values["employee_iin"] = search.employee_iin
    if search.status is not None:
        where += " AND status = %(status)s"
        values["status"] = search.status
    if search.changed_since is not None:
        where += " AND changed_at >= %(changed_since)s"
        values["changed_since"] = search.changed_since
    return where, values


def _window(page: Page) -> dict[str, int]:
    return {"size": page.size, "offset": min((page.number - 1) * page.size, _FURTHEST)}
