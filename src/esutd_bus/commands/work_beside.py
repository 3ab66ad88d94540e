"""The process of `esutd-bus work` beside that of `esutd-bus serve`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from esutd_bus.settings import Settings

SECONDS_TO_FINISH = 15.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
"""Between a process that died and the next one."""

_log = structlog.get_logger(__name__)


@contextmanager
def work_beside(settings: Settings) -> Iterator[None]:
    """`esutd-bus work` as a child of this process, started again if it dies, stopped when this is left.

    Nothing where it is not wanted (ESUTD_WORK), or has nothing to do.
    """
    has_work = settings.revocation_policy != "off" or settings.key_file or settings.bus_async_url
    if not settings.work or not has_work:
        yield
        return
    child = KeptProcess([sys.executable, "-m", "esutd_bus.cli", "work", "--parent", str(os.getpid())])
    child.start()
    try:
        yield
    finally:
        child.stop()


class KeptProcess:
    """A child, kept by a thread: this process's main thread is the server's."""

    def __init__(self, command: list[str]) -> None:
        """`command`: the program's path, and its arguments."""
        self._command = command
        self._thread = threading.Thread(target=self._keep, name="work", daemon=True)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._pid: int | None = None
        """Of a child that runs, or was not waited for yet: nobody else has its number."""

    def start(self) -> None:
        """Starts the child soon."""
        self._thread.start()

    def stop(self) -> None:
        """Lets the child finish what is under way."""
        with self._lock:
            self._stopping.set()
        for number, seconds in ((signal.SIGTERM, SECONDS_TO_FINISH), (signal.SIGKILL, None)):
            with self._lock:
                if self._pid is not None:
                    os.kill(self._pid, number)
            self._thread.join(seconds)
            if not self._thread.is_alive():
                return

    def _keep(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while (pid := self._spawn()) is not None:
            began = time.monotonic()
            code = self._await(pid)
            if self._stopping.is_set():
                return
            if time.monotonic() - began > LONGEST_PAUSE_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            _log.warning("work ended, and is started again", exit_code=code, seconds=pause)
            self._stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _await(self, pid: int) -> int | None:
        """The child's exit code, once it has ended; none where the server, who waits for its workers, took it."""
        try:
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            with self._lock:
                _, status = os.waitpid(pid, 0)
                self._pid = None
        except ChildProcessError:
            with self._lock:
                self._pid = None
            return None
        return os.waitstatus_to_exitcode(status)

    def _spawn(self) -> int | None:
        """A child's number; none when there is to be no other.

        Not by `subprocess`: it waits for a pipe to be closed, and a worker that the server forks meanwhile keeps that
        open. In a process group of its own, so that Ctrl-C reaches only the process that stops this one.
        """
        with self._lock:
            if self._stopping.is_set():
                return None
            self._pid = os.posix_spawn(self._command[0], self._command, os.environ, setpgroup=0)
            return self._pid
