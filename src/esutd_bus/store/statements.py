"""Statements generated from the tables: one writes any number of rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, LiteralString

from psycopg.types.json import Jsonb
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def insert(table: Table, rows: Sequence[Mapping[str, Any]]) -> tuple[LiteralString, list[list[Any]]]:
    """`INSERT` of all rows; a column that a row does not name is NULL. Returns statement and parameters."""
    return _insert(table), _columns(table, rows)


def update(table: Table, rows: Sequence[Mapping[str, Any]]) -> tuple[LiteralString, list[list[Any]]]:
    """`UPDATE` of whole rows by their primary key."""
    return _update(table), _columns(table, rows)


def select_list(table: Table, alias: str) -> LiteralString:
    """The table's columns by name: unlike `*`, the same on a database whose table has gained one."""
    names: Any = ", ".join(f'{alias}."{column.name}"' for column in table.columns)
    return names  # type: ignore[no-any-return]  # names come from the tables, never from a message


def qualified(table: Table) -> str:
    """The table's name as statements write it."""
    return f'"{table.schema}"."{table.name}"' if table.schema else f'"{table.name}"'


def _columns(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    columns: list[list[Any]] = []
    for column in table.columns:
        values = [row.get(column.name) for row in rows]
        if isinstance(column.type, JSONB):
            values = [None if value is None else Jsonb(value) for value in values]
        columns.append(values)
    return columns


@lru_cache(maxsize=256)
def _insert(table: Table) -> LiteralString:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    # Names come from the tables, never from a message.
    return f"INSERT INTO {qualified(table)} ({names}) SELECT * FROM {_unnest(table)}"  # noqa: S608


@lru_cache(maxsize=256)
def _update(table: Table) -> LiteralString:
    keys = {column.name for column in table.primary_key.columns}
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    sets = ", ".join(f'"{c.name}" = new."{c.name}"' for c in table.columns if c.name not in keys)
    same = " AND ".join(f'old."{name}" = new."{name}"' for name in sorted(keys))
    return f"UPDATE {qualified(table)} AS old SET {sets} FROM {_unnest(table)} AS new ({names}) WHERE {same}"  # noqa: S608


def _unnest(table: Table) -> str:
    arrays = ", ".join(f"%b::{column.type.compile(_DIALECT)}[]" for column in table.columns)
    return f"unnest({arrays})"
