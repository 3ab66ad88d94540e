"""The register's dictionaries in the database: every node works with the same edition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from psycopg import sql

from esutd_bus.register.dictionaries import Dictionaries, Entry
from esutd_bus.register.dictionary_files import read_packaged
from esutd_bus.store import connection as connections
from esutd_bus.store import editions

_ENTRY = ("code", "name_ru", "name_kk", "parent_code", "is_actual", "level", "list_type")


def load(connection: psycopg.Connection[dict[str, Any]], dictionaries: Dictionaries) -> int:
    """Puts these dictionaries in place of those of the same names; running nodes follow. Returns the entries."""
    count = 0
    names = sorted(dictionaries.names)
    editions.make_new(connection, editions.DICTIONARIES)
    connection.execute("DELETE FROM dictionary_entry WHERE dictionary = ANY(%s)", (names,))
    columns = sql.SQL(", ").join(map(sql.Identifier, ("dictionary", *_ENTRY)))
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY dictionary_entry ({}) FROM STDIN").format(columns)) as copy,
    ):
        for name in names:
            for entry in dictionaries.entries(name).values():
                copy.write_row((name, *(getattr(entry, field) for field in _ENTRY)))
                count += 1
    connection.commit()
    return count


def load_packaged_once(url: str) -> int:
    """Loads the packaged dictionaries into a database that has none. Returns the entries loaded."""
    with connections.connect_now(url) as connection:
        if (
            connection.execute(
                "SELECT 1 FROM edition WHERE subject = %s", (editions.DICTIONARIES,)
            ).fetchone()
            is not None
        ):
            return 0
        return load(connection, read_packaged())


async def read(connection: connections.Connection) -> Dictionaries:
    """The edition in force."""
    rows = await (
        await connection.execute("SELECT * FROM dictionary_entry ORDER BY dictionary, code")
    ).fetchall()
    return from_rows(rows)


def from_rows(rows: Iterable[Mapping[str, Any]]) -> Dictionaries:
    """Rows of the table `dictionary_entry` as dictionaries."""
    tables: dict[str, list[Entry]] = defaultdict(list)
    for row in rows:
        tables[row["dictionary"]].append(Entry(**{name: row[name] for name in _ENTRY}))
    return Dictionaries(tables)
