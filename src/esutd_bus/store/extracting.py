"""What a bundle is made of: records of the journal with the hashes before them, seals, evidence of revocation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from esutd_bus.store.journal import GENESIS, opened

Connection = psycopg.Connection[dict[str, Any]]

_FETCHED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal, and what it follows."""

    row: dict[str, Any]
    """Of `journal_seal`."""

    before: bytes


def hash_before(connection: Connection, chain: str, seq: int) -> bytes:
    """What a record of a chain follows."""
    row = connection.execute(
        "SELECT hash FROM message WHERE chain = %s AND seq = %s", (chain, seq - 1)
    ).fetchone()
    return bytes(row["hash"]) if row else GENESIS


def seal_over(connection: Connection, chain: str, seq: int) -> Seal | None:
    """The first seal that a record stands under; None where it is not sealed yet."""
    # Heads only ever grow, and there is a seal a minute: found by halving.
    span = connection.execute("SELECT min(seq) AS low, max(seq) AS high FROM journal_seal").fetchone()
    if span is None or span["high"] is None or not _covers(connection, span["high"], chain, seq):
        return None
    low, high = span["low"], span["high"]
    while low < high:
        middle = (low + high) // 2
        if _covers(connection, middle, chain, seq):
            high = middle
        else:
            low = middle + 1
    row = connection.execute("SELECT * FROM journal_seal WHERE seq = %s", (high,)).fetchone()
    before = connection.execute("SELECT hash FROM journal_seal WHERE seq = %s", (high - 1,)).fetchone()
    return Seal(row, bytes(before["hash"]) if before else GENESIS) if row else None


def _covers(connection: Connection, seal: int, chain: str, seq: int) -> bool:
    row = connection.execute(
        "SELECT (heads -> %s ->> 'seq')::bigint AS head FROM journal_seal WHERE seq = %s", (chain, seal)
    ).fetchone()
    return row is not None and row["head"] is not None and row["head"] >= seq


def records(connection: Connection, chain: str, first: int, last: int) -> Iterator[dict[str, Any]]:
    """The records of a stretch of a chain, in order, a few in memory at a time. Within one transaction.

    Raises Unreadable.
    """
    with connection.cursor("records", row_factory=dict_row) as cursor:
        cursor.itersize = _FETCHED_AT_ONCE
        cursor.execute(
            "SELECT * FROM message WHERE chain = %s AND seq BETWEEN %s AND %s ORDER BY seq",
            (chain, first, last),
        )
        yield from map(opened, cursor)


def messages_of(connection: Connection, contract_id: UUID) -> list[UUID]:
    """The messages that a contract's history came by, the oldest first."""
    rows = connection.execute(
        "SELECT DISTINCT message_id FROM contract_event WHERE contract_id = %s ORDER BY message_id",
        (contract_id,),
    ).fetchall()
    return [row["message_id"] for row in rows]


def contracts_of(connection: Connection, message_id: UUID) -> list[dict[str, Any]]:
    """The contracts that a message entered something about, as they are now."""
    return connection.execute(
        "SELECT * FROM contract WHERE id IN (SELECT contract_id FROM contract_event WHERE message_id = %s) ORDER BY id",
        (message_id,),
    ).fetchall()


def partner_certificates(connection: Connection) -> list[bytes]:
    """DER of the partners' certificates, withdrawn ones too: a message may only name its own."""
    rows = connection.execute("SELECT der FROM partner_certificate ORDER BY fingerprint").fetchall()
    return [bytes(row["der"]) for row in rows]


def revocation_lists(connection: Connection, issuers: Collection[str]) -> list[dict[str, Any]]:
    """(url, der) of the lists that are kept of these authorities (RFC 4514)."""
    return connection.execute(
        "SELECT url, der FROM revocation_list WHERE issuer = ANY(%s) AND der IS NOT NULL ORDER BY url",
        (list(issuers),),
    ).fetchall()


def ocsp_answers(connection: Connection, identities: Sequence[str]) -> list[dict[str, Any]]:
    """(fingerprint, source, answer) of the certificates called so (`certificates.identity`)."""
    return connection.execute(
        "SELECT fingerprint, source, answer FROM certificate_status"
        " WHERE fingerprint = ANY(%s) AND answer IS NOT NULL ORDER BY fingerprint",
        (list(identities),),
    ).fetchall()
