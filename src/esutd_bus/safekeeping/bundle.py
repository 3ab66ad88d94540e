"""Making a bundle: everything about some messages, in one file that can be checked without the database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from esutd_bus.safekeeping.container import as_json, pack
from esutd_bus.safekeeping.noting_trust import NotingTrust
from esutd_bus.safekeeping.slices import body_of
from esutd_bus.signature.certificates import identity
from esutd_bus.signature.inspection import inspect_file
from esutd_bus.signature.known import CertificateIndex
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.store import explaining, extracting, messages, retention
from esutd_bus.store.journal import record_text, seal_text

Connection = psycopg.Connection[dict[str, Any]]

FORMAT: Final = "esutd-bus bundle 1"
MAX_LINKS: Final = 100_000
"""Records between a message and its seal, more than which nobody wants in a bundle."""

_README: Final = Path(__file__).parent / "README.txt"
_NOT_A_NAME: Final = re.compile(r"[^A-Za-z0-9.-]")


class TooManyLinks(Exception):  # noqa: N818  # the operator's to decide
    """More records lie between a message and its seal than a bundle may hold."""


@dataclass(slots=True)
class _Making:
    """A bundle while it is made."""

    files: dict[str, bytes] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    seals: dict[int, dict[str, Any]] = field(default_factory=dict)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    lists: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)


def make_bundle(
    connection: Connection,
    message_ids: Sequence[UUID],
    *,
    trust: TrustStore | None,
    mappings: Path,
    archive: Path | None = None,
    with_links: bool = False,
) -> bytes:
    """The bundle of these messages and all that belongs to them, in one snapshot.

    `trust`: by which the chains of certificates are found; without it there are none. `mappings`: the folder.
    `archive`: where the bytes are that the database has let go of. `with_links`: also what the records say that lie
    between each message and its seal, other people's too. Raises TooManyLinks, Damaged.
    """
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    making = _Making({"README.txt": _README.read_bytes()})
    written = explaining.written_by(connection, message_ids)
    conversations = [messages.conversation(connection, message_id) for message_id in message_ids]
    for row in chain.from_iterable(conversations):
        restore_body(connection, archive, row)
    for message_id, conversation in zip(message_ids, conversations, strict=True):
        folder = f"messages/{message_id}"
        for number, row in enumerate(conversation, start=1):
            _add_record(connection, making, folder, number, row, with_links=with_links)
        report = next((row["report"] for row in conversation if row["report"]), None)
        if report is not None:
            making.files[f"{folder}/signatures.json"] = as_json(report)
        told = [{"table": table, "row": row} for table, row in written.get(message_id, ())]
        told += [{"table": "contract", "row": row} for row in extracting.contracts_of(connection, message_id)]
        making.files[f"{folder}/rows.json"] = as_json(told)
    rows = list(chain.from_iterable(conversations))
    services = {row["service"] for row in rows}
    for file in sorted(mappings.glob("*.yaml")):
        if file.stem in services or file.stem == "common":
            making.files[f"mappings/{file.name}"] = file.read_bytes()
    if trust is not None:
        _add_evidence(connection, making, trust, rows)
    index = {
        "format": FORMAT,
        "records": making.records,
        "seals": [making.seals[seq] for seq in sorted(making.seals)],
        "links": [making.links[name] for name in sorted(making.links)],
        "lists": making.lists,
        "answers": making.answers,
    }
    return pack(making.files, index)


def restore_body(connection: Connection, archive: Path | None, row: dict[str, Any]) -> None:
    """Puts a record's bytes back into its row, from the archive's slice where they are. Raises Damaged."""
    if archive is None or row["body"] is not None:
        return
    if kept := retention.slice_with(connection, row["chain"], row["seq"]):
        row["body"] = body_of(archive, kept.file, row["seq"])


def _add_record(
    connection: Connection,
    making: _Making,
    folder: str,
    number: int,
    row: dict[str, Any],
    *,
    with_links: bool,
) -> None:
    name = f"{folder}/{number}-{row['channel']}-{row['direction']}"
    making.files[f"{name}.record.json"] = record_text(row)
    if row["body"] is not None:
        making.files[f"{name}.xml"] = bytes(row["body"])
    seal = extracting.seal_over(connection, row["chain"], row["seq"])
    making.records.append(
        {
            "record": f"{name}.record.json",
            "body": f"{name}.xml" if row["body"] is not None else None,
            "before": extracting.hash_before(connection, row["chain"], row["seq"]).hex(),
            "hash": bytes(row["hash"]).hex(),
            "seal": seal and seal.row["seq"],
        }
    )
    if seal is None:
        return
    seq, heads = seal.row["seq"], seal.row["heads"]
    making.files[f"seals/{seq}.json"] = seal_text(seq, seal.row["sealed_at"], heads)
    making.seals[seq] = {
        "seal": f"seals/{seq}.json",
        "before": seal.before.hex(),
        "hash": bytes(seal.row["hash"]).hex(),
    }
    if with_links:
        _add_links(connection, making, row, heads[row["chain"]]["seq"])


def _add_links(connection: Connection, making: _Making, row: dict[str, Any], head: int) -> None:
    called, first = row["chain"], row["seq"] + 1
    if first > head:
        return
    if head - first >= MAX_LINKS:
        raise TooManyLinks(f"{head - first + 1} records lie between message {row['id']} and its seal")
    name = f"links/{_NOT_A_NAME.sub('_', called)}-{first}-{head}.jsonl"
    lines = [record_text(each) for each in extracting.records(connection, called, first, head)]
    making.files[name] = b"\n".join(lines) + b"\n"
    making.links[name] = {"file": name, "chain": called, "first": first, "last": head}


def _add_evidence(
    connection: Connection, making: _Making, trust: TrustStore, rows: Iterable[dict[str, Any]]
) -> None:
    """The certificates that the messages' signatures were judged by, and what is known of their revocation."""
    noting = NotingTrust(list(trust.authorities))
    verifier = Verifier(noting, known=CertificateIndex(extracting.partner_certificates(connection)))
    for row in rows:
        if row["report"] and row["body"] is not None:
            inspect_file(bytes(row["body"]), verifier, datetime.fromisoformat(row["report"]["verified_at"]))
    certificates: list[x509.Certificate] = list(noting.noted)
    for certificate in certificates:
        name = f"certificates/{certificate.fingerprint(hashes.SHA256()).hex()}.pem"
        making.files[name] = certificate.public_bytes(Encoding.PEM)
    issuers = {certificate.issuer.rfc4514_string() for certificate in certificates}
    for number, found in enumerate(extracting.revocation_lists(connection, issuers), start=1):
        name = f"revocation/{number}.crl"
        making.files[name] = bytes(found["der"])
        making.lists.append({"file": name, "url": found["url"]})
    for found in extracting.ocsp_answers(connection, [identity(one) for one in certificates]):
        name = f"revocation/{found['fingerprint']}.ocsp"
        making.files[name] = bytes(found["answer"])
        making.answers.append({"file": name, "certificate": found["fingerprint"], "source": found["source"]})
