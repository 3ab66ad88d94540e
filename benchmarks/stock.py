"""Messages for a generator: from a file, or from processes that sign while it sends."""

from __future__ import annotations

import mmap
import multiprocessing
import os
import time
from collections import deque
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING, Final

from benchmarks.registrations import registration
from esutd_bus.register.calendar import today
from esutd_bus.testbed.test_ca import TestCa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_AHEAD: Final = 20_000
"""Messages at most that are signed and not sent: some 80 MB."""

_PIECE: Final = 1 << 20


@contextmanager
def from_file(file: Path) -> Iterator[Callable[[], bytes | None]]:
    """Takes each message of a file of `write_registrations` once."""
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as whole:

        def take() -> bytes | None:
            length = whole.readline()
            return whole.read(int(length)) if length else None

        yield take


@contextmanager
def from_signers(ca: Path, ahead: int, signers: int = 2) -> Iterator[Callable[[], bytes | None]]:
    """Takes from what so many processes sign; these are `ahead` of it when this is entered."""
    ready: deque[bytes] = deque()
    fork = multiprocessing.get_context("fork")
    pipes = [os.pipe() for _ in range(signers)]
    processes = [
        fork.Process(target=_sign, args=(ca, number, pipes), daemon=True) for number in range(signers)
    ]
    for process, (_, writer) in zip(processes, pipes, strict=True):
        process.start()
        os.close(writer)
    threads = [Thread(target=_fetch, args=(reader, ready), daemon=True) for reader, _ in pipes]
    for thread in threads:
        thread.start()
    while len(ready) < min(ahead, _AHEAD):
        time.sleep(0.05)
    try:
        yield lambda: ready.popleft() if ready else None
    finally:
        for process in processes:
            process.terminate()
            process.join()
        ready.clear()
        for thread in threads:
            thread.join()


def _sign(ca: Path, number: int, pipes: Sequence[tuple[int, int]]) -> None:
    """To the end of whoever reads: so nobody else may hold a pipe's ends."""
    for other, (reader, writer) in enumerate(pipes):
        os.close(reader)
        if other > number:  # those before are closed already
            os.close(writer)
    out, opened = pipes[number][1], TestCa.ensure(ca)
    with os.fdopen(out, "wb") as pipe:
        while True:
            message = registration(opened, today(datetime.now(UTC)))
            pipe.write(b"%d\n%b" % (len(message), message))


def _fetch(reader: int, ready: deque[bytes]) -> None:
    """From a pipe into the stock, no further ahead than is agreed; to the signer's end."""
    with os.fdopen(reader, "rb", buffering=_PIECE) as pipe:
        while length := pipe.readline():
            message = pipe.read(int(length))
            if len(message) < int(length):
                return
            ready.append(message)
            while len(ready) >= _AHEAD:
                time.sleep(0.02)
