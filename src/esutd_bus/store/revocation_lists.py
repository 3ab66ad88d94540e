"""Revocation lists in the database: one row for each address, with the newest list that came from it and verified."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from esutd_bus.store import editions
from esutd_bus.store.connection import Connection


@dataclass(frozen=True, slots=True)
class FetchedList:
    """A list that verified, as it is kept."""

    kind: str
    """`whole` or `delta`."""

    issuer: str
    number: int
    this_update: datetime
    next_update: datetime
    der: bytes


@dataclass(frozen=True, slots=True)
class ListState:
    """What is known of an address."""

    url: str
    kind: str | None
    issuer: str | None
    crl_number: int | None
    this_update: datetime | None
    next_update: datetime | None
    fetched_at: datetime | None
    tried_at: datetime | None
    next_try: datetime
    failures: int
    """Tries since the last one that succeeded."""

    last_error: str | None


_STATE = "url, kind, issuer, crl_number, this_update, next_update, fetched_at, tried_at, next_try, failures, last_error"


def states(
    connection: psycopg.Connection[dict[str, Any]], urls: Sequence[str], now: datetime
) -> list[ListState]:
    """The state of each address, in the given order; one that is new is to be tried at once."""
    connection.cursor().executemany(
        "INSERT INTO revocation_list (url, next_try) VALUES (%s, %s) ON CONFLICT (url) DO NOTHING",
        [(url, now) for url in urls],
    )
    rows = connection.execute(
        f"SELECT {_STATE} FROM revocation_list WHERE url = ANY(%s)",  # noqa: S608  # a constant
        (list(urls),),
    ).fetchall()
    found = {row["url"]: ListState(**row) for row in rows}
    return [found[url] for url in dict.fromkeys(urls)]


def keep(
    connection: psycopg.Connection[dict[str, Any]],
    url: str,
    fetched: FetchedList,
    now: datetime,
    next_try: datetime,
) -> bool:
    """Puts a list in place of the one before; running nodes follow if it is another. Returns whether it is."""
    with connection.transaction():
        same = connection.execute(
            "UPDATE revocation_list SET fetched_at = %s, tried_at = %s, next_try = %s, failures = 0, last_error = NULL"
            " WHERE url = %s AND der = %s",
            (now, now, next_try, url, fetched.der),
        )
        if same.rowcount:
            return False
        version = editions.make_new(connection, editions.REVOCATION)
        connection.execute(
            "UPDATE revocation_list SET kind = %s, issuer = %s, crl_number = %s, this_update = %s, next_update = %s,"
            " der = %s, changed_in = %s, fetched_at = %s, tried_at = %s, next_try = %s, failures = 0,"
            " last_error = NULL WHERE url = %s",
            (
                fetched.kind,
                fetched.issuer,
                fetched.number,
                fetched.this_update,
                fetched.next_update,
                fetched.der,
                version,
                now,
                now,
                next_try,
                url,
            ),
        )
    return True


def keep_failure(
    connection: psycopg.Connection[dict[str, Any]], url: str, error: str, now: datetime, next_try: datetime
) -> None:
    """Notes that nothing came which could be believed; the list that is here stays."""
    connection.execute(
        "UPDATE revocation_list SET tried_at = %s, next_try = %s, failures = failures + 1, last_error = %s"
        " WHERE url = %s",
        (now, next_try, error, url),
    )


async def versions(connection: Connection, urls: Collection[str]) -> Mapping[str, int]:
    """Address → the edition that its list came with, for the addresses that have a list."""
    found = await connection.execute(
        "SELECT url, changed_in FROM revocation_list WHERE url = ANY(%s) AND der IS NOT NULL", (list(urls),)
    )
    return {row["url"]: row["changed_in"] for row in await found.fetchall()}


async def read(connection: Connection, urls: Collection[str]) -> Mapping[str, bytes]:
    """Address → its list in DER."""
    found = await connection.execute(
        "SELECT url, der FROM revocation_list WHERE url = ANY(%s) AND der IS NOT NULL",
        (list(urls),),
        binary=True,
    )
    return {row["url"]: row["der"] for row in await found.fetchall()}
