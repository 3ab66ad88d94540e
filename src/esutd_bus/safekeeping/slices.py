"""Slices: stretches of a chain in files, which can be checked alone, one after another, and beside the database.

A slice is a container with `records.jsonl.gz`, a line for each record: its text as it is hashed, its hash and its bytes
(base64); and the seal over its last record.
"""

from __future__ import annotations

import base64
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson

from esutd_bus.safekeeping.container import Damaged, pack, unpack
from esutd_bus.safekeeping.finding import Finding
from esutd_bus.store.extracting import Seal
from esutd_bus.store.journal import record_text, seal_text

FORMAT: Final = "esutd-bus slice 1"
RECORDS: Final = "records.jsonl.gz"
SEAL: Final = "seal.json"

_LEVEL: Final = 6


@dataclass(slots=True)
class Gathered:
    """Records of a slice that is being made, compressed."""

    before: bytes
    count: int = 0
    first_seq: int = 0
    last_seq: int = 0
    hash: bytes = b""
    octets: bytes = b""


def gather(records: Iterable[Mapping[str, Any]], before: bytes) -> Gathered:
    """Takes the records, in order, each with its bytes. Raises ValueError for one without."""
    made = Gathered(before)
    compressed = io.BytesIO()
    with gzip.GzipFile(fileobj=compressed, mode="wb", compresslevel=_LEVEL, mtime=0) as lines:
        for row in records:
            if row["body"] is None:
                raise ValueError(f"chain {row['chain']}, record {row['seq']}: its bytes are not there")
            line = {
                "record": record_text(row).decode(),
                "hash": bytes(row["hash"]).hex(),
                "body": base64.b64encode(row["body"]).decode(),
            }
            lines.write(orjson.dumps(line) + b"\n")
            made.count += 1
            made.first_seq = made.first_seq or row["seq"]
            made.last_seq, made.hash = row["seq"], bytes(row["hash"])
    made.octets = compressed.getvalue()
    return made


def pack_slice(chain: str, made: Gathered, seal: Seal) -> bytes:
    """The slice's file."""
    row = seal.row
    files = {RECORDS: made.octets, SEAL: seal_text(row["seq"], row["sealed_at"], row["heads"])}
    index = {
        "format": FORMAT,
        "chain": chain,
        "first": made.first_seq,
        "last": made.last_seq,
        "before": made.before.hex(),
        "hash": made.hash.hex(),
        "seal": {"before": seal.before.hex(), "hash": bytes(row["hash"]).hex()},
    }
    return pack(files, index)


@dataclass(frozen=True, slots=True)
class ReadSlice:
    """A slice as its file tells."""

    chain: str
    first: int
    last: int
    before: bytes
    hash: bytes
    seal: int
    """The number of the seal over its last record."""

    head: int
    """The record of its chain that the seal names."""

    head_hash: str
    findings: list[Finding] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many records."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class ArchivedRecord:
    """A line of a slice."""

    text: bytes
    """What its hash is over."""

    said: dict[str, Any]
    hash: bytes
    body: bytes


def records_of(files: Mapping[str, bytes]) -> Iterator[ArchivedRecord]:
    """The records of an unpacked slice. Raises Damaged."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(files[RECORDS])) as lines:
            for line in lines:
                told = orjson.loads(line)
                text = told["record"].encode()
                yield ArchivedRecord(
                    text,
                    orjson.loads(text),
                    bytes.fromhex(told["hash"]),
                    base64.b64decode(told["body"], validate=True),
                )
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{RECORDS} не читается: {error}", f"{RECORDS} cannot be read: {error}") from error


def check_slice(octets: bytes) -> ReadSlice:
    """What a slice tells, and what in it is not as it was written. Raises Damaged where it cannot be read at all."""
    files, index = unpack(octets)
    if index.get("format") != FORMAT:
        raise Damaged("это не отрезок журнала", "this is no slice of a journal")
    return _checked(files, index)


def _checked(files: Mapping[str, bytes], index: Mapping[str, Any]) -> ReadSlice:
    try:
        seal = orjson.loads(files[SEAL])
        head = seal["heads"][index["chain"]]
        told = ReadSlice(
            chain=index["chain"],
            first=index["first"],
            last=index["last"],
            before=bytes.fromhex(index["before"]),
            hash=bytes.fromhex(index["hash"]),
            seal=seal["seq"],
            head=head["seq"],
            head_hash=head["hash"],
        )
        seal_follows = sha256(bytes.fromhex(index["seal"]["before"]) + files[SEAL]).hexdigest()
        sealed = seal_follows == index["seal"]["hash"]
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(
            f"указатель отрезка не читается: {error}", f"the slice's index cannot be read: {error}"
        ) from error
    told.findings.extend(_walk(files, told))
    if not sealed:
        told.findings.append(
            Finding(
                f"seal {told.seal}",
                "хеш печати не следует из предыдущей",
                "its hash does not follow from the seal before",
            )
        )
    if told.head < told.last or (told.head == told.last and told.head_hash != told.hash.hex()):
        told.findings.append(
            Finding(
                f"seal {told.seal}",
                "печать не о последней записи отрезка",
                "the seal is not about the slice's last record",
            )
        )
    return told


def _walk(files: Mapping[str, bytes], told: ReadSlice) -> Iterator[Finding]:
    before, expected = told.before, told.first
    for record in records_of(files):
        place = f"chain {told.chain}, record {expected}"
        if (record.said.get("chain"), record.said.get("seq")) != (told.chain, expected):
            yield Finding(place, "записи нет на её месте", "is not in its place")
        if sha256(before + record.text).digest() != record.hash:
            yield Finding(
                place,
                "хеш не следует из предыдущей записи",
                "its hash does not follow from the record before",
            )
        if sha256(record.body).hexdigest() != record.said.get("body_sha256"):
            yield Finding(
                place,
                "байты сообщения не те, что записаны",
                "the message's bytes are not those that were recorded",
            )
        before, expected = record.hash, expected + 1
    if (expected - 1, before) != (told.last, told.hash):
        yield Finding(
            f"chain {told.chain}, record {told.last}",
            "отрезок кончается не этой записью",
            "the slice does not end here",
        )


def connect(read: Iterable[ReadSlice]) -> Iterator[Finding]:
    """Whether slices of one chain, in their order, follow from each other; of those that lie apart nothing is said."""
    last: ReadSlice | None = None
    for one in sorted(read, key=lambda each: (each.chain, each.first)):
        place = f"chain {one.chain}, record {one.first}"
        if last is not None and last.chain == one.chain:
            if last.last + 1 == one.first and last.hash != one.before:
                yield Finding(
                    place, "отрезок не продолжает предыдущий", "the slice does not follow the one before it"
                )
            if one.first <= last.last:
                yield Finding(place, "отрезки перекрываются", "the slices overlap")
        last = one


def body_of(folder: Path, file: str, seq: int) -> bytes | None:
    """A record's bytes from a slice's file; None where the file is not there. Raises Damaged."""
    try:
        files, _ = unpack((folder / file).read_bytes())
    except FileNotFoundError:
        return None
    return next((record.body for record in records_of(files) if record.said["seq"] == seq), None)
