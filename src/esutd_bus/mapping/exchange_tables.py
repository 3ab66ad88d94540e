"""Tables that mappings declare: a new exchange brings its own place to land."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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

from esutd_bus.mapping.answer_sources import LISTS_OF_THE_ENGINE, ROWS_OF_THE_ENGINE
from esutd_bus.mapping.document import MappingDocument
from esutd_bus.mapping.fields import BESIDE_TABLES
from esutd_bus.mapping.yaml_file import MappingError, names, section, text
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
_TABLE_WORDS = frozenset({"columns", "parent", "index"})
_COLUMN_WORDS = frozenset({"type", "required"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_BY_STORE = {"fed_by": "store"}


def declare(documents: Sequence[MappingDocument]) -> dict[str, Table]:
    """The declared tables by name, parents before children. Raises MappingError."""
    metadata = MetaData(naming_convention=register_metadata.naming_convention)
    waiting: dict[str, _Declaration] = {}
    for document in documents:
        for name, content in document.tables.items():
            declaration = _Declaration(name, content, f"{document.file}, tables, {name}")
            if name in waiting:
                raise MappingError(f"{declaration.place}: {waiting[name].place} declares this table already")
            waiting[name] = declaration
    tables: dict[str, Table] = {}
    while waiting:
        ready = [each for each in waiting.values() if each.parent is None or each.parent in tables]
        if not ready:
            stuck = next(iter(waiting.values()))
            raise MappingError(f"{stuck.place}: no table «{stuck.parent}» to be its parent")
        for declaration in ready:
            tables[declaration.name] = declaration.table(metadata)
            del waiting[declaration.name]
    return tables


class _Declaration:
    """What a mapping says of one table."""

    def __init__(self, name: str, content: Any, place: str) -> None:
        said = section(content, place, _TABLE_WORDS)
        if not _NAME.fullmatch(name):
            raise MappingError(f"{place}: a table's name is lower case letters, digits and «_», at most 41")
        if name in register_metadata.tables or name in BESIDE_TABLES:
            raise MappingError(f"{place}: the register has a table of this name")
        if name in ROWS_OF_THE_ENGINE or name in LISTS_OF_THE_ENGINE:
            raise MappingError(f"{place}: the name is taken: answers tell «{name}» from the engine")
        self.name = name
        self.place = place
        self.parent = text(said["parent"], f"{place}, parent") if "parent" in said else None
        self._columns = section(said.get("columns"), f"{place}, columns")
        self._indexed = names(said.get("index"), f"{place}, index")

    def table(self, metadata: MetaData) -> Table:
        """The table, with the columns that the store fills."""
        columns = [Column("id", Uuid, primary_key=True, info=_BY_STORE), *self._belonging()]
        columns.append(Column("message_id", Uuid, nullable=False, info=_BY_STORE))
        columns.append(Column("recorded_at", DateTime(timezone=True), nullable=False, info=_BY_STORE))
        taken = {column.name for column in columns}
        for name, content in self._columns.items():
            place = f"{self.place}, {name}"
            if name in taken:
                raise MappingError(f"{place}: every declared table has this column by itself")
            columns.append(_column(name, content, place))
        table = Table(self.name, metadata, *columns, schema=SCHEMA, info={"parent": self.parent})
        for name in dict.fromkeys(self._indexed):
            if name not in table.columns:
                raise MappingError(f"{self.place}, index: no column «{name}»")
            Index(None, table.columns[name])
        return table

    def _belonging(self) -> list[Column[Any]]:
        """Whose the rows are: an employer's, or their parent's, counted from 1."""
        if self.parent is None:
            return [Column("employer", Text, nullable=False, info=_BY_STORE)]
        key = ForeignKey(f"{SCHEMA}.{self.parent}.id")
        return [
            Column("parent_id", Uuid, key, nullable=False, index=True, info=_BY_STORE),
            Column("position", Integer, nullable=False, info=_BY_STORE),
        ]


def _column(name: str, content: Any, place: str) -> Column[Any]:
    said = {"type": content} if isinstance(content, str) else section(content, place, _COLUMN_WORDS)
    if not _NAME.fullmatch(name):
        raise MappingError(f"{place}: a column's name is lower case letters, digits and «_», at most 41")
    column_type = said.get("type")
    if not isinstance(column_type, str) or column_type not in TYPES:
        raise MappingError(f"{place}: a column's type is one of {', '.join(TYPES)}")
    required = said.get("required", False)
    if not isinstance(required, bool):
        raise MappingError(f"{place}: required is true or false, not «{required}»")
    return Column(name, TYPES[column_type], nullable=not required)
