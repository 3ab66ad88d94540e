"""The databases of the country, on a server with the settings of docs/performance.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from esutd_bus.store.dictionaries import load_packaged_once
from esutd_bus.store.embedded import create_database
from esutd_bus.store.schema import upgrade
from esutd_bus.testbed.test_partners import record_test_partners

if TYPE_CHECKING:
    from esutd_bus.testbed.test_ca import TestCa

SETTINGS: Final = {"shared_buffers": "2GB", "max_wal_size": "8GB"}
"""Of the embedded server that holds the country, beside those it always has."""


def database(server: str, name: str, ca: TestCa, *, anew: bool = False) -> str:
    """The URL of a database with all tables, dictionaries and test partners; made if it is not there."""
    with psycopg.connect(server, autocommit=True) as connection:
        if anew:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            create_database(connection, name)
    return prepare(psycopg.conninfo.make_conninfo(server, dbname=name), ca)


def prepare(url: str, ca: TestCa) -> str:
    """The database with all it needs before a service is started."""
    upgrade(url, [])
    load_packaged_once(url)
    record_test_partners(url, ca)
    return url


def settle(url: str) -> None:
    """What the autovacuum and the next checkpoint would do after a load, done at once: measurements come after it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM message")
        connection.execute("CHECKPOINT")


def settings(url: str, *names: str) -> dict[str, Any]:
    """What a server says of its settings."""
    with psycopg.connect(url) as connection:
        return dict(
            connection.execute(
                "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", ([*names],)
            )
        )


def megabytes(url: str) -> dict[str, float]:
    """The size of each table and index of more than a megabyte; a table's long values by themselves."""
    with psycopg.connect(url) as connection:
        return {
            name: round(size / 1e6)
            for name, size in connection.execute(
                "SELECT coalesce('long values of ' || r.relname, c.relname), pg_relation_size(c.oid) FROM pg_class c"
                " LEFT JOIN pg_class r ON r.reltoastrelid = c.oid"
                " WHERE c.relkind IN ('r', 'i', 't') AND pg_relation_size(c.oid) > 1e6 ORDER BY 2 DESC"
            )
        }
