"""Real servers over the fake engine: gunicorn with uvicorn's workers for ASGI, gunicorn alone for WSGI."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
SOURCE = HERE.parents[2] / "src"

START_SECONDS = 30


@dataclass(frozen=True)
class Running:
    url: str
    binding: str
    process: subprocess.Popen[bytes]
    scratch: Path
    log: Path

    def logged(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(START_SECONDS)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def running(
    binding: str,
    scratch: Path,
    *,
    workers: int = 1,
    environment: dict[str, str] | None = None,
    started: Callable[[int], bool] = accepts,
) -> Iterator[Running]:
    port = free_port()
    command = {
        "asgi": [sys.executable, "fake_serve.py", str(port), str(workers), str(scratch / "metrics")],
        "wsgi": [
            *(sys.executable, "-m", "gunicorn", "fake_wsgi:application", "--preload", "--no-control-socket"),
            *(
                "--bind",
                f"127.0.0.1:{port}",
                "--workers",
                str(workers),
                "--threads",
                "8",
                "--worker-class",
                "gthread",
            ),
        ],
        "wsgiref": [sys.executable, "fake_wsgiref.py", str(port)],
    }[binding]
    log = scratch / "log"
    path = os.pathsep.join(filter(None, (str(SOURCE), os.environ.get("PYTHONPATH"))))
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=HERE,
            env={**os.environ, "PYTHONPATH": path, "EDGE_TEST_SCRATCH": str(scratch), **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until(lambda: started(port) or process.poll() is not None, "the server did not start")
            yield Running(f"http://127.0.0.1:{port}", binding, process, scratch, log)
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(START_SECONDS)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)  # its workers too
                    process.wait()
