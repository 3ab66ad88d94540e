"""`work` meets the test CA over HTTP and the database: what is fetched, kept, followed, and by whom."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ReasonFlags

from esutd_bus import revocation_memory
from esutd_bus.revocation_memory import RevocationMemory
from esutd_bus.settings import Settings
from esutd_bus.signature.certificates import identity
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.revocation.revocation_status import State
from esutd_bus.signature.trust import TrustPath, TrustStore
from esutd_bus.store import certificate_statuses, revocation_lists
from esutd_bus.store.certificate_statuses import SeenCertificate
from esutd_bus.store.connection import connect, connect_now
from esutd_bus.store.editions import REVOCATION, in_force
from esutd_bus.store.revocation_lists import ListState
from esutd_bus.store.singleton import alone
from esutd_bus.testbed.ca_server import OCSP, CaServer, Fault
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.work import refresh_trust
from esutd_bus.work.refresh_trust import RefreshTrust
from esutd_bus.work.sources import Sources
from support.services import free_port

WHOLE, DELTA = "/authority.crl", "/authority-delta.crl"

Connection = psycopg.Connection[dict[str, Any]]
Logged = list[MutableMapping[str, Any]]


@pytest.fixture
def server(ca: TestCa) -> Iterator[CaServer]:
    with CaServer(ca) as running:
        yield running


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with connect_now(database) as opened:
        opened.autocommit = True
        yield opened


class World:
    """A database, a test CA that answers, and a node's settings."""

    def __init__(self, database: str, ca: TestCa, server: CaServer, connection: Connection) -> None:
        self.database = database
        self.ca = ca
        self.server = server
        self.connection = connection
        self.trust = TrustStore.from_directory(ca.trust_dir)

    def settings(self, **changed: Any) -> Settings:
        given = {
            "database_url": self.database,
            "trust_dir": self.ca.trust_dir,
            "crl_urls": [self.server.url + WHOLE, self.server.url + DELTA],
            "ocsp_urls": [self.server.ocsp_url],
            "revocation_deadline_seconds": 0.5,
        }
        return Settings(**{**given, **changed})

    def job(self, **changed: Any) -> RefreshTrust:
        settings = self.settings(**changed)
        sources = Sources.of(settings)
        assert sources is not None
        return RefreshTrust(settings, sources)

    def state(self, path: str = WHOLE) -> ListState:
        (state,) = revocation_lists.states(self.connection, [self.server.url + path], datetime.now(UTC))
        return state

    def row(self, name: str = "employer") -> dict[str, Any]:
        found = self.connection.execute(
            "SELECT * FROM certificate_status WHERE fingerprint = %s", (identity(self.certificate(name)),)
        ).fetchone()
        assert found is not None
        return found

    def der(self, path: str = WHOLE) -> bytes | None:
        found = self.connection.execute(
            "SELECT der FROM revocation_list WHERE url = %s", (self.server.url + path,)
        ).fetchone()
        return found["der"] if found else None

    def make_due(self) -> None:
        self.connection.execute("UPDATE revocation_list SET next_try = now() - interval '1 second'")
        self.connection.execute("UPDATE certificate_status SET next_try = now() - interval '1 second'")

    def certificate(self, name: str = "employer") -> x509.Certificate:
        return self.ca.identity(name).certificate

    def path(self, name: str = "employer") -> TrustPath:
        der = self.certificate(name).public_bytes(Encoding.DER)
        return self.trust.paths(self.trust.read(der))[0]

    def see(self, *names: str, at: datetime | None = None) -> None:
        """A node has judged a message by each of these identities' certificates."""
        seen = [
            SeenCertificate(
                identity(self.certificate(name)),
                self.certificate(name).public_bytes(Encoding.DER),
                fingerprint(self.server.authority_of(self.certificate(name)).certificate),
                at or datetime.now(UTC),
            )
            for name in names
        ]
        self.note(seen)

    def note(self, seen: list[SeenCertificate]) -> None:
        async def note() -> None:
            async with await connect(self.database) as opened:
                await certificate_statuses.note(opened, seen)

        asyncio.run(note())

    def follow(self, memory: RevocationMemory) -> None:
        """What a node does when there is a newer edition."""

        async def follow() -> None:
            async with await connect(self.database) as opened:
                await memory.read(opened)
            if memory._parsing is not None:
                await memory._parsing

        asyncio.run(follow())

    def note_seen(self, memory: RevocationMemory) -> None:
        """What a node does at intervals."""

        async def note() -> None:
            async with await connect(self.database) as opened:
                await memory.note_seen(opened)

        asyncio.run(note())


@pytest.fixture
def world(database: str, ca: TestCa, server: CaServer, connection: Connection) -> World:
    return World(database, ca, server, connection)


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


# --- lists


def test_lists_are_fetched_and_kept(world: World) -> None:
    world.job().run(world.connection)
    whole, delta = world.state(), world.state(DELTA)
    assert (whole.kind, whole.crl_number, delta.kind, delta.crl_number) == ("whole", 1, "delta", 2)
    assert whole.issuer == delta.issuer == "C=KZ,CN=ESUTD-BUS TEST CA (RSA)"
    assert (whole.failures, whole.last_error) == (0, None)
    assert whole.next_update is not None
    assert whole.fetched_at is not None
    assert whole.next_try == whole.fetched_at + timedelta(minutes=30)
    authority = world.server.authorities["authority"]
    assert world.der() == authority.sign_list(authority.whole)


def test_they_are_fetched_when_they_are_due(world: World) -> None:
    job = world.job()
    for _ in range(3):
        job.run(world.connection)
    assert world.server.calls == {WHOLE: 1, DELTA: 1}
    world.make_due()
    job.run(world.connection)
    assert world.server.calls == {WHOLE: 2, DELTA: 2}


def test_running_nodes_are_told_of_another_list_and_not_of_the_same_again(world: World) -> None:
    job = world.job()
    job.run(world.connection)
    before = edition(world)
    world.make_due()
    job.run(world.connection)
    assert edition(world) == before
    world.server.authorities["authority"].revoke(world.certificate())
    world.make_due()
    job.run(world.connection)
    assert edition(world) == before + 1  # the delta alone is another one


def edition(world: World) -> int:
    found = world.connection.execute(
        "SELECT version FROM edition WHERE subject = %s", (REVOCATION,)
    ).fetchone()
    return int(found["version"]) if found else 0


LIST_FAULTS = {
    Fault.HANGS: "no answer in time",
    Fault.DRIPS: "no answer in time",
    Fault.ERROR: "HTTP 500",
    Fault.HTML: "unreadable",
    Fault.CUT: "the connection broke",
    Fault.MOVED: "HTTP 302",
    Fault.STALE: "stale",
    Fault.FUTURE: "future",
    Fault.WRONG_SIGNATURE: "signature",
    Fault.WRONG_ISSUER: "issuer",
}


@pytest.mark.parametrize(("fault", "told"), LIST_FAULTS.items(), ids=lambda one: getattr(one, "name", None))
def test_whatever_goes_wrong_the_list_that_is_here_stays(
    world: World, fault: Fault, told: str, logged: Logged
) -> None:
    job = world.job()
    job.run(world.connection)
    kept = world.der()
    world.server.authorities["authority"].issue()
    world.server.faults = {WHOLE: fault}
    for failures in (1, 2):
        world.make_due()
        job.run(world.connection)
        state = world.state()
        assert state.failures == failures
        assert told in (state.last_error or "")
        assert state.tried_at is not None
        assert state.next_try - state.tried_at == timedelta(seconds=30 * failures)
        assert state.crl_number == 1
        assert world.der() == kept
    assert [entry["url"] for entry in logged if entry["log_level"] == "warning"] == [state.url] * 2
    assert world.state(DELTA).failures == 0

    world.server.faults = {}
    world.make_due()
    job.run(world.connection)
    assert (world.state().failures, world.state().last_error) == (0, None)
    assert world.state().crl_number == 3
    assert world.der() != kept


def test_the_first_list_must_hold_too(world: World) -> None:
    world.server.faults = {WHOLE: Fault.WRONG_SIGNATURE}
    world.job().run(world.connection)
    assert (world.der(), world.state().kind, world.state().failures) == (None, None, 1)


def test_an_older_list_replaces_nothing(world: World) -> None:
    """Whoever stands between us and the authority can keep its lists, and send them again."""
    authority = world.server.authorities["authority"]
    older = authority.whole
    authority.whole = type(older)(
        7, {}, older.this_update + timedelta(minutes=1), older.next_update + timedelta(minutes=1)
    )
    job = world.job()
    job.run(world.connection)
    authority.whole = older
    world.make_due()
    job.run(world.connection)
    assert world.state().crl_number == 7
    assert "older" in (world.state().last_error or "")


def test_a_delta_replaces_no_whole_list(world: World) -> None:
    job = world.job()
    job.run(world.connection)
    authority = world.server.authorities["authority"]
    authority.whole = authority.delta
    world.make_due()
    job.run(world.connection)
    assert (world.state().kind, world.state().failures) == ("whole", 1)


def test_a_late_list_counts_within_the_grace_period(world: World) -> None:
    authority = world.server.authorities["authority"]
    hours = timedelta(hours=2)
    authority.whole = type(authority.whole)(
        1, {}, authority.whole.this_update - hours, authority.whole.next_update - hours
    )
    world.job(revocation_grace_hours=0).run(world.connection)
    assert "stale" in (world.state().last_error or "")
    world.make_due()
    world.job(revocation_grace_hours=2).run(world.connection)
    assert world.state().kind == "whole"


def test_a_list_may_lie_in_a_file(world: World) -> None:
    urls = world.ca.list_urls
    world.job(crl_urls=urls).run(world.connection)
    states = revocation_lists.states(world.connection, urls, datetime.now(UTC))
    assert [state.kind for state in states] == ["whole"] * 3


def test_at_the_start_only_what_was_never_fetched_is(world: World) -> None:
    job = world.job(crl_urls=[world.server.url + WHOLE])
    job.what_was_never_fetched(world.connection)
    world.make_due()
    world.job().what_was_never_fetched(world.connection)
    assert world.server.calls == {WHOLE: 1, DELTA: 1}


# --- one node at a time


def test_while_one_node_is_at_it_another_does_nothing(world: World) -> None:
    with connect_now(world.database) as other:
        other.autocommit = True
        with alone(other, refresh_trust._LOCK) as is_alone:
            assert is_alone
            world.job().run(world.connection)
            assert not world.job().everything(world.connection)
        assert not world.server.calls
    world.job().run(world.connection)
    assert world.server.calls == {WHOLE: 1, DELTA: 1}


def test_of_two_nodes_at_once_one_fetches(world: World) -> None:
    barrier = threading.Barrier(2)

    def node() -> None:
        job = world.job()
        with connect_now(world.database) as opened:
            opened.autocommit = True
            for _ in range(5):
                barrier.wait(timeout=30)
                job.run(opened)

    nodes = [threading.Thread(target=node) for _ in range(2)]
    for one in nodes:
        one.start()
    for one in nodes:
        one.join()
    assert world.server.calls == {WHOLE: 1, DELTA: 1}


# --- certificates


def test_a_certificate_that_was_seen_is_asked_about(world: World) -> None:
    world.see("employer", "revoked", "gost-employer", "gost-revoked")
    job = world.job()
    job.run(world.connection)
    names = ("employer", "revoked", "gost-employer", "gost-revoked")
    assert [world.row(name)["status"] for name in names] == ["good", "revoked", "good", "revoked"]
    row = world.row()
    assert (row["source"], row["failures"], row["last_error"]) == (world.server.ocsp_url, 0, None)
    # The test CA's answers last an hour, and are asked for anew before that.
    assert row["next_try"] == row["asked_at"] + timedelta(minutes=60) - _early(row)
    job.run(world.connection)
    assert world.server.calls[OCSP] == 4


def _early(row: dict[str, Any]) -> timedelta:
    return row["asked_at"] + timedelta(minutes=60) - (row["next_update"] - timedelta(minutes=5))  # type: ignore[no-any-return]


def test_one_that_was_not_seen_lately_is_not(world: World) -> None:
    world.see("employer", at=datetime.now(UTC) - timedelta(days=8))
    job = world.job()
    job.run(world.connection)
    assert world.server.calls[OCSP] == 0
    world.see("employer")
    job.run(world.connection)
    assert world.row()["status"] == "good"


OCSP_FAULTS = {
    Fault.HANGS: "no answer in time",
    Fault.DRIPS: "no answer in time",
    Fault.ERROR: "HTTP 500",
    Fault.HTML: "unreadable",
    Fault.CUT: "the connection broke",
    Fault.MOVED: "HTTP 302",
    Fault.STALE: "stale",
    Fault.FUTURE: "future",
    Fault.WRONG_SIGNATURE: "signature",
    Fault.WRONG_ISSUER: "responder",
    Fault.TRY_LATER: "try_later",
    Fault.NO_RIGHT: "responder",
    Fault.WRONG_NONCE: "nonce",
    Fault.NO_NONCE: "nonce",
}


@pytest.mark.parametrize(("fault", "told"), OCSP_FAULTS.items(), ids=lambda one: getattr(one, "name", None))
def test_whatever_goes_wrong_the_answer_that_is_here_stays(world: World, fault: Fault, told: str) -> None:
    # What stands between us and any responder is shown with one of them, what is about signatures with the other.
    name = "employer" if "HTTP" in told or " " in told else "gost-employer"
    world.see(name)
    world.job().run(world.connection)
    kept = world.row(name)["answer"]
    world.server.authority_of(world.certificate(name)).revoke(world.certificate(name))
    world.server.faults = {OCSP: fault}
    world.make_due()
    world.job().run(world.connection)
    row = world.row(name)
    assert (row["status"], row["answer"], row["failures"]) == ("good", kept, 1)
    assert told in row["last_error"]
    assert row["next_try"] - row["tried_at"] == timedelta(seconds=30)

    world.server.faults = {}
    world.make_due()
    world.job().run(world.connection)
    assert (world.row(name)["status"], world.row(name)["failures"]) == ("revoked", 0)


def test_every_fault_is_tried() -> None:
    assert {*LIST_FAULTS, *OCSP_FAULTS} == {*Fault}


def test_a_responder_without_nonces_may_be_tolerated(world: World) -> None:
    world.see("employer")
    world.server.faults = {OCSP: Fault.NO_NONCE}
    world.job(ocsp_nonce_required=False).run(world.connection)
    assert world.row()["status"] == "good"


def test_without_nonces_an_older_answer_replaces_nothing(world: World) -> None:
    world.see("employer")
    job = world.job(ocsp_nonce_required=False)
    job.run(world.connection)
    world.connection.execute("UPDATE certificate_status SET produced_at = now() + interval '1 minute'")
    world.make_due()
    job.run(world.connection)
    assert "older" in world.row()["last_error"]


@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
def test_certificates_are_named_by_the_configured_hash(world: World, hash_name: str) -> None:
    world.see("employer")
    asked: list[str] = []
    authority = world.server.authorities["authority"]
    is_asked = authority.is_asked
    authority.is_asked = lambda request: asked.append(request.hash_algorithm.name) or is_asked(request)  # type: ignore[method-assign,func-returns-value]
    world.job(ocsp_hash=hash_name).run(world.connection)
    assert (world.row()["status"], asked) == ("good", [hash_name])


def test_the_next_responder_is_asked_when_one_does_not_answer_or_does_not_know(world: World) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/"
    world.see("employer")
    world.job(ocsp_urls=[nobody, world.server.ocsp_url]).run(world.connection)
    assert (world.row()["status"], world.row()["source"]) == ("good", world.server.ocsp_url)

    authority = world.server.authorities["authority"]
    authority.unknown.add(world.certificate().serial_number)
    with CaServer(world.ca) as second:
        world.make_due()
        world.job(ocsp_urls=[world.server.ocsp_url, second.ocsp_url]).run(world.connection)
        assert (world.row()["status"], world.row()["source"]) == ("good", second.ocsp_url)
    world.make_due()
    world.job().run(world.connection)
    assert world.row()["status"] == "unknown"


def test_a_responder_that_is_away_is_let_alone(world: World) -> None:
    """Not every certificate waits for it in vain."""
    names = ("employer", "other-employer", "third-employer", "gost-employer")
    world.see(*names)
    world.server.faults = {OCSP: Fault.HANGS}
    job = world.job()
    for _ in range(3):
        job.run(world.connection)
    assert world.server.calls[OCSP] == 1
    assert sorted(world.row(name)["failures"] for name in names) == [0, 0, 0, 1]


def test_a_certificate_whose_issuer_is_trusted_no_more(world: World) -> None:
    seen = SeenCertificate("ab", world.certificate().public_bytes(Encoding.DER), "cd", datetime.now(UTC))
    world.note([seen])
    world.job().run(world.connection)
    found = world.connection.execute("SELECT last_error FROM certificate_status").fetchone()
    assert found == {"last_error": "its issuer is trusted no more"}


def test_everything_is_asked_anew_on_demand(world: World) -> None:
    world.see("employer")
    job = world.job()
    job.run(world.connection)
    world.server.authorities["authority"].revoke(world.certificate())
    assert job.everything(world.connection)
    assert world.row()["status"] == "revoked"
    assert world.server.calls == {WHOLE: 2, DELTA: 2, OCSP: 2}


# --- what a serving process makes of it


Judge = Callable[[RevocationMemory, str], tuple[list[State], Reason | None]]


@pytest.fixture
def judge(world: World) -> Judge:
    def judged(memory: RevocationMemory, name: str = "employer") -> tuple[list[State], Reason | None]:
        statuses = memory.revocation.judge(world.path(name), datetime.now(UTC))
        try:
            memory.revocation.require_good(statuses)
        except Refusal as refusal:
            return [status.state for status in statuses], refusal.reason
        return [status.state for status in statuses], None

    return judged


def test_a_process_follows_lists_and_answers(world: World, judge: Judge) -> None:
    urls = world.server.list_urls
    memory = RevocationMemory(world.settings(crl_urls=urls, revocation="require"), world.trust)
    world.follow(memory)
    assert judge(memory, "employer") == ([State.UNKNOWN, State.UNKNOWN], Reason.REVOCATION_UNKNOWN)

    job = world.job(crl_urls=urls)
    job.run(world.connection)
    world.follow(memory)
    assert judge(memory, "employer") == ([State.GOOD, State.GOOD], None)
    assert judge(memory, "revoked") == ([State.REVOKED, State.GOOD], Reason.REVOKED)

    world.server.authorities["authority"].revoke(world.certificate(), ReasonFlags.superseded)
    world.make_due()
    job.run(world.connection)
    world.follow(memory)
    assert judge(memory, "employer") == ([State.REVOKED, State.GOOD], Reason.REVOKED)

    world.server.authorities["root"].revoke(world.server.authorities["authority"].certificate)
    world.make_due()
    job.run(world.connection)
    world.follow(memory)
    assert judge(memory, "other-employer") == ([State.GOOD, State.REVOKED], Reason.REVOKED)


def test_a_first_seen_certificate_is_known_once_work_has_asked(world: World, judge: Judge) -> None:
    """With a responder alone, and where it is required."""
    settings = world.settings(crl_urls=[], revocation="require")
    memory = RevocationMemory(settings, world.trust)
    world.follow(memory)
    assert judge(memory, "gost-employer")[1] is Reason.REVOCATION_UNKNOWN
    world.note_seen(memory)
    world.job(crl_urls=[]).run(world.connection)
    world.follow(memory)
    assert judge(memory, "gost-employer") == ([State.GOOD], None)


def test_what_has_not_changed_is_not_read_again(
    world: World, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = RevocationMemory(world.settings(crl_urls=world.server.list_urls), world.trust)
    job = world.job(crl_urls=world.server.list_urls)
    job.run(world.connection)
    world.follow(memory)
    read: list[int] = []
    original = revocation_memory.read_revocation_list
    monkeypatch.setattr(
        revocation_memory,
        "read_revocation_list",
        lambda der, who: read.append(len(der)) or original(der, who),
    )
    world.follow(memory)
    assert read == []
    world.server.authorities["gost-authority"].revoke(world.certificate("gost-employer"))
    world.make_due()
    job.run(world.connection)
    world.follow(memory)
    assert len(read) == 1
    assert judge(memory, "gost-employer")[1] is Reason.REVOKED
    assert judge(memory, "employer")[1] is None


def test_a_list_of_an_authority_that_this_node_does_not_trust(
    world: World, judge: Judge, logged: Logged
) -> None:
    world.job().run(world.connection)
    gost = next(one for one in world.trust.authorities if "GOST" in one.subject.rfc4514_string())
    memory = RevocationMemory(world.settings(), TrustStore([gost]))
    world.follow(memory)
    assert judge(memory, "employer")[0] == [State.UNKNOWN, State.UNKNOWN]
    told = [entry["problem"] for entry in logged if "does not hold" in entry["event"]]
    assert len(told) == 2
    assert all(one.startswith("issuer") for one in told)


def test_who_is_seen_is_noted_once_and_when(world: World, judge: Judge) -> None:
    memory = RevocationMemory(world.settings(), world.trust)
    for _ in range(3):
        judge(memory, "employer")
    world.note_seen(memory)
    count = world.connection.execute("SELECT count(*) AS n FROM certificate_status").fetchone()
    assert count == {"n": 2}  # the signer's and the authority's
    first = world.row()["last_seen"]
    world.see("employer", at=first - timedelta(days=1))
    assert world.row()["last_seen"] == first
    world.see("employer", at=first + timedelta(days=1))
    assert world.row()["last_seen"] == first + timedelta(days=1)
    assert world.row()["first_seen"] == first


def test_who_cannot_be_noted_is_noted_later(world: World, judge: Judge) -> None:
    memory = RevocationMemory(world.settings(), world.trust)
    judge(memory, "employer")

    async def in_vain() -> None:
        opened = await connect(world.database)
        await opened.close()
        await memory.note_seen(opened)

    with pytest.raises(psycopg.OperationalError):
        asyncio.run(in_vain())
    world.note_seen(memory)
    assert world.row()["status"] is None


def test_memory_for_the_seen_has_an_end(world: World, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation_memory, "MAX_TO_NOTE", 3)
    memory = RevocationMemory(world.settings(), world.trust)
    for name in ("employer", "other-employer", "third-employer", "gost-employer"):
        judge(memory, name)
    assert len(memory._to_note) == 3


def test_without_a_responder_nobody_is_noted(world: World, judge: Judge) -> None:
    memory = RevocationMemory(world.settings(ocsp_urls=[]), world.trust)
    judge(memory, "employer")
    assert memory._to_note == {}


def test_the_editions_are_those_that_nodes_follow(world: World) -> None:
    world.job().run(world.connection)

    async def read() -> int:
        async with await connect(world.database) as opened:
            return (await in_force(opened))[REVOCATION]

    assert asyncio.run(read()) == 2
