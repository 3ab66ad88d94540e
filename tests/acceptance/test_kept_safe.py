"""What is kept outside the database: bundles that prove themselves, an archive that loses nothing."""

from __future__ import annotations

import os
import random
import signal
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from esutd_bus.cli import main
from esutd_bus.safekeeping import slices
from esutd_bus.safekeeping.archive import archive
from esutd_bus.safekeeping.container import Damaged, pack, unpack
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.store import retention
from esutd_bus.store.compression import expand
from esutd_bus.store.connection import connect_now
from esutd_bus.testbed.test_ca import TestCa
from support import services
from support.databases import create_database
from support.messages import post, referring, register, send
from support.services import Service, asgi_service

FLIPS = 400
RECORDS_IN_A_SLICE = 5


def esutd_bus(*arguments: str | Path, settings: Mapping[str, str] | None = None) -> Result:
    """The command line, in this process: a start of Python for each call would cost more than the call."""
    clean = {name: None for name in os.environ if name.startswith("ESUTD_")}
    return CliRunner().invoke(main, [str(each) for each in arguments], env={**clean, **(settings or {})})


@pytest.fixture(scope="module")
def recorded(postgres: str, ca: TestCa, session_folder: Path) -> dict[str, str]:
    """The settings of a service that has registered contracts, refused one message, and stopped."""
    environment = {
        "ESUTD_DATABASE_URL": create_database(postgres, "esutd_safe"),
        "ESUTD_TRUST_DIR": str(ca.trust_dir),
        "ESUTD_WORK": "false",
        "ESUTD_LOG_LEVEL": "WARNING",
    }
    with asgi_service(environment, session_folder / "safe.log", workers=1) as service:
        first = sign_wsse(register(), ca.identity("employer"))
        contract_id = post(service.url, first).text("contractId") or ""
        send(service.url, referring("GetContract", contract_id), ca.identity("employer"))
        post(service.url, first)
        post(service.url, register())
        send(service.url, register(), ca.identity("employer"))
    return {**environment, "contract": contract_id}


@pytest.fixture
def copy(recorded: dict[str, str], postgres: str, tmp_path: Path) -> dict[str, str]:
    """The same on a database of the test's own, with an archive."""
    url = create_database(postgres, "esutd_safe_copy", copy_of="esutd_safe")
    return {**recorded, "ESUTD_DATABASE_URL": url, "ESUTD_ARCHIVE_DIR": str(tmp_path / "archive")}


@pytest.fixture(scope="module")
def bundle(recorded: dict[str, str], session_folder: Path) -> Path:
    """Of the contract's history, with links."""
    file = session_folder / "bundle.zip"
    made = esutd_bus(
        "journal", "export", "--contract", recorded["contract"], "--with-links", "-o", file, settings=recorded
    )
    assert made.exit_code == 0, made.output
    return file


def verified(*files: Path, trust: Path, language: str = "ru") -> tuple[int, str]:
    told = esutd_bus("journal", "verify", *files, "--trust", trust, "--language", language)
    return told.exit_code, told.output


def test_a_bundle_proves_itself_without_the_database(
    bundle: Path, ca: TestCa, recorded: dict[str, str]
) -> None:
    code, told = verified(bundle, trust=ca.trust_dir)
    assert code == 0, told
    assert "подписей проверено заново: 1" in told
    assert "ЦЕЛО" in told
    assert "--with-links" not in told  # the links lead to the record that the seal names

    with psycopg.connect(recorded["ESUTD_DATABASE_URL"]) as connection:
        kept = connection.execute(
            "SELECT i.id::text, i.body, o.body FROM message i JOIN message o ON o.reply_to = i.id"
            " JOIN contract_event e ON e.message_id = i.id WHERE e.contract_id = %s",
            (recorded["contract"],),
        ).fetchone()
    assert kept is not None
    with zipfile.ZipFile(bundle) as opened:
        folder = f"messages/{kept[0]}"
        assert opened.read(f"{folder}/1-direct-in.xml") == expand(kept[1])
        assert opened.read(f"{folder}/2-direct-out.xml") == expand(kept[2])
        assert recorded["contract"] in opened.read(f"{folder}/rows.json").decode()
        assert {"README.txt", "mappings/EmploymentContracts.yaml"} <= set(opened.namelist())
        assert [name for name in opened.namelist() if name.startswith("certificates/")]


def test_the_same_messages_make_the_same_bundle(
    bundle: Path, recorded: dict[str, str], tmp_path: Path
) -> None:
    again = tmp_path / "again.zip"
    esutd_bus(
        "journal",
        "export",
        "--contract",
        recorded["contract"],
        "--with-links",
        "-o",
        again,
        settings=recorded,
    )
    assert again.read_bytes() == bundle.read_bytes()


def test_no_byte_of_a_bundle_can_change_unnoticed(bundle: Path) -> None:
    octets = bundle.read_bytes()
    unpack(octets)
    # Every byte of what no file's digest is over (the ZIP's own fields), and some of the rest.
    with zipfile.ZipFile(bundle) as opened:
        last = opened.infolist()[-1]
        fields = {
            at for entry in opened.infolist() for at in range(entry.header_offset, entry.header_offset + 30)
        }
        fields |= set(range(last.header_offset, len(octets)))
    chance = random.Random(353)
    places = [*sorted(fields), *(chance.randrange(len(octets)) for _ in range(FLIPS))]
    for place in places:
        spoilt = bytearray(octets)
        spoilt[place] ^= 1 << chance.randrange(8)
        with pytest.raises(Damaged):
            unpack(bytes(spoilt))


def test_what_differs_is_said(bundle: Path, ca: TestCa, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.zip"
    octets = bundle.read_bytes()
    place = octets.index(b"establishedPost>") + 20
    spoilt.write_bytes(octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :])
    code, told = verified(spoilt, trust=ca.trust_dir)
    assert code == 1
    assert "1-direct-in.xml" in told
    assert "ИЗМЕНЕНО" in told


def _forged(bundle: Path, folder: Path, name_ends: str, before: bytes, after: bytes) -> Path:
    """A bundle whose forger has made all digests of files anew."""
    files, index = unpack(bundle.read_bytes())
    name = next(name for name in files if name.endswith(name_ends))
    assert before in files[name]
    files[name] = files[name].replace(before, after)
    forged = folder / "forged.zip"
    forged.write_bytes(pack(files, index))
    return forged


@pytest.mark.parametrize(
    ("file", "before", "after", "en"),
    [
        ("in.xml", b"711210000", b"711310000", "the message's bytes are not those that were recorded"),
        ("in.xml", b"711210000", b"711310000", "the signature verified again: then valid, now refused"),
        ("in.record.json", b'"990440000385"', b'"940340000421"', "hash does not follow"),
        (
            "signatures.json",
            b'"valid": true',
            b'"valid": false',
            "the report on signatures is not the record's",
        ),
        (".jsonl", b'"seq":', b'"seq": ', "names another record"),
    ],
)
def test_new_digests_do_not_help_a_forger(
    bundle: Path, ca: TestCa, tmp_path: Path, file: str, before: bytes, after: bytes, en: str
) -> None:
    code, told = verified(_forged(bundle, tmp_path, file, before, after), trust=ca.trust_dir, language="en")
    assert code == 1
    assert en in told, told


def test_a_refused_message_has_a_bundle_too(recorded: dict[str, str], ca: TestCa, tmp_path: Path) -> None:
    file = tmp_path / "refused.zip"
    made = esutd_bus("journal", "export", "--code", "SCSE001", "-o", file, settings=recorded)
    assert made.exit_code == 0, made.output
    assert verified(file, trust=ca.trust_dir)[0] == 0


def test_a_bundle_needs_somebody_to_believe(bundle: Path) -> None:
    assert esutd_bus("journal", "verify", bundle).exit_code == 2


# --- replayed


def test_recorded_messages_are_answered_alike_by_another_register(
    bundle: Path, recorded: dict[str, str], asgi: Service
) -> None:
    arguments = ("--endpoint", asgi.url)
    whole = esutd_bus("replay", "--from-journal", bundle, *arguments)
    assert whole.exit_code == 0, whole.output
    assert "1 messages: 0 byte for byte, 1 as recorded, 0 differ" in whole.output
    again = esutd_bus("replay", "--from-journal", "operation=GetContract", *arguments, settings=recorded)
    assert again.exit_code == 1
    assert "HTTP status: recorded 200, now 500" in again.output  # it has given the contract another id


@pytest.mark.parametrize("wanted", ["operation", "colour=red", "since=yesterday"])
def test_a_filter_that_is_none_is_told(wanted: str) -> None:
    told = esutd_bus("replay", "--from-journal", wanted, "--endpoint", "http://127.0.0.1:9")
    assert told.exit_code == 2


# --- the archive

Bodies = dict[tuple[str, int], bytes]


def bodies_in(url: str) -> Bodies:
    """What the database still holds."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT chain, seq, body FROM message WHERE body IS NOT NULL").fetchall()
    return {(chain, seq): expand(body) for chain, seq, body in rows}


def bodies_archived(url: str, folder: Path) -> Bodies:
    """What stands in the files that the database knows of."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT file FROM journal_slice").fetchall()
    found = {}
    for (file,) in rows:
        files, _ = unpack((folder / file).read_bytes())
        for record in slices.records_of(files):
            found[record.said["chain"], record.said["seq"]] = record.body
    return found


def archive_all(url: str, folder: Path) -> None:
    with connect_now(url) as connection:
        connection.autocommit = True
        archive(connection, folder, datetime.now(UTC) + timedelta(days=1), RECORDS_IN_A_SLICE)


def test_archived_messages_are_in_files_and_the_journal_is_whole(copy: dict[str, str], ca: TestCa) -> None:
    url, folder = copy["ESUTD_DATABASE_URL"], Path(copy["ESUTD_ARCHIVE_DIR"])
    before = bodies_in(url)
    told = esutd_bus("journal", "archive", "--older-than-days", "0", settings=copy)
    assert told.exit_code == 0, told.output
    assert bodies_archived(url, folder) == before
    with psycopg.connect(url) as connection:
        kept = connection.execute("SELECT id FROM message WHERE body IS NOT NULL").fetchall()
        bound = connection.execute("SELECT answer_id FROM request").fetchall()
    assert sorted(kept) == sorted(bound)

    whole = esutd_bus("journal", "verify", "--with-archive", settings=copy)
    assert whole.exit_code == 0, whole.output
    assert f"bytes of {len(before) - len(bound)} records in 1 slices" in whole.output

    # What is archived is shown, exported and proved as before.
    bundle = folder / "bundle.zip"
    made = esutd_bus("journal", "export", "--contract", copy["contract"], "-o", bundle, settings=copy)
    assert made.exit_code == 0, made.output
    code, told_of_it = verified(bundle, trust=ca.trust_dir)
    assert (code, "подписей проверено заново: 1" in told_of_it) == (0, True)


def test_a_retry_gets_its_answer_after_the_archive(
    copy: dict[str, str], ca: TestCa, session_folder: Path
) -> None:
    url, folder = copy["ESUTD_DATABASE_URL"], Path(copy["ESUTD_ARCHIVE_DIR"])
    with psycopg.connect(url) as connection:
        asked = connection.execute(
            "SELECT i.body, o.body FROM request r JOIN message o ON o.id = r.answer_id"
            " JOIN message i ON i.id = o.reply_to"
            " WHERE i.operation = 'RegisterContract' ORDER BY i.id LIMIT 1"
        ).fetchone()
    assert asked is not None
    archive_all(url, folder)
    with asgi_service(copy, session_folder / "after-archive.log", workers=1) as service:
        assert post(service.url, expand(asked[0])).body == expand(asked[1])
        send(service.url, register(), ca.identity("employer"))
    archive_all(url, folder)
    files = sorted(folder.glob("*.slice.zip"))
    told = esutd_bus("journal", "verify", *files)
    assert told.exit_code == 0, told.output
    assert esutd_bus("journal", "verify", "--with-archive", settings=copy).exit_code == 0


def test_slices_must_follow_from_each_other(copy: dict[str, str]) -> None:
    folder = Path(copy["ESUTD_ARCHIVE_DIR"])
    archive_all(copy["ESUTD_DATABASE_URL"], folder)
    first, second, *_ = sorted(folder.glob("*.slice.zip"))
    files, index = unpack(second.read_bytes())
    second.write_bytes(pack(files, {**index, "before": "00" * 32}))
    alone = esutd_bus("journal", "verify", first)
    assert alone.exit_code == 0, alone.output
    together = esutd_bus("journal", "verify", first, second)
    assert together.exit_code == 1
    assert "отрезок не продолжает предыдущий" in together.output
    assert esutd_bus("journal", "verify", "--with-archive", settings=copy).exit_code == 1


def test_bytes_go_only_where_they_are_archived(copy: dict[str, str]) -> None:
    url, folder = copy["ESUTD_DATABASE_URL"], Path(copy["ESUTD_ARCHIVE_DIR"])
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (
            "UPDATE message SET body = NULL",
            "UPDATE message SET sender = '940340000421'",
            "DELETE FROM journal_slice",
        ):
            if "slice" in statement:
                archive_all(url, folder)
            with pytest.raises(psycopg.errors.RaiseException, match="only ever added"):
                connection.execute(statement)
        with pytest.raises(psycopg.errors.RaiseException, match="only ever added"):
            connection.execute("UPDATE message SET body = 'another' WHERE body IS NOT NULL")
    # Past the triggers, as an intruder would: erased where no slice is.
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM journal_slice WHERE first_seq = 1")
    told = esutd_bus("journal", "verify", settings=copy)
    assert told.exit_code == 1
    assert "the message's bytes are missing" in told.output


def test_a_lost_file_is_missed(copy: dict[str, str]) -> None:
    url, folder = copy["ESUTD_DATABASE_URL"], Path(copy["ESUTD_ARCHIVE_DIR"])
    archive_all(url, folder)
    assert esutd_bus("journal", "verify", settings=copy).exit_code == 0
    min(folder.glob("*.slice.zip")).unlink()
    told = esutd_bus("journal", "verify", "--with-archive", settings=copy)
    assert told.exit_code == 1
    assert "cannot be read" in told.output


class Killed:
    """Kills this process before its n-th step, whatever that is: a statement, a write, a new name.

    Before the next one is after the last one: nothing else can be seen from outside.
    """

    def __init__(self, at: int) -> None:
        self._left = at

    def wrap(self, owner: object, name: str) -> None:
        original: Callable[..., object] = getattr(owner, name)

        def stepping(*arguments: object, **named: object) -> object:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments, **named)

        setattr(owner, name, stepping)


def archive_until_killed(url: str, folder: Path, at: int) -> bool:
    """In a process of its own; whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            killed = Killed(at)
            for owner, name in (
                (psycopg.Connection, "execute"),
                (os, "fsync"),
                (Path, "open"),
                (Path, "replace"),
            ):
                killed.wrap(owner, name)
            archive_all(url, folder)
        except BaseException:  # noqa: BLE001  # a fork must never come back into the tests
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status != 0


def test_a_kill_at_any_step_of_the_archive_loses_nothing(copy: dict[str, str], tmp_path: Path) -> None:
    url = copy["ESUTD_DATABASE_URL"]
    original = bodies_in(url)
    at = 0
    was_killed = True
    while was_killed:
        at += 1
        folder = tmp_path / f"archive{at}"
        was_killed = archive_until_killed(url, folder, at)
        # Each message is where the database says: with itself, or in a file.
        assert bodies_archived(url, folder) | bodies_in(url) == original, at
        archive_all(url, folder)
        assert bodies_archived(url, folder) == original, at
        with psycopg.connect(url) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("DELETE FROM journal_slice")
            connection.cursor().executemany(
                "UPDATE message SET body = %s WHERE chain = %s AND seq = %s",
                [(body, *place) for place, body in original.items()],
            )
    assert at > 15


def test_what_is_kept_for_some_time_goes_after_it(copy: dict[str, str]) -> None:
    url, folder = copy["ESUTD_DATABASE_URL"], Path(copy["ESUTD_ARCHIVE_DIR"])
    archive_all(url, folder)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with connect_now(url) as connection:
        connection.autocommit = True
        connection.execute(
            "INSERT INTO certificate_status"
            " (fingerprint, certificate, issuer_fingerprint, first_seen, last_seen, next_try, status)"
            " SELECT s, '', '', now(), now(), now(), s FROM unnest(ARRAY['good', 'revoked']) s"
        )
        assert retention.forget_requests(connection, datetime.now(UTC) - timedelta(days=1)) == 0
        assert retention.forget_requests(connection, tomorrow) == 3
        assert retention.forget_certificates(connection, tomorrow) == 1
    assert bodies_in(url) == {}
    assert esutd_bus("journal", "verify", "--with-archive", settings=copy).exit_code == 0


# --- backups


def test_a_restored_dump_serves_and_remembers(
    recorded: dict[str, str], postgres: str, ca: TestCa, session_folder: Path, tmp_path: Path
) -> None:
    dumped = tmp_path / "register.dump"
    made = esutd_bus("db", "dump", "-o", dumped, settings=recorded)
    assert made.exit_code == 0, made.output
    restored = {**recorded, "ESUTD_DATABASE_URL": create_database(postgres, "esutd_restored")}
    made = esutd_bus("db", "restore", dumped, settings=restored)
    assert made.exit_code == 0, made.output
    verified_there = esutd_bus("journal", "verify", settings=restored)
    assert verified_there.exit_code == 0, verified_there.output

    # What was restored is still protected, and nothing of it is restored upon.
    with psycopg.connect(restored["ESUTD_DATABASE_URL"], autocommit=True) as connection:
        for table in ("message", "contract_event", "journal_seal"):
            with pytest.raises(psycopg.errors.RaiseException, match="only ever added"):
                connection.execute(f"DELETE FROM {table}")
    assert esutd_bus("db", "restore", dumped, settings=restored).exit_code == 3

    with psycopg.connect(recorded["ESUTD_DATABASE_URL"]) as connection:
        asked = connection.execute(
            "SELECT i.body, o.body FROM request r JOIN message o ON o.id = r.answer_id"
            " JOIN message i ON i.id = o.reply_to WHERE i.operation = 'RegisterContract' ORDER BY i.id LIMIT 1"
        ).fetchone()
    assert asked is not None
    with asgi_service(restored, session_folder / "restored.log", workers=1) as service:
        replayed = esutd_bus(
            "replay", "--from-journal", "limit=100", "--endpoint", service.url, settings=recorded
        )
        assert "4 byte for byte" in replayed.output, replayed.output
        assert (
            "1 as recorded" in replayed.output
        )  # the unsigned one: each refusal has a correlationId of its own
        assert replayed.exit_code == 0
        assert post(service.url, expand(asked[0])).body == expand(asked[1])
        found = send(service.url, referring("GetContract", recorded["contract"]), ca.identity("employer"))
        assert found.text("contractId") == recorded["contract"]
        assert send(service.url, register(), ca.identity("employer")).codes == ["SCSS001"]
    verified_there = esutd_bus("journal", "verify", settings=restored)
    assert verified_there.exit_code == 0, verified_there.output


def test_a_copy_of_the_embedded_server_is_one(recorded: dict[str, str], session_folder: Path) -> None:
    dumped = session_folder / "register.dump"
    assert esutd_bus("db", "dump", "--jobs", "2", "-o", dumped, settings=recorded).exit_code == 0
    # Processes of their own: each starts the embedded server and stops it again.
    embedded = {"ESUTD_DATA_DIR": str(session_folder / "embedded")}
    made = services.esutd_bus("db", "restore", dumped, settings=embedded)
    assert made.returncode == 0, made.stderr
    folder = session_folder / "copied"
    made = services.esutd_bus("db", "base-backup", "-o", folder, settings=embedded)
    assert made.returncode == 0, made.stderr
    copied = services.esutd_bus("journal", "verify", settings={"ESUTD_DATA_DIR": str(folder)})
    assert copied.returncode == 0, copied.stdout + copied.stderr
    assert copied.stdout == esutd_bus("journal", "verify", settings=recorded).output
