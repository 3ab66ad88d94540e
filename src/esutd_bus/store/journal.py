"""The journal's records and their hash chain.

Each worker writes a chain of its own, so that workers never wait for each other; seals tie the chains
together. A record's hash covers the hash before it, everything the record says, and its body's digest:
change, remove or exchange a record and every hash behind it is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any, Literal
from uuid import UUID

import orjson

from esutd_bus.store.compression import Unreadable, compress, expand

GENESIS = bytes(32)
"""What the first record of a chain follows."""

Direction = Literal["in", "out"]


@dataclass(slots=True)
class Record:
    """One message in one direction, before it has its place in a chain."""

    id: UUID
    direction: Direction
    recorded_at: datetime
    channel: str
    """`direct`, or `bus`; `later`: an answer that goes by the bus after its question was acknowledged."""

    service: str
    body: bytes
    """The exact bytes."""

    reply_to: UUID | None = None
    """For an answer: the id of the message it answers."""

    operation: str | None = None
    sender: str | None = None
    """BIN or IIN of the verified certificate."""

    status: int | None = None
    """HTTP status of an answer."""

    code: str | None = None
    """An answer's code: `SCSS001`, or the first of the fault's."""

    report: Mapping[str, Any] | None = None
    """The verifier's report on the signature."""

    said: Mapping[str, Any] = field(default_factory=dict)
    """What the mapping lands on the journal: `employer`, `request_id`, `sent_at`, `system`."""


SAID = ("employer", "request_id", "sent_at", "system")
_OWN = tuple(each.name for each in fields(Record) if each.name not in ("body", "report", "said"))
_own = attrgetter(*_OWN)


@dataclass(slots=True)
class Head:
    """The end of a chain: where the next record goes."""

    chain: str
    seq: int
    hash: bytes


def link(head: Head, records: Sequence[Record]) -> list[dict[str, Any]]:
    """The records as the next rows of the chain, in their order, as their table keeps them; moves the head.

    A column that has no value is not in its row. What one record costs is less where the same was done for another
    just before: so each step is done for all of them.
    """
    rows = [_said(record) for record in records]
    frames = [compress(record.body) for record in records]
    reports = [None if record.report is None else _json(record.report) for record in records]
    for row, report in zip(rows, reports, strict=True):
        row["chain"], row["seq"] = head.chain, head.seq + 1
        if report is not None:
            row["report"] = orjson.Fragment(report)
        head.seq, head.hash = row["seq"], _hash(head.hash, row)
        row["hash"] = head.hash
    for row, frame, report in zip(rows, frames, reports, strict=True):
        row["body"] = frame
        if report is not None:
            row["report"] = compress(report)
    return rows


def _said(record: Record) -> dict[str, Any]:
    """All that a record says, but the octets of its body, and its report."""
    values = zip(_OWN, _own(record), strict=True)
    row = {name: value for name, value in values if value is not None}
    row["recorded_at"] = record.recorded_at.astimezone(UTC)
    row["body_sha256"] = sha256(record.body).digest()
    return row | {name: value for name, value in record.said.items() if name in SAID and value is not None}


def opened(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the table as it was recorded: its body's octets, its report as a mapping. Raises Unreadable."""
    if row["body"] is not None:
        row["body"] = expand(row["body"])
    if row["report"] is not None:
        row["report"] = read_report(row["report"])
    return row


def read_report(kept: Any) -> Any:
    """A report, of the value of its column. Raises Unreadable."""
    try:
        return orjson.loads(expand(kept))
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"a report is no JSON: {error}") from error


def record_hash(before: bytes, row: Mapping[str, Any]) -> bytes:
    """SHA-256 over the hash before and the record's text."""
    return _hash(before, _told(row))


def _hash(before: bytes, told: Mapping[str, Any]) -> bytes:
    return sha256(before + _json(told)).digest()


def record_text(row: Mapping[str, Any]) -> bytes:
    """All that a record says but `hash` and `body`, as JSON in one form; `body_sha256` stands for the body.

    A column without value counts like no column: one that the table gains later leaves the records before it as they
    were.
    """
    return _json(_told(row))


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in row.items() if value is not None and name not in ("body", "hash")}
    if "recorded_at" in told:
        # The database gives instants back in the session's zone: the hash is over the instant.
        told["recorded_at"] = told["recorded_at"].astimezone(UTC)
    return told


def seal_hash(before: bytes, seq: int, sealed_at: datetime, heads: Mapping[str, Any]) -> bytes:
    """SHA-256 over the seal before and the seal's text."""
    return sha256(before + seal_text(seq, sealed_at, heads)).digest()


def seal_text(seq: int, sealed_at: datetime, heads: Mapping[str, Any]) -> bytes:
    """The heads of all chains at this moment, as JSON in one form."""
    return _json({"seq": seq, "sealed_at": sealed_at.astimezone(UTC), "heads": heads})


def _json(value: object) -> bytes:
    """In one form whatever the order of names: that of `json.dumps` with sorted keys and no spaces."""
    return orjson.dumps(value, default=_as_hexadecimal, option=orjson.OPT_SORT_KEYS)


def _as_hexadecimal(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return value.hex()
    raise TypeError(f"a record holds no {type(value).__name__}")
