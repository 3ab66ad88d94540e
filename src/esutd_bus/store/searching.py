"""Looking for what is one employer's, or one region's, among many rows: a page of it, and how much there is.

Every query walks an index that begins with the employer, or for the authority with the region; pages are counted in an
index, and only the rows of the page asked for are read. So its cost grows with the employer's, or the region's, own
entries, never with the register's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from esutd_bus.register.search import (
    ContractSearch,
    Found,
    Page,
    RegionViolationSearch,
    RequestSearch,
    Search,
    ViolationSearch,
)
from esutd_bus.store import cabinet, tables
from esutd_bus.store.compression import expand
from esutd_bus.store.connection import Connection
from esutd_bus.store.statements import select_list


@dataclass(frozen=True, slots=True)
class Part:
    """What finds rows of one kind."""

    page: LiteralString
    """Reads `size` of them from `offset` on."""

    count: LiteralString
    """Tells how many there are, as `total`."""

    values: Mapping[str, Any]


async def find(connection: Connection, employer: str, search: Search) -> Found:
    """One page of what an employer, or a person, looks for. Raises psycopg.Error."""
    match search:
        case ContractSearch():
            return await _find([contracts(employer, search)], connection, search.page)
        case ViolationSearch():
            return await _find(violations(employer), connection, search.page)
        case RegionViolationSearch():
            return await _find(region_violations(search.region), connection, search.page)
        case RequestSearch():
            return await _request(connection, employer, search)
        case _:
            return await cabinet.find(connection, search)


async def _request(connection: Connection, sender: str, search: RequestSearch) -> Found:
    """The answer that a request is bound to; a row of nothing where the message came, but none is."""
    values = {"sender": sender, "request_id": search.request_id}
    async with connection.pipeline():
        bound = await connection.execute(_BOUND, values)
        came = await connection.execute(_CAME, values)
    rows = [{**row, "envelope": expand(row["envelope"]).decode()} for row in await bound.fetchall()]
    rows = (rows or await came.fetchall())[:1]
    return Found(rows, len(rows))


_BOUND: LiteralString = """
    SELECT r.operation, r.bound_at, m.code, m.status, m.body AS envelope
    FROM request r JOIN message m ON m.id = r.answer_id
    WHERE r.sender = %(sender)s AND r.request_id = %(request_id)s
"""
_CAME: LiteralString = """
    SELECT NULL AS operation FROM message
    WHERE request_id = %(request_id)s AND sender = %(sender)s AND direction = 'in' LIMIT 1
"""


async def _find(parts: Sequence[Part], connection: Connection, page: Page) -> Found:
    """The page of what several queries find one after the other."""
    async with connection.pipeline():
        counted = [await connection.execute(part.count, part.values) for part in parts]
    totals = [(await cursor.fetchall())[0]["total"] for cursor in counted]
    left, skipped = page.size, (page.number - 1) * page.size
    rows: list[Mapping[str, Any]] = []
    for part, total in zip(parts, totals, strict=True):
        if left and skipped < total:
            window = {"size": left, "offset": skipped}
            found = await (await connection.execute(part.page, {**part.values, **window})).fetchall()
            rows += found
            left -= len(found)
        skipped = max(0, skipped - total)
    return Found(rows, sum(totals))


def contracts(employer: str, search: ContractSearch) -> Part:
    """An employer's contracts."""
    where, values = _criteria(employer, search)
    # An id is in the order of registration and never changes: a page read later misses nothing that was there.
    page: LiteralString = f"""
        SELECT {select_list(tables.contract, "c")}
        FROM (SELECT id FROM contract WHERE {where} ORDER BY id LIMIT %(size)s OFFSET %(offset)s) AS page
        JOIN contract c USING (id) ORDER BY c.id
    """  # noqa: S608  # of our own words, here and below: what is looked for are parameters
    count: LiteralString = f"SELECT count(*) AS total FROM contract WHERE {where}"  # noqa: S608
    return Part(page, count, values)


def violations(employer: str) -> Sequence[Part]:
    """What can be mended, then late entries; of each the newest first.

    Contracts whose employer or employee no registry confirms, contracts that lack their working time.
    """
    values = {"employer": employer}
    newest_first: LiteralString = "e.recorded_at DESC, e.contract_id, e.version"
    return [
        _unconfirmed("k.employer = %(employer)s", "k.answered_at DESC, c.id, k.about", values),
        _lacking("c.employer = %(employer)s", "c.id DESC", values),
        _late("e.employer = %(employer)s", newest_first, values),
    ]


def region_violations(region: str) -> Sequence[Part]:
    """The same of all employers whose contracts are worked in a region, employer by employer."""
    values = {"region": region}
    of_region: LiteralString = "left(c.kato_code, 2) = left(%(region)s, 2)"
    newest_first: LiteralString = "e.employer, e.recorded_at DESC, e.contract_id, e.version"
    return [
        _unconfirmed(of_region, "c.employer, k.answered_at DESC, c.id, k.about", values),
        _lacking(of_region, "c.employer, c.id DESC", values),
        _late("e.region = %(region)s", newest_first, values),
    ]


def _unconfirmed(where: LiteralString, order: LiteralString, values: Mapping[str, Any]) -> Part:
    """Contracts of whose employer or employee a registry was asked afterwards, and knew nobody who goes on, or lives.

    Whoever the contract names no more is no violation any more.
    """
    source: LiteralString = f"""
        registry_check k JOIN contract c ON c.id = k.contract_id
        WHERE {where} AND k.state = 'unconfirmed' AND c.status <> 'deleted'
            AND k.number = CASE k.about WHEN 'employer' THEN c.employer ELSE c.employee_iin END
    """
    columns: LiteralString = "c.employer, '353/3' AS clause, k.code AS unconfirmed"
    return _violations(source, columns, order, values)


def _lacking(where: LiteralString, order: LiteralString, values: Mapping[str, Any]) -> Part:
    """Contracts in force without their working time."""
    source: LiteralString = (
        f"contract c WHERE {where} AND c.working_hours_code IS NULL AND c.status = 'active'"
    )
    return _violations(source, "c.employer, NULL AS clause", order, values)


def _late(where: LiteralString, order: LiteralString, values: Mapping[str, Any]) -> Part:
    """Late entries, each of the employer that made it."""
    source: LiteralString = f"""
        contract_event e JOIN contract c ON c.id = e.contract_id
        WHERE {where} AND e.days_late > 0 AND c.status <> 'deleted'
    """
    columns: LiteralString = "e.employer, e.clause, e.event, e.version, e.due_on, e.days_late, e.recorded_at"
    return _violations(source, columns, order, values)


def _violations(
    source: LiteralString, columns: LiteralString, order: LiteralString, values: Mapping[str, Any]
) -> Part:
    page: LiteralString = f"""
        SELECT c.id AS contract_id, c.external_id, c.number, {columns}
        FROM {source} ORDER BY {order} LIMIT %(size)s OFFSET %(offset)s
    """  # noqa: S608
    count: LiteralString = f"SELECT count(*) AS total FROM {source}"  # noqa: S608
    return Part(page, count, values)


def _criteria(employer: str, search: ContractSearch) -> tuple[LiteralString, dict[str, Any]]:
    """The condition and its values."""
    where: LiteralString = "employer = %(employer)s AND status <> 'deleted'"
    values: dict[str, Any] = {"employer": employer}
    if search.employee_iin is not None:
        where += " AND employee_iin = %(employee_iin)s"
        values["employee_iin"] = search.employee_iin
    if search.status is not None:
        where += " AND status = %(status)s"
        values["status"] = search.status
    if search.changed_since is not None:
        where += f" AND id IN ({_CHANGED})"
        values["changed_since"] = search.changed_since
    return where, values


# `changed_at` is the moment of the registration, or of the last entry after it. It is in no index itself: each
# amendment would touch that.
_CHANGED: LiteralString = f"""
    SELECT id FROM contract WHERE employer = %(employer)s AND registered_at >= %(changed_since)s
    UNION ALL
    SELECT contract_id FROM contract_event
    WHERE version > 1 AND {tables.OWNER} = %(employer)s AND recorded_at >= %(changed_since)s
"""  # noqa: S608
