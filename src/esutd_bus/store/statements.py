"""Statements generated from the tables: one writes any number of rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, LiteralString

import orjson
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from esutd_bus.store.connection import Asked

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

Columns = tuple[Column[Any], ...]


def insert(table: Table, rows: Sequence[Mapping[str, Any]]) -> Asked:
    """`INSERT` of all rows; a column that a row does not name is NULL."""
    usual, rare = _usual_and_rare(table)
    columns = (*usual, *rare) if _has_any(rare, rows) else usual
    return Asked(_insert(table, columns), [as_json(rows)], as_text=True)


def update(table: Table, rows: Sequence[Mapping[str, Any]]) -> Asked:
    """`UPDATE` of whole rows by their primary key."""
    return Asked(_update(table), [as_json(rows)], as_text=True)


def as_json(rows: object) -> bytes:
    """As PostgreSQL reads values of all its types from JSON."""
    return orjson.dumps(rows, default=_as_text)


def as_array(values: Iterable[object]) -> bytes:
    """As PostgreSQL reads an array of texts, or of what it reads from text. Raises ValueError for U+0000."""
    octets = ("{" + ",".join(map(_as_element, values)) + "}").encode()
    if 0 in octets:
        raise ValueError("no text of PostgreSQL holds U+0000")
    return octets


def _as_element(value: object) -> str:
    text = str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


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


@lru_cache(maxsize=256)
def _insert(table: Table, columns: Columns) -> LiteralString:
    names = _names(columns)
    return f"INSERT INTO {qualified(table)} ({names}) SELECT {names} FROM {_recordset(columns)} AS new"  # noqa: S608


@lru_cache(maxsize=256)
def _update(table: Table) -> LiteralString:
    keys, columns = {column.name for column in table.primary_key.columns}, tuple(table.columns)
    sets = ", ".join(f'"{c.name}" = new."{c.name}"' for c in table.columns if c.name not in keys)
    same = " AND ".join(f'old."{name}" = new."{name}"' for name in sorted(keys))
    return f"UPDATE {qualified(table)} AS old SET {sets} FROM {_recordset(columns)} AS new WHERE {same}"  # noqa: S608


def _names(columns: Columns) -> str:
    return ", ".join(f'"{column.name}"' for column in columns)


def _recordset(columns: Columns) -> str:
    """The rows of one parameter. Names and types come from the tables, never from a message."""
    typed = ", ".join(f'"{column.name}" {column.type.compile(_DIALECT)}' for column in columns)
    return f"ROWS FROM (json_to_recordset(%s::json) AS ({typed}))"


def _as_text(value: object) -> str:
    """What JSON has no form for."""
    match value:
        case bytes() | memoryview():
            return f"\\x{value.hex()}"
        case Decimal():
            return str(value)
        case _:
            raise TypeError(f"no column takes a {type(value).__name__}")
