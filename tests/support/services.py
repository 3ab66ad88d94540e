"""Starting the real service as its operators do, and stopping what was started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

READY_WITHIN_SECONDS = 60.0
HOLDS_WITHIN_SECONDS = 30.0
_BIN = Path(sys.executable).parent
ESUTD_BUS = str(_BIN / "esutd-bus")


@dataclass(frozen=True)
class Service:
    """A running service."""

    url: str
    process: subprocess.Popen[bytes]
    environment: Mapping[str, str]

    @property
    def database_url(self) -> str:
        """The database it works on."""
        return self.environment["ESUTD_DATABASE_URL"]

    def kill(self) -> None:
        """kill -9 for the process and its workers, at once."""
        family = [
            psutil.Process(self.process.pid),
            *psutil.Process(self.process.pid).children(recursive=True),
        ]
        for process in family:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=10)
        self.process.wait()


def environment_with(settings: Mapping[str, str]) -> dict[str, str]:
    """These settings, and nothing of what the tester's own shell may hold."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("ESUTD_")}
    return {**own, **settings}


def esutd_bus(
    *arguments: str | Path, settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command line, run to its end."""
    return subprocess.run(
        [ESUTD_BUS, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment_with(settings or {}),
        check=False,
        timeout=90,
    )


def until(holds: Callable[[], bool], seconds: float = HOLDS_WITHIN_SECONDS) -> None:
    """Asks again until it holds; whoever does not answer at all may still come back."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except requests.RequestException:
            pass
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.1)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], url: str, log: Path) -> Iterator[Service]:
    """The command as a service: ready when entered, stopped when left."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment_with(environment), stdout=output, stderr=output)
    try:
        _await_ready(process, url, log)
        yield Service(url, process, environment)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def asgi_service(
    environment: Mapping[str, str], log: Path, *, workers: int = 2
) -> AbstractContextManager[Service]:
    """`esutd-bus serve`."""
    port = free_port()
    command = [str(_BIN / "esutd-bus"), "serve", "--port", str(port), "--workers", str(workers)]
    return running(command, environment, f"http://127.0.0.1:{port}", log)


def wsgi_service(environment: Mapping[str, str], log: Path) -> AbstractContextManager[Service]:
    """gunicorn with the spyne binding; its database is brought up to date by somebody else."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        str(_BIN / "gunicorn"),
        "esutd_bus.wsgi:application",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "1",
        "--threads",
        "8",
        "--worker-tmp-dir",
        "/dev/shm",
    ]
    return running(command, {**environment, "ESUTD_PUBLIC_URL": url}, url, log)


def _await_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if requests.get(f"{url}/ready", timeout=2).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"the service at {url} is not ready:\n{log.read_text(errors='replace')[-4000:]}")
