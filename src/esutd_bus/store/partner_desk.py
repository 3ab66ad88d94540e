"""The operator's desk: who is let in, changed, shut out; and the trail of who did it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Protocol

import psycopg
from psycopg import errors, sql
from psycopg.types.json import Jsonb

from esutd_bus.store import editions

CHANGEABLE = (
    "kind",
    "name",
    "profiles",
    "document_required",
    "signed_answers",
    "answer_key",
    "blocked",
    "note",
)
"""The columns of `partner` that an operator decides on."""

_NEW: Mapping[str, Any] = {
    **dict.fromkeys(CHANGEABLE),
    "name": "",
    "document_required": True,
    "blocked": False,
}


class PartnerError(Exception):
    """What is asked for cannot be done as things are; the message says why."""


class CertificateTold(Protocol):
    """What the table tells of a certificate, beside the octets."""

    @property
    def fingerprint(self) -> str:
        """SHA-256, hexadecimal."""

    @property
    def issuer(self) -> str:
        """RFC 4514."""

    @property
    def serial(self) -> str:
        """Hexadecimal."""


class PartnerDesk:
    """Changes to the partners. Each is committed with its trail, and followed by running nodes."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]], by: str) -> None:
        """`by`: who answers for the changes."""
        self._connection = connection
        self._by = by

    def knows(self, number: str) -> bool:
        """Whether there is an entry."""
        query = "SELECT 1 FROM partner WHERE number = %s"
        return self._connection.execute(query, (number,)).fetchone() is not None

    def has_certificate(self, fingerprint: str) -> bool:
        """Whether a certificate is recorded, in force or withdrawn."""
        return self._certificate(fingerprint) is not None

    def add(self, number: str, **given: Any) -> None:
        """A new entry; of the columns in `CHANGEABLE` it must have `kind`. Raises PartnerError."""
        row = {"number": number, **_NEW, **given, "added_at": datetime.now(UTC)}
        with self._connection.transaction():
            try:
                self._connection.execute(_insert(row), list(row.values()))
            except errors.UniqueViolation as error:
                raise PartnerError(f"{number} is a partner already: change it") from error
            self._happened(number, "added", given)

    def change(self, number: str, **given: Any) -> Mapping[str, Any]:
        """What was really changed: column → [before, after]. Raises PartnerError."""
        with self._connection.transaction():
            before = self._entry(number)
            changes = {name: [before[name], value] for name, value in given.items() if before[name] != value}
            if changes:
                sets = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in changes)
                statement = sql.SQL("UPDATE partner SET {} WHERE number = %s").format(sets)
                self._connection.execute(statement, [*(after for _, after in changes.values()), number])
                self._happened(number, "changed", changes)
        return changes

    def add_certificate(self, number: str, der: bytes, certificate: CertificateTold) -> None:
        """Records a certificate (DER, and what is told of it), or believes a withdrawn one again.

        Raises PartnerError.
        """
        with self._connection.transaction():
            self._entry(number)
            found = self._certificate(certificate.fingerprint)
            if found is None:
                self._connection.execute(
                    "INSERT INTO partner_certificate (fingerprint, partner, der, issuer, serial, added_at)"
                    " VALUES (%s, %s, %s, %s, %s, %s)",
                    (
                        certificate.fingerprint,
                        number,
                        der,
                        certificate.issuer,
                        certificate.serial,
                        datetime.now(UTC),
                    ),
                )
            elif found["partner"] != number:
                raise PartnerError(f"the certificate is recorded for {found['partner']}")
            elif found["withdrawn_at"] is None:
                raise PartnerError(f"the certificate is recorded for {number} already")
            else:
                self._withdraw(certificate.fingerprint, None)
            self._happened(number, "certificate added", {"fingerprint": certificate.fingerprint})

    def withdraw_certificate(self, number: str, fingerprint: str) -> None:
        """From now on nothing is taken on this certificate, however it comes. Raises PartnerError."""
        with self._connection.transaction():
            found = self._certificate(fingerprint)
            if found is None or found["partner"] != number:
                raise PartnerError(f"no certificate {fingerprint} is recorded for {number}")
            if found["withdrawn_at"] is not None:
                raise PartnerError(f"the certificate was withdrawn on {found['withdrawn_at']:%Y-%m-%d}")
            self._withdraw(fingerprint, datetime.now(UTC))
            self._happened(number, "certificate withdrawn", {"fingerprint": fingerprint})

    def add_system(self, employer: str, system: str, valid_to: date | None) -> None:
        """Lets a system sign the envelopes of an employer's documents; anew, where it may already."""
        with self._connection.transaction():
            self._connection.execute(
                "INSERT INTO employer_system (employer, system, valid_to, added_at) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (employer, system) DO UPDATE SET valid_to = excluded.valid_to",
                (employer, system, valid_to, datetime.now(UTC)),
            )
            told = valid_to.isoformat() if valid_to else None
            # Not kept in memory by nodes: it is asked for with the message.
            self._trail(employer, "system added", {"system": system, "valid_to": told})

    def remove_system(self, employer: str, system: str) -> None:
        """Takes that back. Raises PartnerError."""
        with self._connection.transaction():
            gone = self._connection.execute(
                "DELETE FROM employer_system WHERE employer = %s AND system = %s", (employer, system)
            )
            if not gone.rowcount:
                raise PartnerError(f"no system {system} is recorded for {employer}")
            self._trail(employer, "system removed", {"system": system})

    def _entry(self, number: str) -> Mapping[str, Any]:
        found = self._connection.execute(
            "SELECT * FROM partner WHERE number = %s FOR UPDATE", (number,)
        ).fetchone()
        if found is None:
            raise PartnerError(f"{number} is no partner: add it first")
        return found

    def _certificate(self, fingerprint: str) -> Mapping[str, Any] | None:
        return self._connection.execute(
            "SELECT partner, withdrawn_at FROM partner_certificate WHERE fingerprint = %s FOR UPDATE",
            (fingerprint,),
        ).fetchone()

    def _withdraw(self, fingerprint: str, moment: datetime | None) -> None:
        self._connection.execute(
            "UPDATE partner_certificate SET withdrawn_at = %s WHERE fingerprint = %s", (moment, fingerprint)
        )

    def _happened(self, number: str, what: str, details: Mapping[str, Any]) -> None:
        self._trail(number, what, details)
        editions.make_new(self._connection, editions.PARTNERS)

    def _trail(self, number: str, what: str, details: Mapping[str, Any]) -> None:
        self._connection.execute(
            "INSERT INTO partner_event (partner, happened_at, what, details, done_by) VALUES (%s, %s, %s, %s, %s)",
            (number, datetime.now(UTC), what, Jsonb(dict(details)), self._by),
        )


def entries(connection: psycopg.Connection[dict[str, Any]], kind: str | None = None) -> list[dict[str, Any]]:
    """The entries, by number; of one kind if given."""
    return connection.execute(
        "SELECT p.*, (SELECT count(*) FROM partner_certificate c"
        " WHERE c.partner = p.number AND c.withdrawn_at IS NULL) AS certificates"
        " FROM partner p WHERE %(kind)s::text IS NULL OR kind = %(kind)s ORDER BY number",
        {"kind": kind},
    ).fetchall()


def everything_about(
    connection: psycopg.Connection[dict[str, Any]], number: str
) -> Mapping[str, list[dict[str, Any]]]:
    """What is known of a number: `partner` (one or none), `certificates`, `systems`, `delegations`, `events`."""
    asked = {
        "partner": "SELECT * FROM partner WHERE number = %s",
        "certificates": "SELECT fingerprint, issuer, serial, added_at, withdrawn_at FROM partner_certificate"
        " WHERE partner = %s ORDER BY added_at",
        "systems": "SELECT system, valid_to, added_at FROM employer_system WHERE employer = %s ORDER BY system",
        "delegations": "SELECT DISTINCT ON (delegate_iin) delegate_iin, act_number, act_date, valid_to, recorded_at,"
        " recorded_by, message_id FROM delegation WHERE employer = %s ORDER BY delegate_iin, version DESC",
        "events": "SELECT happened_at, what, details, done_by FROM partner_event WHERE partner = %s ORDER BY seq",
    }
    return {name: connection.execute(query, (number,)).fetchall() for name, query in asked.items()}


def _insert(row: Mapping[str, Any]) -> sql.Composed:
    return sql.SQL("INSERT INTO partner ({}) VALUES ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(sql.Placeholder() * len(row))
    )
