"""The fields a message's leaves land on: `TABLE.COLUMN`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Table

from esutd_bus.mapping.yaml_file import MappingError
from esutd_bus.store.tables import metadata

MESSAGE = "message"
"""What every message says of itself: kept in the journal, whatever the operation."""

_SAID_OF_A_MESSAGE: Mapping[str, type] = {"employer": str, "request_id": UUID, "sent_at": str, "system": str}
BESIDE_TABLES: Mapping[str, Mapping[str, type]] = {
    "reference": {"contract_id": UUID, "external_id": str},
    "owner": {"employer": str},
    "employee_reference": {"iin": str},
    "amendment_reference": {"amendment_id": UUID, "external_id": str},
    "consent_reference": {"consent_id": UUID},
    "paper_request": {
        "applicant": str,
        "number": str,
        "received_on": date,
        "employee_iin": str,
        "purpose": str,
        "consent": str,
    },
    "leave_reference": {"leave_id": UUID, "external_id": str},
    "change_reference": {"id": str},
    "labour_reference": {"request_id": UUID},
    "transfer": {"receiver": str, "reorganized_on": date, "number": str, "concluded_on": date},
    "application": {"whose": str, "number": str, "date": date, "reason": str},
    "search": {
        "employee_iin": str,
        "status": str,
        "changed_since": datetime,
        "page_number": int,
        "page_size": int,
        "request_id": UUID,
        "batch_id": UUID,
        "region": str,
    },
    "statistics": {
        "first_day": date,
        "last_day": date,
        "by_region": bool,
        "by_period": str,
        "by_channel": bool,
        "by_event": bool,
    },
}
"""What a message tells a command beside the columns of tables: what it refers to, what it looks for."""

_TABLES_OF_COMMANDS = (
    "contract",
    "amendment",
    "disclosure",
    "delegation",
    "leave",
    "iin_change",
    "batch",
    "consent",
    "labour_request",
)

LEAF_TYPES: Mapping[str | None, type] = MappingProxyType(
    {
        "string": str,
        "boolean": bool,
        "decimal": Decimal,
        "integer": int,
        "date": date,
        "dateTime": datetime,
        "base64Binary": bytes,
    }
)
"""A leaf's type in the schema → its value's; for others (time, double) there are no columns."""

_TOLD: Mapping[type, str] = {
    str: "text",
    bool: "boolean",
    Decimal: "decimal",
    int: "integer",
    date: "date",
    datetime: "instant",
    UUID: "uuid",
    bytes: "octets",
}


class Field(NamedTuple):
    """A column of a table."""

    table: str
    column: str

    def __str__(self) -> str:
        """As a mapping writes it."""
        return f"{self.table}.{self.column}"

    @classmethod
    def parse(cls, said: str) -> Field:
        """From `TABLE.COLUMN`."""
        table, _, column = said.partition(".")
        return cls(table, column)


class Fields:
    """The fields that the leaves of one operation's request may land on, each with the type of its values."""

    def __init__(self, declared: Mapping[str, Table], *, of_command: bool) -> None:
        tables: dict[str, Mapping[str, type]] = {MESSAGE: _SAID_OF_A_MESSAGE}
        if of_command:
            tables |= BESIDE_TABLES
            tables |= {name: _fed_by_messages(metadata.tables[name]) for name in _TABLES_OF_COMMANDS}
        else:
            tables |= {name: _fed_by_messages(table) for name, table in declared.items()}
        self._tables = tables
        self._elsewhere = {
            **dict.fromkeys(declared, "of a mapping's own: a command of the register does not store it"),
            **dict.fromkeys(
                (*BESIDE_TABLES, *metadata.tables), "the register's: only a command of the register feeds it"
            ),
        }

    def type_of(self, field: Field, where: str) -> type:
        """The type of a field's values. Raises MappingError for a field that nothing may land on."""
        columns = self._tables.get(field.table)
        if columns is None:
            why = self._elsewhere.get(field.table)
            raise MappingError(
                f"{where}: table {field.table} is {why}" if why else f"{where}: no table «{field.table}»"
            )
        if field.column not in columns:
            raise MappingError(
                f"{where}: table {field.table} has no column «{field.column}» for messages to land on"
            )
        return columns[field.column]


def column_type(column: Any) -> type:
    """The type of a column's values."""
    python_type: type = column.type.python_type
    return python_type


def told(value_type: type) -> str:
    """A type's name as declarations of tables spell it."""
    return _TOLD.get(value_type, value_type.__name__)


def _fed_by_messages(table: Table) -> Mapping[str, type]:
    return {column.name: column_type(column) for column in table.columns if "fed_by" not in column.info}
