"""The archive: sealed stretches of the journal go into files; only then does the database let go of their bytes.

What happens in which order, so that a crash between any two steps loses nothing:

1. the slice is written beside its name, and what was written is on the disk;
2. it is read again and checked, by itself and beside the database's records;
3. it gets its name;
4. the database learns of it (`journal_slice`), and from now on permits that bytes go;
5. its bytes go, a few at a time, after a look that the file is still what it was.

Whoever comes after a crash finds slices whose bytes are not gone yet, and goes on with 5; or a file that the
database knows nothing of, and writes it again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final

import psycopg

from esutd_bus.safekeeping.slices import Gathered, check_slice, gather, pack_slice
from esutd_bus.store import extracting, retention
from esutd_bus.store.retention import Slice

Connection = psycopg.Connection[dict[str, Any]]

RECORDS_AT_MOST: Final = 5000
"""In a slice: some 20 MB of it, and some 60 MB of memory while it is made."""

_NOT_A_NAME: Final = re.compile(r"[^A-Za-z0-9.-]")


class ArchiveError(Exception):
    """Something about the archive is not as it must be; nothing was let go of."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did."""

    slices: int = 0
    records: int = 0
    released: int = 0
    """Messages whose bytes the database let go of."""


def archive(connection: Connection, folder: Path, before: datetime, at_most: int = RECORDS_AT_MOST) -> Done:
    """Archives all that is sealed and was recorded before a moment. Takes a connection that commits by itself.

    One at a time (`store.singleton.alone`). Raises ArchiveError, OSError, psycopg.Error.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = records = released = 0
    for unfinished in retention.slices(connection, unreleased=True):
        released += _release(connection, folder, unfinished)
    for one in _new_slices(connection, folder, before, at_most):
        made, records = made + 1, records + one.last_seq - one.first_seq + 1
        released += _release(connection, folder, one)
    return Done(made, records, released)


def _new_slices(connection: Connection, folder: Path, before: datetime, at_most: int) -> Iterator[Slice]:
    ends = retention.ends_of_archive(connection)
    for chain, head in sorted(retention.sealed_heads(connection).items()):
        first = ends.get(chain, 0) + 1
        while first <= head:
            last = min(first + at_most - 1, head)
            with connection.transaction():
                gathered = _gather(connection, chain, first, last, before)
                seal = extracting.seal_over(connection, chain, gathered.last_seq) if gathered.count else None
            if seal is None:
                break
            yield _keep(connection, folder, chain, gathered, pack_slice(chain, gathered, seal))
            first = gathered.last_seq + 1


def _gather(connection: Connection, chain: str, first: int, last: int, before: datetime) -> Gathered:
    """The records from the first one to the last one that is old enough."""
    rows = extracting.records(connection, chain, first, last)
    old = _while_older(rows, before)
    try:
        gathered = gather(islice(old, last - first + 1), extracting.hash_before(connection, chain, first))
    except ValueError as error:
        raise ArchiveError(str(error)) from error
    if gathered.count and (gathered.first_seq, gathered.last_seq) != (first, first + gathered.count - 1):
        raise ArchiveError(f"chain {chain}: records are missing between {first} and {gathered.last_seq}")
    return gathered


def _while_older(rows: Iterator[dict[str, Any]], before: datetime) -> Iterator[dict[str, Any]]:
    for row in rows:
        if row["recorded_at"] >= before:
            return
        yield row


def _keep(connection: Connection, folder: Path, chain: str, gathered: Gathered, octets: bytes) -> Slice:
    # Two chains' names may differ in what no file's name may hold.
    called = f"{_NOT_A_NAME.sub('_', chain)}-{sha256(chain.encode()).hexdigest()[:8]}"
    name = f"{called}-{gathered.first_seq:012}-{gathered.last_seq:012}.slice.zip"
    draft = folder / f"{name}.part"
    _write(draft, octets)
    read = check_slice(draft.read_bytes())
    if read.findings:
        raise ArchiveError(f"{draft}: {read.findings[0].place}: {read.findings[0].en}")
    draft.replace(folder / name)
    _sync(folder)
    made = Slice(
        chain=chain,
        first_seq=gathered.first_seq,
        last_seq=gathered.last_seq,
        before=gathered.before,
        hash=gathered.hash,
        file=name,
        sha256=sha256(octets).digest(),
    )
    retention.add_slice(connection, made)
    return made


def _release(connection: Connection, folder: Path, archived: Slice) -> int:
    file = folder / archived.file
    try:
        is_it = sha256(file.read_bytes()).digest() == archived.sha256
    except FileNotFoundError:
        raise ArchiveError(f"{file} is not there: its messages stay in the database") from None
    if not is_it:
        raise ArchiveError(f"{file} is not what was written: its messages stay in the database")
    return retention.release(connection, archived)


def _write(file: Path, octets: bytes) -> None:
    with file.open("wb") as target:
        target.write(octets)
        target.flush()
        os.fsync(target.fileno())


def _sync(folder: Path) -> None:
    """The folder's own entries onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
