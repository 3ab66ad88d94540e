"""`esutd-bus db upgrade`: the register's own tables by migration, those that mappings declare by comparison."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, Table, create_engine, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import NullPool

_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaError(Exception):
    """The database's tables do not fit what the mappings declare; the message says where."""


def sqlalchemy_engine(url: str) -> Engine:
    """A SQLAlchemy engine over psycopg 3 for cold paths."""
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise SchemaError(f"not a PostgreSQL address: {scheme}://…")
    return create_engine(f"postgresql+psycopg://{rest}", poolclass=NullPool)


def upgrade(url: str, exchange_tables: Iterable[Table]) -> list[str]:
    """Brings the database up to date; what was done, a line each. Raises SchemaError."""
    engine = sqlalchemy_engine(url)
    with engine.begin() as connection:
        # Nodes that start together upgrade one after the other.
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('esutd-bus upgrade'))"))
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return _create(connection, list(exchange_tables))


def _create(connection: Connection, exchange_tables: list[Table]) -> list[str]:
    done: list[str] = []
    for schema in sorted({table.schema for table in exchange_tables if table.schema}):
        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
    existing = inspect(connection)
    for table in exchange_tables:
        if not existing.has_table(table.name, schema=table.schema):
            table.create(connection)
            done.append(f"created {table.fullname}")
            continue
        done.extend(_widen(connection, table))
    return done


def _widen(connection: Connection, table: Table) -> list[str]:
    """Adds the columns that a mapping has gained; a change that would lose or forbid data is refused."""
    done: list[str] = []
    present = {c["name"]: c for c in inspect(connection).get_columns(table.name, schema=table.schema)}
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for column in table.columns:
        wanted = column.type.compile(dialect)
        found = present.get(column.name)
        if found is None:
            if not column.nullable:
                raise SchemaError(
                    f"{table.fullname}.{column.name} is new and required, but the table holds rows without it: "
                    "declare it without «required», or migrate the table by hand"
                )
            connection.execute(
                text(f'ALTER TABLE "{table.schema}"."{table.name}" ADD COLUMN "{column.name}" {wanted}')
            )
            done.append(f"added {table.fullname}.{column.name}")
        elif found["type"].compile(dialect) != wanted:
            raise SchemaError(
                f"{table.fullname}.{column.name} is {found['type'].compile(dialect)} in the database "
                f"and {wanted} in the mapping"
            )
    return done
