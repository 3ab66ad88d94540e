"""The child beside the server: started again when it dies, and stopped, whatever it is at."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from esutd_bus.commands import work_beside
from esutd_bus.commands.work_beside import KeptProcess

NOTES = "import os, pathlib, sys; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n');"
ENDS = NOTES
STAYS = f"{NOTES} import time; time.sleep(600)"
STAYS_DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STAYS}"


class Child:
    """A program that notes each of its starts."""

    def __init__(self, folder: Path) -> None:
        self._notes = folder / "pids"

    def kept(self, program: str) -> KeptProcess:
        return KeptProcess([sys.executable, "-c", program, str(self._notes)])

    @property
    def pids(self) -> list[int]:
        return [int(line) for line in self._notes.read_text().split()] if self._notes.exists() else []


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Child:
    monkeypatch.setattr(work_beside, "FIRST_PAUSE_SECONDS", 0.01)
    return Child(tmp_path)


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_whatever_ends_is_started_again(child: Child) -> None:
    kept = child.kept(ENDS)
    with capture_logs() as logged:
        kept.start()
        wait_for(lambda: len(child.pids) >= 3)
        kept.stop()
    assert len(set(child.pids)) == len(child.pids)
    assert [entry["seconds"] for entry in logged][:2] == [0.01, 0.02]
    assert logged[0]["exit_code"] == 0


@pytest.mark.parametrize("program", [STAYS, STAYS_DEAF], ids=["listens", "does not listen"])
def test_it_is_stopped(child: Child, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if program is STAYS_DEAF:
        monkeypatch.setattr(work_beside, "SECONDS_TO_FINISH", 0.2)
    kept = child.kept(program)
    kept.start()
    wait_for(lambda: bool(child.pids))
    kept.stop()
    (pid,) = child.pids
    assert not psutil.pid_exists(pid)


def test_it_may_be_stopped_at_once(child: Child) -> None:
    kept = child.kept(STAYS)
    kept.start()
    kept.stop()
    assert not any(psutil.pid_exists(pid) for pid in child.pids)
