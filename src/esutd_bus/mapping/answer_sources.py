"""What an answer can be told from: the engine's rows and lists, and those of the operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Table

from esutd_bus.mapping.fields import column_type
from esutd_bus.mapping.request_compiler import Landed
from esutd_bus.mapping.yaml_file import MappingError
from esutd_bus.register.case import Decider, Shape
from esutd_bus.store.tables import metadata

ROWS_OF_THE_ENGINE: Mapping[str, Shape] = {
    "message": Shape(always={"id": UUID, "request_id": UUID, "received_at": datetime}),
    "receipt": Shape(
        always={"code": str, "message": str},
        sometimes={"due_on": date, "days_late": int},
        lists={
            "warnings": Shape(always={"code": str, "message_ru": str, "message_kk": str, "message_en": str})
        },
    ),
}
LISTS_OF_THE_ENGINE = frozenset(name for row in ROWS_OF_THE_ENGINE.values() for name in row.lists)


@dataclass(frozen=True, slots=True)
class AnswerSources:
    """The sources of one operation's answer."""

    rows: Mapping[str, Shape]
    lists: Mapping[str, Shape]
    no_row: str
    """What is told of a row that is not there: `no leaf of the request lands in`."""

    no_list: str

    @classmethod
    def of_command(cls, name: str, decider: Decider) -> AnswerSources:
        """What a command of the register gives."""
        given = decider.answer
        tables = {table: kept(metadata.tables[table]) for table in given.tables}
        rows = {**tables, **given.rows, **ROWS_OF_THE_ENGINE}
        as_stored = {
            name: kept(metadata.tables[table], stored=True) for name, table in given.table_lists.items()
        }
        return cls(rows, {**given.lists, **as_stored}, f"{name} tells nothing of", f"{name} gives no list")

    @classmethod
    def of_rows(cls, landed: Mapping[str, Landed], declared: Mapping[str, Table]) -> AnswerSources:
        """The rows that the operation's own messages land on, as they have just been stored."""
        rows, lists = dict(ROWS_OF_THE_ENGINE), dict[str, Shape]()
        for name in landed.keys() & declared.keys():
            of_kind = lists if landed[name].repeated else rows
            of_kind[name] = _stored(landed[name], declared[name])
        return cls(
            rows, lists, "no leaf of the request lands in", "no repeated element of the request lands in"
        )

    def row(self, name: str, where: str) -> Shape:
        """A row by its name. Raises MappingError."""
        if name in self.lists:
            raise MappingError(f"{where}: {name} has many rows: a repeated element tells them")
        if name not in self.rows:
            raise MappingError(f"{where}: {self.no_row} «{name}»")
        return self.rows[name]

    def rows_of(self, row: str, column: str, where: str) -> Shape:
        """What the rows of a list hold: of `row` itself, or of a row's `column`. Raises MappingError."""
        lists = self.row(row, where).lists if column else self.lists
        name = column or row
        if name not in lists:
            raise MappingError(f"{where}: {self.no_list} «{f'{row}.{column}' if column else row}»")
        return lists[name]


def kept(table: Table, *, stored: bool = False) -> Shape:
    """A row of the register's: `stored`, or as the register has just made it, without what the store adds."""
    columns = [column for column in table.columns if stored or column.info.get("fed_by") != "store"]
    return Shape(
        always={column.name: column_type(column) for column in columns if not column.nullable},
        sometimes={column.name: column_type(column) for column in columns if column.nullable},
    )


def _stored(landed: Landed, table: Table) -> Shape:
    """A row just stored: the columns that messages feed, and its id."""
    types = {name: column_type(table.columns[name]) for name in {"id", *landed.columns}}
    always = {"id", *landed.certain}
    return Shape(
        always={name: types[name] for name in always},
        sometimes={name: types[name] for name in types.keys() - always},
        filled=landed.always,
    )
