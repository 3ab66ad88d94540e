"""The hashes that chain the journal: whatever changes in a record, its hash tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutd_bus.store import tables
from esutd_bus.store.journal import GENESIS, Head, Record, link, opened, record_hash, seal_hash

NOW = datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC)
ALL_SAID = Record(
    id=UUID(int=1),
    direction="out",
    recorded_at=NOW,
    channel="direct",
    service="EmploymentContracts",
    body=b"<Envelope/>",
    reply_to=UUID(int=2),
    operation="RegisterContract",
    sender="990440000385",
    status=200,
    code="SCSS001",
    report={"valid": True, "signer": {"bin": "990440000385"}, "signed_node": None},
    said={"employer": "990440000385", "request_id": UUID(int=3), "sent_at": "2026", "system": "1С"},
)


def head() -> Head:
    return Head("node/0", 0, GENESIS)


def only_record() -> dict[str, Any]:
    [row] = link(head(), [ALL_SAID])
    return opened(row)


def test_each_record_follows_the_one_before_it() -> None:
    end = head()
    first, second = map(opened, link(end, [ALL_SAID, ALL_SAID]))
    assert (first["chain"], first["seq"], second["seq"]) == ("node/0", 1, 2)
    assert (end.seq, end.hash) == (2, second["hash"])
    assert first["body_sha256"] == sha256(b"<Envelope/>").digest()
    assert first["hash"] == record_hash(GENESIS, first)
    assert second["hash"] == record_hash(first["hash"], second)


def test_a_record_fills_every_column_of_the_journal() -> None:
    row = only_record()
    assert row.keys() == set(tables.message.columns.keys())
    assert None not in row.values()


@given(column=st.sampled_from([c.name for c in tables.message.columns if c.name not in ("hash", "body")]))
def test_a_change_of_any_column_changes_the_hash(column: str) -> None:
    row = only_record()
    for other in (None, changed(row[column])):
        assert record_hash(GENESIS, {**row, column: other}) != row["hash"]


def changed(value: Any) -> Any:
    match value:
        case str():
            return value + "x"
        case int():
            return value + 1
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
        case UUID():
            return UUID(int=value.int ^ 1)
        case datetime():
            return value + timedelta(microseconds=1)
        case dict():
            return {"valid": False}
    raise AssertionError(type(value))


ROWS = st.dictionaries(
    st.sampled_from(["sender", "employer", "system", "code"]), st.none() | st.text(max_size=3), max_size=4
)


def present(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


@given(one=ROWS, other=ROWS)
def test_two_rows_hash_alike_only_where_they_say_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (record_hash(GENESIS, one) == record_hash(GENESIS, other)) == (present(one) == present(other))


def test_a_column_that_the_journal_gains_later_leaves_old_records_whole() -> None:
    row = only_record()
    assert record_hash(GENESIS, {**row, "gained": None}) == row["hash"]
    assert record_hash(GENESIS, {**row, "gained": ""}) != row["hash"]


def test_an_archived_body_leaves_the_hash_as_it_was() -> None:
    row = only_record()
    assert record_hash(GENESIS, {**row, "body": None}) == row["hash"]


@given(minutes=st.integers(-14 * 60, 14 * 60))
def test_an_instant_hashes_alike_in_every_zone(minutes: int) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(minutes=minutes)))
    assert record_hash(GENESIS, {"recorded_at": elsewhere}) == record_hash(GENESIS, {"recorded_at": NOW})
    assert seal_hash(GENESIS, 1, elsewhere, {}) == seal_hash(GENESIS, 1, NOW, {})


def test_a_place_in_another_chain_is_another_hash() -> None:
    row = only_record()
    for other in (
        Head("node/1", 0, GENESIS),
        Head("node/0", 1, GENESIS),
        Head("node/0", 0, bytes(31) + b"\x01"),
    ):
        assert link(other, [ALL_SAID])[0]["hash"] != row["hash"]


@pytest.mark.parametrize(
    "other",
    [
        (bytes(31) + b"\x01", 1, NOW, {"n/0": {"seq": 1, "hash": "aa"}}),
        (GENESIS, 2, NOW, {"n/0": {"seq": 1, "hash": "aa"}}),
        (GENESIS, 1, NOW + timedelta(microseconds=1), {"n/0": {"seq": 1, "hash": "aa"}}),
        (GENESIS, 1, NOW, {"n/0": {"seq": 2, "hash": "aa"}}),
        (GENESIS, 1, NOW, {"n/0": {"seq": 1, "hash": "ab"}}),
        (GENESIS, 1, NOW, {"n/1": {"seq": 1, "hash": "aa"}}),
        (GENESIS, 1, NOW, {}),
    ],
)
def test_a_seal_covers_all_it_says(other: tuple[bytes, int, datetime, dict[str, Any]]) -> None:
    assert seal_hash(*other) != seal_hash(GENESIS, 1, NOW, {"n/0": {"seq": 1, "hash": "aa"}})


def test_a_record_of_another_zone_verifies_as_the_database_gives_it_back() -> None:
    elsewhere = Record(uuid4(), "in", NOW.astimezone(timezone(timedelta(hours=5))), "direct", "x", b"")
    [row] = link(head(), [elsewhere])
    kept = row | dict.fromkeys(tables.message.columns.keys() - row.keys())
    assert record_hash(GENESIS, kept) == row["hash"]


def test_what_a_message_did_not_say_is_no_value() -> None:
    [row] = link(head(), [Record(uuid4(), "in", NOW, "direct", "x", b"")])
    assert tables.message.columns.keys() - row.keys() == {
        *("reply_to", "operation", "sender", "status", "code", "report"),
        *("employer", "request_id", "sent_at", "system"),
    }
