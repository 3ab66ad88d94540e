"""Indexes and constraints put aside while many rows are added, and made again afterwards.

What is to be made again is kept in the database, in the transaction that drops it: a load that was interrupted anywhere
still knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MEMORY: Final = "1GB"
"""For sorting a new index."""

_SETTLE: Final = "VACUUM (ANALYZE, PROCESS_TOAST false)"
"""The planner is to know the tables, and index-only scans their pages; the bytes of messages can wait."""

# The schema `country` holds what only the loader needs.
_OURS: Final = """
    CREATE SCHEMA IF NOT EXISTS country;
    CREATE TABLE IF NOT EXISTS country.put_aside (place int PRIMARY KEY, statement text NOT NULL)
"""
# Foreign keys go first, for they lean on the others.
_CONSTRAINTS: Final = """
    SELECT conrelid::regclass::text AS on_table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS told
    FROM pg_constraint WHERE conrelid = ANY(%(tables)s::regclass[]) AND contype = ANY(%(kinds)s) AND conparentid = 0
    ORDER BY contype, conname
"""
_REFERRING: Final = """
    SELECT conrelid::regclass::text AS on_table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS told
    FROM pg_constraint WHERE contype = 'f' AND conparentid = 0
    AND (confrelid = ANY(%(tables)s::regclass[]) OR conrelid = ANY(%(tables)s::regclass[])) ORDER BY conname
"""
_INDEXES: Final = """
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS told
    FROM pg_index WHERE indrelid = ANY(%(tables)s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
    ORDER BY indexrelid::regclass::text
"""


def put_aside(connection: psycopg.Connection[Any], tables: Sequence[str]) -> None:
    """Drops all indexes and constraints of the tables, and foreign keys to them, in one transaction."""
    with connection.transaction():
        connection.execute(_OURS)
        given = {"tables": list(tables)}
        statements: list[str] = []
        for on_table, name, told in connection.execute(_REFERRING, given).fetchall():
            statements.append(f"ALTER TABLE {on_table} ADD CONSTRAINT {name} {told}")
            connection.execute(f"ALTER TABLE {on_table} DROP CONSTRAINT {name}")
        for name, told in connection.execute(_INDEXES, given).fetchall():
            statements.append(told)
            connection.execute(f"DROP INDEX {name}")
        for on_table, name, told in connection.execute(
            _CONSTRAINTS, {**given, "kinds": ["p", "u"]}
        ).fetchall():
            statements.append(f"ALTER TABLE {on_table} ADD CONSTRAINT {name} {told}")
            connection.execute(f"ALTER TABLE {on_table} DROP CONSTRAINT {name}")
        for statement in statements:
            connection.execute(
                "INSERT INTO country.put_aside SELECT coalesce(max(place), 0) + 1, %s FROM country.put_aside",
                (statement,),
            )


def put_back(connection: psycopg.Connection[Any], tell: Callable[[str], None]) -> None:
    """Makes all again that was put aside, each told of before; lets the planner know the tables."""
    connection.execute(_OURS)
    connection.execute(f"SET maintenance_work_mem = '{_MEMORY}'")
    connection.execute("SET max_parallel_maintenance_workers = 2")
    while row := connection.execute(
        "SELECT place, statement FROM country.put_aside ORDER BY place DESC LIMIT 1"
    ).fetchone():
        place, statement = row
        tell(statement)
        with connection.transaction():
            connection.execute(statement)
            connection.execute("DELETE FROM country.put_aside WHERE place = %s", (place,))
    tell(_SETTLE)
    connection.execute(_SETTLE)
