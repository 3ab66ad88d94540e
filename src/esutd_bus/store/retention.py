"""What the database may let go of, and its word on where the rest is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg

Connection = psycopg.Connection[dict[str, Any]]

_RELEASED_AT_ONCE: Final = 500
_REQUESTS_AT_ONCE: Final = 1000

# An answer that a requestId is bound to must be there when the request comes again.
_RELEASE: Final = """
UPDATE message m SET body = NULL
WHERE m.chain = %s AND m.seq BETWEEN %s AND %s AND m.body IS NOT NULL AND NOT EXISTS (
    SELECT FROM message asked JOIN request r ON r.sender = asked.sender AND r.request_id = asked.request_id
    WHERE asked.id = m.reply_to AND r.answer_id = m.id
)
"""
# No index is by age, so that no message pays for one: the key is walked once, from one page to the next.
_REQUESTS: Final = """
SELECT sender, request_id FROM request WHERE (sender, request_id) > (%s, %s) ORDER BY sender, request_id LIMIT %s
"""
_FORGET_REQUESTS: Final = """
WITH gone AS (
    DELETE FROM request WHERE bound_at < %s AND (sender, request_id) IN (
        SELECT * FROM unnest(%s::text[], %s::uuid[])
    ) RETURNING answer_id
), released AS (
    UPDATE message m SET body = NULL FROM gone
    WHERE m.id = gone.answer_id AND m.body IS NOT NULL AND EXISTS (
        SELECT FROM journal_slice s WHERE s.chain = m.chain AND m.seq BETWEEN s.first_seq AND s.last_seq
    )
)
SELECT count(*) AS gone FROM gone
"""
_FORGET_CERTIFICATES: Final = """
DELETE FROM certificate_status WHERE last_seen < %s AND status IS DISTINCT FROM 'revoked'
"""


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of a chain that stands in a file."""

    chain: str
    first_seq: int
    last_seq: int
    before: bytes
    """What its first record follows."""

    hash: bytes
    """Its last record's."""

    file: str
    """The file's name, in whatever folder the archive is."""

    sha256: bytes
    """The file's."""


_SLICE: Final = "chain, first_seq, last_seq, before, hash, file, sha256"


def slices(connection: Connection, *, unreleased: bool = False) -> list[Slice]:
    """All slices in the order of their chains, or those whose bytes the database has not let go of yet."""
    where = "WHERE released_at IS NULL" if unreleased else ""
    rows = connection.execute(
        f"SELECT {_SLICE} FROM journal_slice {where} ORDER BY chain, first_seq"  # noqa: S608  # our own words
    ).fetchall()
    return [Slice(**row) for row in rows]


def slice_with(connection: Connection, chain: str, seq: int) -> Slice | None:
    """The slice that a record stands in."""
    row = connection.execute(
        f"SELECT {_SLICE} FROM journal_slice WHERE chain = %s AND %s BETWEEN first_seq AND last_seq",  # noqa: S608
        (chain, seq),
    ).fetchone()
    return Slice(**row) if row else None


def add_slice(connection: Connection, made: Slice) -> None:
    """From now on the slice's records may be let go of: its file is where it will stay."""
    connection.execute(
        f"INSERT INTO journal_slice ({_SLICE}, archived_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",  # noqa: S608
        (
            made.chain,
            made.first_seq,
            made.last_seq,
            made.before,
            made.hash,
            made.file,
            made.sha256,
            datetime.now(UTC),
        ),
    )


def release(connection: Connection, archived: Slice) -> int:
    """Lets go of the bytes of a slice's records, but of answers that a request is bound to; how many.

    On a connection that commits by itself: a few at a time, so that nobody waits for it.
    """
    released = 0
    for first in range(archived.first_seq, archived.last_seq + 1, _RELEASED_AT_ONCE):
        last = min(first + _RELEASED_AT_ONCE - 1, archived.last_seq)
        with _by_key(connection):
            released += connection.execute(_RELEASE, (archived.chain, first, last)).rowcount
    connection.execute(
        "UPDATE journal_slice SET released_at = %s WHERE chain = %s AND first_seq = %s",
        (datetime.now(UTC), archived.chain, archived.first_seq),
    )
    return released


@contextmanager
def _by_key(connection: Connection) -> Iterator[None]:
    """A transaction in which rows are found by their keys, whatever the planner thinks of the tables' sizes."""
    with connection.transaction():
        for setting in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"):
            connection.execute(f"SET LOCAL {setting} = off")
        yield


def forget_requests(connection: Connection, before: datetime) -> int:
    """Unbinds the requestIds that were bound before a moment; their answers go where they are archived."""
    forgotten, last = 0, ("", UUID(int=0))
    while page := connection.execute(_REQUESTS, (*last, _REQUESTS_AT_ONCE)).fetchall():
        senders, ids = [row["sender"] for row in page], [row["request_id"] for row in page]
        with _by_key(connection):
            row = connection.execute(_FORGET_REQUESTS, (before, senders, ids)).fetchone()
        forgotten += row["gone"] if row else 0
        last = senders[-1], ids[-1]
    return forgotten


def forget_certificates(connection: Connection, before: datetime) -> int:
    """Forgets certificates that no message was judged by since a moment; revoked ones never."""
    return connection.execute(_FORGET_CERTIFICATES, (before,)).rowcount


def ends_of_archive(connection: Connection) -> dict[str, int]:
    """Chain → the last record that stands in a slice."""
    rows = connection.execute(
        "SELECT chain, max(last_seq) AS last FROM journal_slice GROUP BY chain"
    ).fetchall()
    return {row["chain"]: row["last"] for row in rows}


def sealed_heads(connection: Connection) -> dict[str, int]:
    """Chain → the last record under a seal."""
    row = connection.execute("SELECT heads FROM journal_seal ORDER BY seq DESC LIMIT 1").fetchone()
    return {chain: head["seq"] for chain, head in row["heads"].items()} if row else {}
