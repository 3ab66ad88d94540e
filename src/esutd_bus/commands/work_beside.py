"""The process of `esutd-bus work` beside that of `esutd-bus serve`."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog

from esutd_bus.settings import Settings

SECONDS_TO_FINISH = 15
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
"""Between a process that died and the next one."""

_log = structlog.get_logger(__name__)


@contextmanager
def work_beside(settings: Settings) -> Iterator[None]:
    """`esutd-bus work` as a child of this process, started again if it dies, stopped when this is left.

    Nothing where it is not wanted (ESUTD_WORK), or has nothing to do.
    """
    if not settings.work or settings.revocation_policy == "off":
        yield
        return
    beside = _Beside()
    thread = threading.Thread(target=beside.keep, name="work", daemon=True)
    thread.start()
    try:
        yield
    finally:
        beside.stop()
        thread.join()


class _Beside:
    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def keep(self) -> None:
        """Starts it, again and again, until it is stopped. For a thread of its own."""
        pause = FIRST_PAUSE_SECONDS
        command = [sys.executable, "-m", "esutd_bus.cli", "work", "--parent", str(os.getpid())]
        while True:
            with self._lock:
                if self._stopping.is_set():
                    return
                # In a session of its own: Ctrl-C is for the process that stops this one.
                process = self._process = subprocess.Popen(command, start_new_session=True)  # noqa: S603  # ourselves
            process.wait()
            if self._stopping.wait(0):
                return
            _log.warning("work ended, and is started again", exit_code=process.returncode, seconds=pause)
            self._stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def stop(self) -> None:
        """Lets it finish what is under way."""
        with self._lock:
            self._stopping.set()
            process = self._process
        if process is None:
            return
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_TO_FINISH)
        process.kill()
        process.wait()
