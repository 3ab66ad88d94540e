"""Tables that mappings declare: a new exchange brings its own place to land."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.types import TypeEngine

from esutd_bus.mapping.document import MappingDocument, MappingError
from esutd_bus.store.tables import metadata as register_metadata

SCHEMA = "exchange"
"""The database schema that keeps them apart from the register's own."""

TYPES: Mapping[str, TypeEngine[Any]] = {
    "text": Text(),
    "integer": BigInteger(),
    "decimal": Numeric(),
    "date": Date(),
    "instant": DateTime(timezone=True),
    "boolean": Boolean(),
    "uuid": Uuid(),
}
_TABLE_KEYS = {"columns", "parent", "index"}
_COLUMN_KEYS = {"type", "required"}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_BY_STORE = {"fed_by": "store"}


def declare(documents: list[MappingDocument]) -> dict[str, Table]:
    """The declared tables by name, parents before children. Raises MappingError."""
    metadata = MetaData(naming_convention=register_metadata.naming_convention)
    said = {
        name: (document, declaration)
        for document in documents
        for name, declaration in document.tables.items()
    }
    tables: dict[str, Table] = {}
    waiting = dict(said)
    while waiting:
        ready = [n for n, (_, d) in waiting.items() if (d or {}).get("parent") in (None, *tables)]
        if not ready:
            document, declaration = next(iter(waiting.values()))
            raise MappingError(
                f"{document.file}, tables: no table «{declaration.get('parent')}» to be a parent"
            )
        for name in ready:
            document, declaration = waiting.pop(name)
            tables[name] = _table(metadata, name, declaration or {}, f"{document.file}, tables, {name}")
    return tables


def _table(metadata: MetaData, name: str, said: Mapping[str, Any], place: str) -> Table:
    if not _NAME.fullmatch(name):
        raise MappingError(f"{place}: a table's name is lower case letters, digits and «_»")
    if name in register_metadata.tables or name in ("reference", "receipt"):
        raise MappingError(f"{place}: the register has a table of this name")
    _only(said, _TABLE_KEYS, place)
    parent = said.get("parent")
    columns = [Column("id", Uuid, primary_key=True, info=_BY_STORE)]
    if parent:
        columns.append(
            Column(
                "parent_id",
                Uuid,
                ForeignKey(f"{SCHEMA}.{parent}.id"),
                nullable=False,
                index=True,
                info=_BY_STORE,
            )
        )
        columns.append(Column("position", Integer, nullable=False, info=_BY_STORE))
    else:
        columns.append(Column("employer", Text, nullable=False, info=_BY_STORE))
    columns.append(Column("message_id", Uuid, nullable=False, info=_BY_STORE))
    columns.append(Column("recorded_at", DateTime(timezone=True), nullable=False, info=_BY_STORE))
    taken = {column.name for column in columns}
    for column_name, declared in (said.get("columns") or {}).items():
        if column_name in taken:
            raise MappingError(f"{place}, {column_name}: every declared table has this column by itself")
        columns.append(_column(column_name, declared, f"{place}, {column_name}"))
    table = Table(name, metadata, *columns, schema=SCHEMA)
    for indexed in said.get("index") or ():
        if indexed not in table.columns:
            raise MappingError(f"{place}, index: no column «{indexed}»")
        Index(f"ix_{name}_{indexed}", table.columns[indexed])
    return table


def _column(name: str, said: Any, place: str) -> Column[Any]:
    said = {"type": said} if isinstance(said, str) else said
    if not isinstance(said, dict) or said.get("type") not in TYPES:
        raise MappingError(f"{place}: a column's type is one of {', '.join(TYPES)}")
    if not _NAME.fullmatch(name):
        raise MappingError(f"{place}: a column's name is lower case letters, digits and «_»")
    _only(said, _COLUMN_KEYS, place)
    return Column(name, TYPES[said["type"]], nullable=not said.get("required", False))


def _only(said: Mapping[str, Any], known: set[str], place: str) -> None:
    unknown = sorted(set(said) - known)
    if unknown:
        raise MappingError(f"{place}: unknown word «{unknown[0]}» (known: {', '.join(sorted(known))})")
