"""`esutd-bus db upgrade`: the register's own tables by migration, those that mappings declare by comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, Engine, Inspector, Table, create_engine, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from esutd_bus.store.statements import qualified

_MIGRATIONS = Path(__file__).parent / "migrations"
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


class SchemaError(Exception):
    """The database's tables do not fit what the mappings declare; the message says where."""


def sqlalchemy_engine(url: str) -> Engine:
    """A SQLAlchemy engine for cold paths; the URL is whatever libpq takes."""
    return create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for our migrations on this connection."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def upgrade(url: str, exchange_tables: Iterable[Table]) -> list[str]:
    """Brings the database up to date; what was done, a line each. Raises SchemaError, psycopg.Error."""
    try:
        with sqlalchemy_engine(url).begin() as connection:
            # Nodes that start together upgrade one after the other.
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('esutd-bus upgrade'))"))
            return [*_migrate(connection), *_fit(connection, list(exchange_tables))]
    except DBAPIError as error:
        raise error.orig or error from error


def _migrate(connection: Connection) -> list[str]:
    context = MigrationContext.configure(connection)
    before = context.get_current_revision()
    command.upgrade(alembic_config(connection), "head")
    now = context.get_current_revision()
    return [f"migrated from {before or 'nothing'} to {now}"] if now != before else []


def _fit(connection: Connection, exchange_tables: Sequence[Table]) -> list[str]:
    """Creates the tables that mappings declare, or widens them."""
    for schema in sorted({table.schema for table in exchange_tables if table.schema}):
        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
    existing = inspect(connection)
    done: list[str] = []
    for table in exchange_tables:
        if existing.has_table(table.name, schema=table.schema):
            done += _widen(connection, existing, table)
        else:
            table.create(connection)
            done.append(f"created {table.fullname}")
    return done


def _widen(connection: Connection, existing: Inspector, table: Table) -> list[str]:
    """Makes room for what a mapping has gained; a change that would lose or forbid data is refused."""
    done: list[str] = []
    present = {column["name"]: column for column in existing.get_columns(table.name, schema=table.schema)}
    for column in table.columns:
        found = present.pop(column.name, None)
        if found is None:
            done.append(_add(connection, table, column))
        elif (kept := _type(found["type"])) != (wanted := _type(column.type)):
            raise SchemaError(
                f"{table.fullname}.{column.name} is {kept} in the database and {wanted} in the mapping"
            )
        elif column.nullable and not found["nullable"]:
            done.append(_let_be_absent(connection, table, column.name))
    # What a mapping no longer names stays, but no new row will have it.
    done += [
        _let_be_absent(connection, table, name) for name, found in present.items() if not found["nullable"]
    ]
    indexed = {
        tuple(index["column_names"]) for index in existing.get_indexes(table.name, schema=table.schema)
    }
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        names = tuple(column.name for column in index.columns)
        if names not in indexed:
            index.create(connection)
            done.append(f"indexed {table.fullname} by {', '.join(names)}")
    return done


def _add(connection: Connection, table: Table, column: Column[Any]) -> str:
    if not column.nullable:
        raise SchemaError(
            f"{table.fullname}.{column.name} is new and required, but the table may hold rows without it: "
            "declare it without «required», or migrate the table by hand"
        )
    connection.execute(
        text(f'ALTER TABLE {qualified(table)} ADD COLUMN "{column.name}" {_type(column.type)}')
    )
    return f"added {table.fullname}.{column.name}"


def _let_be_absent(connection: Connection, table: Table, column: str) -> str:
    connection.execute(text(f'ALTER TABLE {qualified(table)} ALTER COLUMN "{column}" DROP NOT NULL'))
    return f"no longer required: {table.fullname}.{column}"


def _type(column_type: Any) -> str:
    """A type as PostgreSQL spells it."""
    compiled: str = column_type.compile(_DIALECT)
    return compiled
