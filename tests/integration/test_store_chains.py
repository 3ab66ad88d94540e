"""Chains of the journal: one for each writer, sealed into one, verified beside them."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime

import psycopg
import pytest
from store_works import (
    ACCEPTED,
    in_a_loop,
    record,
    registration,
    rows,
    submit_all,
    the_journal_is_whole,
    told,
    unit_of_work,
)

from esutd_bus.register.state import State
from esutd_bus.store.connection import connect, connect_now
from esutd_bus.store.journal import opened, read_report
from esutd_bus.store.seals import seal
from esutd_bus.store.verification import verify
from esutd_bus.store.work import Outcome, Work

CHAINS = "SELECT chain, seq FROM journal_chain ORDER BY chain"


@in_a_loop
async def test_each_writer_has_a_chain_of_its_own(database: str) -> None:
    async with (
        unit_of_work(database, "a") as first,
        unit_of_work(database, "a") as second,
        unit_of_work(database, "b") as other,
    ):
        for n, unit in enumerate([first, second, second, other]):
            await unit.submit(registration(f"n{n}"))
    assert rows(database, CHAINS) == [("a/0", 2), ("a/1", 4), ("b/0", 2)]
    assert the_journal_is_whole(database) == 8


@in_a_loop
async def test_a_chain_that_is_let_go_of_is_gone_on_with(database: str) -> None:
    async with unit_of_work(database, "a") as first:
        await first.submit(registration("n1"))
        async with unit_of_work(database, "a") as second:
            await second.submit(registration("n2"))
    async with unit_of_work(database, "a") as third:
        await third.submit(registration("n3"))
    assert rows(database, CHAINS) == [("a/0", 4), ("a/1", 2)]
    the_journal_is_whole(database)


@in_a_loop
async def test_a_conflict_does_not_cost_the_chain(database: str) -> None:
    """A chain stays with its writer: what is rolled back is no hole in it."""
    async with unit_of_work(database, "a") as first, unit_of_work(database, "a") as second:
        for n in range(10):
            outcomes = await asyncio.gather(*(unit.submit(registration(f"n{n}")) for unit in (first, second)))
            assert sorted(told(outcomes)) == ["SCSE014", ACCEPTED]
    assert rows(database, CHAINS) == [("a/0", 20), ("a/1", 20)]
    assert the_journal_is_whole(database) == 40


@in_a_loop
async def test_the_journal_keeps_every_word_of_a_record(database: str) -> None:
    report = {"valid": True, "signer": {"name": "Сейфуллин \N{GRINNING FACE}", "serial": 2**62, "none": None}}
    incoming = record(
        body=bytes(range(256)), report=report, sender="990440000385", operation="Do", said={"system": "1С"}
    )

    def decide(_state: State, _stored: object) -> Outcome:
        return Outcome(record("out", b"", reply_to=incoming.id, status=200, code=ACCEPTED))

    async with unit_of_work(database) as unit:
        await unit.submit(Work([incoming], decide))
    with connect_now(database) as connection:
        kept, answered = map(opened, connection.execute("SELECT * FROM message ORDER BY seq"))
    for name in (
        "id",
        "direction",
        "recorded_at",
        "channel",
        "service",
        "operation",
        "sender",
        "report",
        "body",
    ):
        assert kept[name] == getattr(incoming, name), name
    assert (kept["system"], kept["employer"], answered["reply_to"]) == ("1С", None, incoming.id)
    the_journal_is_whole(database)


@in_a_loop
async def test_a_certificate_cannot_keep_a_message_out_of_the_journal(database: str) -> None:
    report = {"valid": False, "signer": {"name": "a\x00b"}, "checks": [{"name": "\x00", "ok": True}]}
    hostile = record(report=report)
    async with unit_of_work(database) as unit:
        await unit.submit(Work([hostile], lambda _state, _stored: Outcome(record("out", code="SCSE001"))))
    [[kept]] = rows(database, "SELECT report FROM message WHERE id = %s", hostile.id)
    assert read_report(kept) == report
    the_journal_is_whole(database)


@in_a_loop
async def test_seals_tie_the_chains_together(database: str) -> None:
    connection = await connect(database)
    async with connection, unit_of_work(database, "a") as one, unit_of_work(database, "b") as other:
        assert not await seal(connection)
        await one.submit(registration("n1"))
        assert await seal(connection)
        assert not await seal(connection)
        await other.submit(registration("n2"))
        assert await seal(connection)
    sealed = rows(database, "SELECT seq, heads FROM journal_seal ORDER BY seq")
    heads = {
        chain: {"seq": seq, "hash": head}
        for chain, seq, head in rows(database, "SELECT chain, seq, encode(hash, 'hex') FROM journal_chain")
    }
    assert [seq for seq, _ in sealed] == [1, 2]
    assert sealed[0][1] == {"a/0": heads["a/0"]}
    assert sealed[1][1] == heads
    the_journal_is_whole(database)


@in_a_loop
async def test_of_two_who_seal_at_once_one_does(database: str) -> None:
    async with unit_of_work(database) as unit:
        await unit.submit(registration("n1"))
    connections = [await connect(database) for _ in range(4)]
    done = await asyncio.gather(*(seal(connection) for connection in connections))
    for connection in connections:
        await connection.close()
    assert sum(done) >= 1
    assert rows(database, "SELECT count(*) FROM journal_seal") == [(sum(done),)]
    the_journal_is_whole(database)


SPOILT = {
    "a body": ("UPDATE message SET body = body || '\\x00' WHERE seq = 3", "record 3", "bytes are not those"),
    "a body with its digest": (
        "UPDATE message SET body = '', body_sha256 = sha256('') WHERE seq = 3",
        "record 3",
        "altered or out of place",
    ),
    "an instant": (
        "UPDATE message SET recorded_at = recorded_at + interval '1 microsecond' WHERE seq = 3",
        "record 3",
        "altered or out of place",
    ),
    "a name": ("UPDATE message SET sender = NULL WHERE seq = 3", "record 3", "altered or out of place"),
    "two records gone": ("DELETE FROM message WHERE seq IN (2, 3)", "records 2 to 3", "missing"),
    "the end and its head": (
        "DELETE FROM message WHERE seq > 2;"  # noqa: ISC004  # one statement
        "UPDATE journal_chain SET seq = 2, hash = (SELECT hash FROM message WHERE seq = 2)",
        "seal 1: chain node/0, record 4",
        "missing",
    ),
    "the head": ("UPDATE journal_chain SET hash = sha256('')", "record 4", "is not the chain's head"),
    "the head's place": ("UPDATE journal_chain SET seq = 9", "records 5 to 9", "missing at the end"),
    "no head": ("DELETE FROM journal_chain", "chain node/0", "has records but no head"),
    "a seal": ("UPDATE journal_seal SET heads = '{}'", "seal 1", "altered or out of place"),
    "a seal gone": ("UPDATE journal_seal SET seq = 2", "seal 1", "missing"),
}


@pytest.mark.parametrize(("spoil", "place", "what"), SPOILT.values(), ids=SPOILT.keys())
@in_a_loop
async def test_what_is_spoilt_is_named(database: str, spoil: str, place: str, what: str) -> None:
    async with unit_of_work(database) as unit:
        await submit_all(unit, [registration("n1"), registration("n2")])
    async with await connect(database) as connection:
        await seal(connection)
    with psycopg.connect(database) as intruder:
        intruder.execute("SET session_replication_role = replica")  # past the triggers
        intruder.execute(spoil)  # type: ignore[call-overload]
    with connect_now(database) as looking:
        found = [(finding.place, finding.what) for finding in verify(looking).findings]
    assert any(place in where and what in told_there for where, told_there in found), found


@in_a_loop
async def test_verifying_goes_on_beside_a_writing_node(database: str) -> None:
    stop, findings, looks = threading.Event(), [], []

    def look_again_and_again() -> None:
        while not stop.is_set():
            with connect_now(database) as connection:
                verification = verify(connection)
            findings.extend(verification.findings)
            looks.append(verification.records)

    looking = threading.Thread(target=look_again_and_again)
    async with unit_of_work(database) as unit, await connect(database) as beside:
        looking.start()
        for n in range(200):
            await submit_all(unit, [registration(f"n{n}-{m}") for m in range(3)])
            if n % 20 == 0:
                await seal(beside)
            if n >= 30 and len(looks) >= 3:
                break
    stop.set()
    looking.join()
    assert findings == []
    assert len(looks) >= 3
    assert looks == sorted(looks)
    assert isinstance(rows(database, "SELECT max(sealed_at) FROM journal_seal")[0][0], datetime)
    the_journal_is_whole(database)
