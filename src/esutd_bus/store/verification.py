"""Verifying the journal: every record where it was written, as it was written."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import psycopg
from psycopg.rows import dict_row

from esutd_bus.store import retention
from esutd_bus.store.compression import Unreadable, expand
from esutd_bus.store.journal import GENESIS, read_report, record_hash, seal_hash
from esutd_bus.store.retention import Slice

Connection = psycopg.Connection[dict[str, Any]]

_FETCHED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written."""

    place: str
    """`chain node/0, record 17`, or `seal 3`."""

    what: str


@dataclass(slots=True)
class Verification:
    """What `journal verify` found."""

    records: int = 0
    chains: int = 0
    archived: int = 0
    """Of the records those whose bytes stand in a slice alone."""

    slices: list[Slice] = field(default_factory=list)
    """The slices that the database knows of: with their files the journal is whole."""

    seals: int = 0
    last_seal: str | None = None
    """The last seal's hash, hexadecimal."""

    findings: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Nothing changed, missing or out of place."""
        return not self.findings


def verify(connection: Connection) -> Verification:
    """Walks every chain and the seals, in one snapshot: nodes may go on writing beside it."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    heads = {
        row["chain"]: row
        for row in connection.execute("SELECT chain, seq, hash FROM journal_chain ORDER BY chain")
    }
    with_records = {
        row["chain"] for row in connection.execute("SELECT DISTINCT chain FROM message ORDER BY chain")
    }
    result = Verification(slices=retention.slices(connection))
    for chain in sorted(heads.keys() | with_records):
        result.chains += 1
        result.findings.extend(_walk(connection, chain, heads.get(chain), result))
    result.findings.extend(_seals(connection, result))
    return result


def _walk(
    connection: Connection, chain: str, head: dict[str, Any] | None, result: Verification
) -> Iterator[Finding]:
    before, expected = GENESIS, 1
    archived = _Archived([one for one in result.slices if one.chain == chain])
    with connection.cursor("journal", row_factory=dict_row) as cursor:
        cursor.itersize = _FETCHED_AT_ONCE
        cursor.execute("SELECT * FROM message WHERE chain = %s ORDER BY seq", (chain,), binary=True)
        for row in cursor:
            result.records += 1
            place = f"chain {chain}, record {row['seq']} (message {row['id']})"
            if row["seq"] != expected:
                gone = (
                    f"record {expected}"
                    if row["seq"] == expected + 1
                    else f"records {expected} to {row['seq'] - 1}"
                )
                yield Finding(f"chain {chain}, {gone}", "missing")
            elif not _follows(before, row):
                yield Finding(
                    place, "altered or out of place: its hash does not follow from the record before it"
                )
            yield from archived.follow(place, row["seq"], before, bytes(row["hash"]))
            if row["body"] is None:
                if archived.stands_in_a_slice(row["seq"]):
                    result.archived += 1
                else:
                    yield Finding(place, "the message's bytes are missing")
            elif not _is_as_recorded(row):
                yield Finding(place, "the message's bytes are not those that were recorded")
            before, expected = bytes(row["hash"]), row["seq"] + 1
    if head is None:
        yield Finding(f"chain {chain}", "has records but no head")
    elif head["seq"] >= expected:
        gone = f"record {expected}" if head["seq"] == expected else f"records {expected} to {head['seq']}"
        yield Finding(f"chain {chain}, {gone}", "missing at the end")
    elif (head["seq"], bytes(head["hash"])) != (expected - 1, before):
        yield Finding(f"chain {chain}, record {expected - 1}", "is not the chain's head")


def _follows(before: bytes, row: dict[str, Any]) -> bool:
    """Whether a record's hash is over what it says, and over the record before it."""
    try:
        report = None if row["report"] is None else read_report(row["report"])
    except Unreadable:
        return False
    return record_hash(before, {**row, "report": report}) == bytes(row["hash"])


def _is_as_recorded(row: dict[str, Any]) -> bool:
    """Whether the bytes are those that the record tells of."""
    try:
        return sha256(expand(row["body"])).digest() == bytes(row["body_sha256"])
    except Unreadable:
        return False


class _Archived:
    """A chain's slices, beside a walk along the chain."""

    def __init__(self, slices: list[Slice]) -> None:
        self._slices = deque(sorted(slices, key=lambda one: one.first_seq))

    def stands_in_a_slice(self, seq: int) -> bool:
        """Whether the record that the walk has come to does."""
        return bool(self._slices) and self._slices[0].first_seq <= seq

    def follow(self, place: str, seq: int, before: bytes, own: bytes) -> Iterator[Finding]:
        """Comes to a record: where a slice begins or ends, it must be with this one."""
        while self._slices and self._slices[0].last_seq < seq:
            self._slices.popleft()
        if not self._slices:
            return
        one = self._slices[0]
        if (seq == one.first_seq and bytes(one.before) != before) or (
            seq == one.last_seq and bytes(one.hash) != own
        ):
            yield Finding(place, f"the slice {one.file} is not of this record")


def _seals(connection: Connection, result: Verification) -> Iterator[Finding]:
    before, expected = GENESIS, 1
    for seal in connection.execute("SELECT * FROM journal_seal ORDER BY seq").fetchall():
        result.seals += 1
        place = f"seal {seal['seq']}"
        if seal["seq"] != expected:
            yield Finding(f"seal {expected}", "missing")
        elif seal_hash(before, seal["seq"], seal["sealed_at"], seal["heads"]) != bytes(seal["hash"]):
            yield Finding(place, "altered or out of place")
        for chain, head in seal["heads"].items():
            row = connection.execute(
                "SELECT hash FROM message WHERE chain = %s AND seq = %s", (chain, head["seq"])
            ).fetchone()
            if row is None or bytes(row["hash"]).hex() != head["hash"]:
                yield Finding(
                    f"{place}: chain {chain}, record {head['seq']}", "missing, or not the one that was sealed"
                )
        before, expected = bytes(seal["hash"]), seal["seq"] + 1
        result.last_seal = before.hex()
