"""Partners as nodes keep them in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from esutd_bus.register.partners import Partner, PartnerKind, Partners
from esutd_bus.store.connection import Connection


@dataclass(frozen=True, slots=True)
class PartnerBook:
    """One edition of the partners and of what is known by them."""

    partners: Partners = Partners()  # noqa: RUF009  # immutable
    certificates: tuple[bytes, ...] = ()
    """The certificates (DER) in force, which messages may name by issuer and serial number."""


async def read(connection: Connection) -> PartnerBook:
    """The edition in force."""
    partners = await (await connection.execute("SELECT * FROM partner")).fetchall()
    certificates = await (await connection.execute("SELECT * FROM partner_certificate")).fetchall()
    return from_rows(partners, certificates)


def from_rows(
    partners: Iterable[Mapping[str, Any]], certificates: Iterable[Mapping[str, Any]]
) -> PartnerBook:
    """Rows of the tables `partner` and `partner_certificate` as partners."""
    in_force: dict[str, set[str]] = defaultdict(set)
    withdrawn: set[str] = set()
    octets: list[bytes] = []
    for row in certificates:
        certificate = f"{row['issuer']} {row['serial']}"  # as `signature.signer` tells which one it is
        if row["withdrawn_at"] is not None:
            withdrawn.add(certificate)
        else:
            in_force[row["partner"]].add(certificate)
            octets.append(bytes(row["der"]))
    entries = [_partner(row, frozenset(in_force[row["number"]])) for row in partners]
    return PartnerBook(Partners(entries, withdrawn), tuple(octets))


def _partner(row: Mapping[str, Any], certificates: frozenset[str]) -> Partner:
    return Partner(
        number=row["number"],
        kind=PartnerKind(row["kind"]),
        name=row["name"],
        profiles=None if row["profiles"] is None else frozenset(row["profiles"]),
        document_required=row["document_required"],
        signed_answers=row["signed_answers"],
        answer_key=row["answer_key"],
        blocked=row["blocked"],
        certificates=certificates,
    )
