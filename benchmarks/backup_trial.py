"""`make backup-trial SIZE=…`: both ways of a backup at size, each taken, restored, and its journal verified.

A register of its own is filled with SIZE messages (a registration and its answer for each contract), or the database
that `--database` names is taken as it is. Then: a dump and its restoration into another database; a base backup,
started as a server of its own; and the archive of the whole journal. Figures go to `benchmarks/results`.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import click
import psycopg
from psycopg.types.json import Jsonb

from benchmarks.machine import describe, versions
from benchmarks.registrations import registration
from esutd_bus.safekeeping.archive import archive
from esutd_bus.signature.inspection import inspect_file
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.store import backup
from esutd_bus.store.connection import connect_now
from esutd_bus.store.embedded import EmbeddedPostgres
from esutd_bus.store.ids import uuid7
from esutd_bus.store.journal import GENESIS, Head, Record, link, seal_hash
from esutd_bus.store.schema import upgrade
from esutd_bus.store.verification import verify
from esutd_bus.testbed.placeholders import invented_iin
from esutd_bus.testbed.test_ca import TestCa

_RESULTS: Final = Path(__file__).parent / "results"
_ESUTD_BUS: Final = Path(sys.executable).parent / "esutd-bus"
_CHAIN: Final = "trial/0"
_EMPLOYER: Final = "660501200403"
_AT_ONCE: Final = 2000
_MESSAGE: Final = (
    "chain", "seq", "id", "reply_to", "direction", "recorded_at", "channel", "service", "operation", "sender",
    "employer", "request_id", "sent_at", "system", "status", "code", "report", "body_sha256", "hash", "body",
)  # fmt: skip
_CONTRACT: Final = (
    "id", "employer", "external_id", "number", "concluded_on", "employee_iin", "starts_on", "term_code",
    "position_code", "established_post", "employment_type_code", "working_hours_code", "remote_work_code",
    "country_code", "kato_code", "address", "status", "registered_at", "version", "changed_at",
)  # fmt: skip
_EVENT: Final = (
    "contract_id", "version", "event", "effective_on", "recorded_at", "recorded_by", "message_id", "clause", "due_on",
    "days_late", "changes", "employer", "channel", "region", "employee_iin",
)  # fmt: skip
_REQUEST: Final = ("sender", "request_id", "operation", "payload_sha256", "answer_id", "bound_at")
_TABLES: Final = {"message": _MESSAGE, "contract": _CONTRACT, "contract_event": _EVENT, "request": _REQUEST}


@dataclass
class Trial:
    """What was measured."""

    figures: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Seconds by the clock."""
        begun = time.perf_counter()
        yield
        self.tell(f"{name}, s", time.perf_counter() - begun)

    def tell(self, name: str, value: float) -> None:
        """Keeps a figure and prints it."""
        self.figures[name] = round(value, 1)
        print(f"{name:45} {value:12.1f}", flush=True)


@dataclass(frozen=True)
class Filler:
    """Registrations; the bytes of all are one message's, with signature values of their own that are filler."""

    body: bytes
    report: dict[str, Any]
    signature: bytes
    day: date

    def rows(self, head: Head) -> dict[str, list[Any]]:
        """Of one contract: table → its rows."""
        now = datetime.now(UTC)
        message_id, request_id, contract_id, external = uuid7(), uuid4(), uuid7(), str(uuid4())
        iin = invented_iin(uuid4)
        body = self.body.replace(self.signature, base64.b64encode(os.urandom(256)))
        said = {"employer": _EMPLOYER, "request_id": request_id, "sent_at": now.isoformat(), "system": "1C"}
        came = Record(
            message_id, "in", now, "direct", "EmploymentContracts", body,
            operation="RegisterContract", sender=_EMPLOYER, report=self.report, said=said,
        )  # fmt: skip
        answer = Record(
            uuid7(), "out", now, "direct", "EmploymentContracts", b"<answer/>" + os.urandom(600),
            reply_to=message_id, operation="RegisterContract", status=200, code="SCSS001",
        )  # fmt: skip
        linked = link(head, [came, answer])
        day = self.day
        return {
            "message": [tuple(map(row.get, _MESSAGE)) for row in linked],
            "contract": [
                (contract_id, _EMPLOYER, external, external, day, iin, day, "1", "2511-1-002", "Системный аналитик",
                 "2", "3", "3", "398", "751410000", "г. Алматы, пр. Абая, 10", "active", now, 1, now)
            ],
            "contract_event": [
                (contract_id, 1, "registered", day, now, _EMPLOYER, message_id, "353/8", day, 0, Jsonb([]), _EMPLOYER,
                 "system", "75", iin)
            ],
            "request": [(_EMPLOYER, request_id, "RegisterContract", os.urandom(32), answer.id, now)],
        }  # fmt: skip


def filler(folder: Path) -> Filler:
    """Of one real signed message."""
    ca = TestCa.ensure(folder / "ca")
    day = datetime.now(UTC).date()
    body = registration(ca, day)
    report = inspect_file(
        body, Verifier(TrustStore.from_directory(ca.trust_dir)), datetime.now(UTC)
    ).to_dict()
    start = body.index(b"SignatureValue>") + len(b"SignatureValue>")
    return Filler(body, report, body[start : body.index(b"<", start)].strip(), day)


def fill(url: str, size: int, template: Filler) -> None:
    """A register with so many messages, sealed."""
    upgrade(url, [])
    head = Head(_CHAIN, 0, GENESIS)
    with psycopg.connect(url) as connection:
        for first in range(0, size // 2, _AT_ONCE):
            made: dict[str, list[Any]] = {name: [] for name in _TABLES}
            for _ in range(min(_AT_ONCE, size // 2 - first)):
                for name, rows in template.rows(head).items():
                    made[name] += rows
            for name, rows in made.items():
                columns = ", ".join(f'"{column}"' for column in _TABLES[name])
                with connection.cursor().copy(f'COPY "{name}" ({columns}) FROM STDIN') as copy:
                    for row in rows:
                        copy.write_row(row)
            connection.execute(
                "INSERT INTO journal_chain VALUES (%s, %s, %s)"
                " ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
                (_CHAIN, head.seq, head.hash),
            )
            connection.commit()
            print(f"\r{head.seq} of {size} messages", end="", file=sys.stderr, flush=True)
        heads, now = {_CHAIN: {"seq": head.seq, "hash": head.hash.hex()}}, datetime.now(UTC)
        connection.execute(
            "INSERT INTO journal_seal VALUES (1, %s, %s, %s)",
            (now, Jsonb(heads), seal_hash(GENESIS, 1, now, heads)),
        )
    print(file=sys.stderr)


def try_all(trial: Trial, url: str, folder: Path) -> None:
    """Dump, restore, copy, archive; after each the journal must be whole."""
    trial.tell("database, MB", _size(url))
    with trial.timed("journal verify"):
        records = _whole(url)
    trial.tell("messages", records)
    dumped = folder / "dump"
    with trial.timed("dump, 2 jobs"):
        backup.dump(url, dumped, 2)
    trial.tell("dump, MB", _megabytes(dumped))
    restored = _database_beside(url)
    with trial.timed("restore, 2 jobs"):
        backup.restore(restored, dumped, 2)
    with trial.timed("journal verify after restore"):
        _same(records, _whole(restored))
    _drop(restored)
    shutil.rmtree(dumped)
    copied = folder / "copy" / "postgresql"
    copied.parent.mkdir()
    with trial.timed("base backup, verified"):
        backup.base_backup(url, copied)
    trial.tell("base backup, MB", _megabytes(copied))
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    if row and Path(row[0]).exists():
        backup.give_to_owner_of(Path(row[0]), copied)
    with trial.timed("journal verify of the copy, started"):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ESUTD_")}
        subprocess.run(  # noqa: S603  # our own command
            [_ESUTD_BUS, "journal", "verify"],
            env={**environment, "ESUTD_DATA_DIR": str(copied.parent)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
    shutil.rmtree(copied.parent)
    with connect_now(url) as connection, trial.timed("archive of the whole journal"):
        connection.autocommit = True
        done = archive(connection, folder / "archive", datetime.now(UTC) + timedelta(days=1))
    trial.tell("slices", done.slices)
    trial.tell("slices, MB", _megabytes(folder / "archive"))
    with trial.timed("journal verify after the archive"):
        _same(records, _whole(url))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM FULL message")
    trial.tell("database after the archive and VACUUM FULL, MB", _size(url))


def _whole(url: str) -> int:
    with connect_now(url) as connection:
        result = verify(connection)
    if not result.whole:
        raise click.ClickException(f"the journal is broken: {result.findings[0]}")
    return result.records


def _same(before: int, after: int) -> None:
    if before != after:
        raise click.ClickException(f"{before} records became {after}")


def _size(url: str) -> float:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return row[0] / 1e6 if row else 0.0


def _megabytes(path: Path) -> float:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6


def _database_beside(url: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE esutd_restored")
    return psycopg.conninfo.make_conninfo(url, dbname="esutd_restored")


def _drop(url: str) -> None:
    with psycopg.connect(
        psycopg.conninfo.make_conninfo(url, dbname="postgres"), autocommit=True
    ) as connection:
        connection.execute("DROP DATABASE esutd_restored")


@click.command()
@click.option("--size", default=200_000, show_default=True, help="Messages to fill a register with.")
@click.option(
    "--database", metavar="URL", help="This one as it is, in place of a filled one; it is archived."
)
@click.option("--folder", type=click.Path(path_type=Path), help="Where there is room for three of it.")
def main(size: int, database: str | None, folder: Path | None) -> None:
    """Try both ways of a backup, and the archive, at size."""
    trial = Trial()
    with tempfile.TemporaryDirectory(prefix="esutd-backup-", dir=folder) as name:
        inside = Path(name)
        inside.chmod(0o755)
        if database:
            try_all(trial, database, inside)
        else:
            embedded = EmbeddedPostgres(inside / "data")
            url = embedded.start()
            try:
                with trial.timed("filling"):
                    fill(url, size, filler(inside))
                try_all(trial, url, inside)
            finally:
                embedded.stop()
    told = {"figures": trial.figures, "machine": describe(), "versions": versions()}
    file = _RESULTS / f"backup-{datetime.now(UTC):%Y-%m-%d}.json"
    file.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(f"kept in {file}")


if __name__ == "__main__":
    main()
