"""Statements generated from the tables: one writes any number of rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, LiteralString

from psycopg.types.json import Jsonb
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

Columns = tuple[Column[Any], ...]


def insert(table: Table, rows: Sequence[Mapping[str, Any]]) -> tuple[LiteralString, list[list[Any]]]:
    """`INSERT` of all rows; a column that a row does not name is NULL. Returns statement and parameters."""
    usual, rare = _usual_and_rare(table)
    whole = _has_any(rare, rows)
    return _insert(table, whole=whole), _values((*usual, *rare) if whole else usual, rows)


def update(table: Table, rows: Sequence[Mapping[str, Any]]) -> tuple[LiteralString, list[list[Any]]]:
    """`UPDATE` of whole rows by their primary key."""
    return _update(table), _values(tuple(table.columns), rows)


def select_list(table: Table, alias: str) -> LiteralString:
    """The table's columns by name: unlike `*`, the same on a database whose table has gained one."""
    names: Any = ", ".join(f'{alias}."{column.name}"' for column in table.columns)
    return names  # type: ignore[no-any-return]  # names come from the tables, never from a message


def qualified(table: Table) -> str:
    """The table's name as statements write it."""
    return f'"{table.schema}"."{table.name}"' if table.schema else f'"{table.name}"'


@lru_cache(maxsize=256)
def _usual_and_rare(table: Table) -> tuple[Columns, Columns]:
    """The table's columns, and of them those that are empty in nearly every new row."""
    rare = tuple(column for column in table.columns if "rare" in column.info)
    return tuple(column for column in table.columns if "rare" not in column.info), rare


def _has_any(columns: Columns, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any row has a value for any of the columns."""
    names = [column.name for column in columns]
    nothing = [None] * len(names)
    return any(list(map(row.get, names)) != nothing for row in rows)


def _values(wanted: Columns, rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    columns: list[list[Any]] = []
    for column in wanted:
        name = column.name
        values = [row.get(name) for row in rows]
        if isinstance(column.type, JSONB):
            values = [None if value is None else Jsonb(value) for value in values]
        columns.append(values)
    return columns


@lru_cache(maxsize=256)
def _insert(table: Table, *, whole: bool) -> LiteralString:
    usual, rare = _usual_and_rare(table)
    columns = (*usual, *rare) if whole else usual
    names = ", ".join(f'"{column.name}"' for column in columns)
    # Names come from the tables, never from a message.
    return f"INSERT INTO {qualified(table)} ({names}) SELECT * FROM {_unnest(columns)}"  # noqa: S608


@lru_cache(maxsize=256)
def _update(table: Table) -> LiteralString:
    keys, columns = {column.name for column in table.primary_key.columns}, tuple(table.columns)
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    sets = ", ".join(f'"{c.name}" = new."{c.name}"' for c in table.columns if c.name not in keys)
    same = " AND ".join(f'old."{name}" = new."{name}"' for name in sorted(keys))
    return (
        f"UPDATE {qualified(table)} AS old SET {sets} FROM {_unnest(columns)} AS new ({names}) WHERE {same}"  # noqa: S608
    )


def _unnest(columns: Columns) -> str:
    arrays = ", ".join(f"%b::{column.type.compile(_DIALECT)}[]" for column in columns)
    return f"unnest({arrays})"
