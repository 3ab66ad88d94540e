"""Certificates that messages were judged by, and what an OCSP responder answered about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from esutd_bus.store import editions
from esutd_bus.store.connection import Connection


@dataclass(frozen=True, slots=True)
class SeenCertificate:
    """A certificate, and when a message was last judged by it."""

    fingerprint: str
    """SHA-256, hexadecimal, of what the issuer has signed of it."""

    der: bytes
    issuer_fingerprint: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class DueCertificate:
    """A certificate that a responder is to be asked about."""

    fingerprint: str
    certificate: bytes
    issuer_fingerprint: str
    produced_at: datetime | None
    """Of the answer that is here."""

    failures: int


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What came of asking."""

    fingerprint: str
    status: str
    """`good`, `revoked` or `unknown`."""

    source: str
    produced_at: datetime
    next_update: datetime
    answer: bytes
    asked_at: datetime
    next_try: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """That nothing came which could be believed."""

    fingerprint: str
    error: str
    tried_at: datetime
    next_try: datetime


async def note(connection: Connection, seen: Sequence[SeenCertificate]) -> None:
    """Adds what is new, to be asked about at once; of the others, when they were seen."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO certificate_status"
            " (fingerprint, certificate, issuer_fingerprint, first_seen, last_seen, next_try)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (fingerprint) DO UPDATE"
            " SET last_seen = greatest(certificate_status.last_seen, excluded.last_seen)",
            [(s.fingerprint, s.der, s.issuer_fingerprint, s.seen_at, s.seen_at, s.seen_at) for s in seen],
        )


def due(
    connection: psycopg.Connection[dict[str, Any]], now: datetime, seen_since: datetime, limit: int
) -> list[DueCertificate]:
    """Those to be asked about now, the longest due first, that were seen lately."""
    rows = connection.execute(
        "SELECT fingerprint, certificate, issuer_fingerprint, produced_at, failures FROM certificate_status"
        " WHERE next_try <= %s AND last_seen >= %s ORDER BY next_try LIMIT %s",
        (now, seen_since, limit),
    ).fetchall()
    return [DueCertificate(**row) for row in rows]


def make_due(connection: psycopg.Connection[dict[str, Any]], now: datetime) -> None:
    """From now on all are to be asked about, whatever is known of them."""
    connection.execute("UPDATE certificate_status SET next_try = %s WHERE next_try > %s", (now, now))


def keep(
    connection: psycopg.Connection[dict[str, Any]], answers: Sequence[KeptAnswer], failures: Sequence[Failure]
) -> None:
    """Puts the answers in place of those before; running nodes follow. What failed keeps the answer it has."""
    with connection.transaction(), connection.cursor() as cursor:
        if answers:
            version = editions.make_new(connection, editions.REVOCATION)
            cursor.executemany(
                "UPDATE certificate_status SET status = %s, source = %s, produced_at = %s, next_update = %s,"
                " answer = %s, changed_in = %s, asked_at = %s, tried_at = %s, next_try = %s, failures = 0,"
                " last_error = NULL WHERE fingerprint = %s",
                [
                    (
                        kept.status,
                        kept.source,
                        kept.produced_at,
                        kept.next_update,
                        kept.answer,
                        version,
                        kept.asked_at,
                        kept.asked_at,
                        kept.next_try,
                        kept.fingerprint,
                    )
                    for kept in answers
                ],
            )
        cursor.executemany(
            "UPDATE certificate_status SET tried_at = %s, next_try = %s, failures = failures + 1, last_error = %s"
            " WHERE fingerprint = %s",
            [(failed.tried_at, failed.next_try, failed.error, failed.fingerprint) for failed in failures],
        )


def counts(connection: psycopg.Connection[dict[str, Any]], seen_since: datetime) -> dict[str, Any]:
    """Of those seen lately: how many there are, by status, and how many could not be asked about the last time."""
    found = connection.execute(
        "SELECT count(*) AS certificates, count(*) FILTER (WHERE status = 'good') AS good,"
        " count(*) FILTER (WHERE status = 'revoked') AS revoked, count(*) FILTER (WHERE failures > 0) AS failing,"
        " min(asked_at) AS oldest, (array_agg(last_error ORDER BY tried_at DESC) FILTER (WHERE failures > 0))[1]"
        " AS last_error FROM certificate_status WHERE last_seen >= %s",
        (seen_since,),
    ).fetchone()
    return dict(found or {})


async def changed_since(connection: Connection, version: int, seen_since: datetime) -> list[dict[str, Any]]:
    """Rows (fingerprint, answer, source, changed_in) of answers that came with a later edition than the given one."""
    found = await connection.execute(
        "SELECT fingerprint, answer, source, changed_in FROM certificate_status"
        " WHERE changed_in > %s AND last_seen >= %s",
        (version, seen_since),
        binary=True,
    )
    return await found.fetchall()
