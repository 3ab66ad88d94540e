"""Indexes and constraints put aside while many rows are added, and made again afterwards.

What is to be made again is kept in the database, in the transaction that drops it: a load that was interrupted anywhere
still knows.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MEMORY: Final = "1GB"
"""For sorting a new index."""

_AT_ONCE: Final = 4
"""Indexes, in the order of their tables: those that are made at once read a table once (`synchronize_seqscans`)."""

_SETTLE: Final = "VACUUM (ANALYZE, PROCESS_TOAST false)"
"""The planner is to know the tables, and index-only scans their pages; the bytes of messages can wait."""

# The schema `country` holds what only the loader needs.
_OURS: Final = """
    CREATE SCHEMA IF NOT EXISTS country;
    CREATE TABLE IF NOT EXISTS country.put_aside (place int PRIMARY KEY, statement text NOT NULL)
"""
_REFERRING: Final = """
    SELECT conrelid::regclass::text AS on_table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS told
    FROM pg_constraint WHERE contype = 'f' AND conparentid = 0
    AND (confrelid = ANY(%(tables)s::regclass[]) OR conrelid = ANY(%(tables)s::regclass[])) ORDER BY conname
"""
_KEYS: Final = """
    SELECT conrelid::regclass::text AS on_table, quote_ident(conname) AS name,
    CASE contype WHEN 'p' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END || ' USING INDEX ' || quote_ident(conname) AS told
    FROM pg_constraint WHERE conrelid = ANY(%(tables)s::regclass[]) AND contype IN ('p', 'u') AND conparentid = 0
    ORDER BY conname
"""
_INDEXES: Final = """
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS told
    FROM pg_index WHERE indrelid = ANY(%(tables)s::regclass[])
    ORDER BY indrelid::regclass::text, indexrelid::regclass::text
"""


def put_aside(connection: psycopg.Connection[Any], tables: Sequence[str]) -> None:
    """Drops all indexes and keys of the tables, and foreign keys to them, in one transaction."""
    with connection.transaction():
        connection.execute(_OURS)
        given = {"tables": list(tables)}
        indexes = connection.execute(_INDEXES, given).fetchall()
        statements: list[str] = []
        for query in (_REFERRING, _KEYS):
            for on_table, name, told in connection.execute(query, given).fetchall():
                statements.append(f"ALTER TABLE {on_table} ADD CONSTRAINT {name} {told}")
                connection.execute(f"ALTER TABLE {on_table} DROP CONSTRAINT {name}")
        for name, told in indexes:
            statements.append(told)
            connection.execute(f"DROP INDEX IF EXISTS {name}")  # a key's has gone with it
        for statement in statements:
            connection.execute(
                "INSERT INTO country.put_aside SELECT coalesce(max(place), 0) + 1, %s FROM country.put_aside",
                (statement,),
            )


def put_back(database: str, tables: Sequence[str], tell: Callable[[str], None]) -> None:
    """Makes all again that was put aside from the tables, each told of before; lets the planner know them."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(_OURS)
        found = connection.execute("SELECT place, statement FROM country.put_aside ORDER BY place DESC")
        left = found.fetchall()
    indexes = [one for one in left if one[1].startswith("CREATE")]
    # Keys, then what refers to them: each locks its tables.
    constraints = [one for one in left if one not in indexes]

    def make(one: tuple[int, str]) -> None:
        place, statement = one
        tell(statement)
        with psycopg.connect(database) as connection:
            connection.execute(f"SET maintenance_work_mem = '{_MEMORY}'")
            connection.execute("SET max_parallel_maintenance_workers = 0")
            connection.execute(statement)
            connection.execute("DELETE FROM country.put_aside WHERE place = %s", (place,))

    def settle(table: str) -> None:
        tell(f"{_SETTLE} {table}")
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(f"{_SETTLE} {table}")

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(make, indexes))
        for one in constraints:
            make(one)
        list(pool.map(settle, tables))
