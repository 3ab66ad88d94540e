"""Counting entries for the authority: live, on one snapshot, in an index that holds all that is counted.

The cost grows with the entries of the period asked for. Whoever is counted once, however many entries tell of him,
cannot be added up from parts counted before: so nothing is summed up beforehand, and the figures are those of the
moment (docs/adr/0013-statistics-are-counted-live.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString

from esutd_bus.register.calendar import ALMATY
from esutd_bus.register.search import Count, Found
from esutd_bus.store.connection import Connection

LONGEST_SECONDS = 900
"""For one figure of all groups; what takes longer is given up."""

_COUNTED_ONCE: Mapping[str, LiteralString] = {
    "contracts": "contract_id",
    "employees": "employee_iin",
    "employers": "employer",
}
"""Who is counted once → by which column."""

# Different values are gathered in memory as far as work_mem goes, then on disk; the default, 4 MB, is soon full. To
# compile so short a query takes longer than it saves.
_SETTINGS: LiteralString = f"""
    SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true),
        set_config('statement_timeout', '{LONGEST_SECONDS}s', true)
"""

Rows = list[dict[str, Any]]


async def count(connection: Connection, search: Count) -> Found:
    """The figures of the whole period, then those of each group, in order.

    Where there are more groups than asked for at most: no figures, and how many there are at least. Raises
    psycopg.Error.
    """
    values = _values(search)
    groups: Rows = []
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        await connection.execute(_SETTINGS)
        if search.is_grouped:
            groups = await _figures(connection, _grouped(search), values, search.at_most)
        if len(groups) > search.at_most:
            return Found((), len(groups))
        (whole,) = await _figures(connection, {}, values, 1)
    for row in groups:
        row["period"] = search.periods[row["period"] - 1] if "period" in row else None
    return Found([{**whole, "as_of": datetime.now(UTC)}, *groups], len(groups))


async def _figures(
    connection: Connection,
    grouped: Mapping[str, LiteralString],
    values: Mapping[str, Any],
    at_most: int,
) -> Rows:
    """The figures of each group; of more groups than so many, no more than the entries of one more."""
    entries, *others = _queries(grouped)
    window = {**values, "at_most": at_most + 1}
    rows = await (await connection.execute(entries, window)).fetchall()
    if len(rows) <= at_most:
        found = {_key(row, grouped): row for row in rows}
        for query in others:
            for row in await (await connection.execute(query, values)).fetchall():
                found[_key(row, grouped)].update(row)
    return rows


def _values(search: Count) -> Mapping[str, Any]:
    return {
        "begin": _midnight(search.first_day),
        "end": _midnight(search.last_day + timedelta(days=1)),
        "begins": [_midnight(day) for day in search.periods],
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ALMATY)


def _key(row: Mapping[str, Any], names: Mapping[str, LiteralString]) -> Sequence[Any]:
    return tuple(row[name] for name in names)


def _grouped(search: Count) -> Mapping[str, LiteralString]:
    """By what entries are counted → how it is read."""
    wanted: dict[str, LiteralString] = {}
    if search.by_region:
        wanted["region"] = "region"
    if search.by_period is not None:
        wanted["period"] = "width_bucket(recorded_at, %(begins)s::timestamptz[])"
    if search.by_channel:
        wanted["channel"] = "channel"
    if search.by_event:
        wanted["event"] = "event"
    return wanted


def _queries(grouped: Mapping[str, LiteralString]) -> Iterator[LiteralString]:
    """What counts the entries of each group, then what counts each of those who are counted once."""
    read: LiteralString = "".join(f"{expression} AS {name}, " for name, expression in grouped.items())
    told: LiteralString = "".join(f"{name}, " for name in grouped)
    names: LiteralString = ", ".join(grouped)
    by: LiteralString = f"GROUP BY {names}" if grouped else ""
    order: LiteralString = f"ORDER BY {names}" if grouped else ""
    of: LiteralString = "FROM contract_event WHERE recorded_at >= %(begin)s AND recorded_at < %(end)s"
    yield f"""
        SELECT {told} count(*) AS entries, count(*) FILTER (WHERE days_late = 0) AS on_time,
            count(*) FILTER (WHERE days_late > 0) AS late, count(*) FILTER (WHERE days_late IS NULL) AS without_deadline
        FROM (SELECT {read} days_late {of}) AS entry {by} {order} LIMIT %(at_most)s
    """  # noqa: S608  # of our own words, here and below: what is looked for are parameters
    for figure, column in _COUNTED_ONCE.items():
        yield f"""
            SELECT {told} count(*) AS {figure} FROM (SELECT DISTINCT {read} {column} {of}) AS each {by}
        """  # noqa: S608
