"""Services under load: started as their operators do, driven by wrk, and stopped."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Final, LiteralString

import psutil  # type: ignore[import-untyped]
import psycopg
import requests

from benchmarks.peers.table import TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HERE: Final = Path(__file__).parent
_BIN: Final = Path(sys.executable).parent
_ERRORS_FROM: Final = 500


class BenchmarkError(Exception):
    """The figures would mean nothing."""


@dataclass(frozen=True)
class Run:
    """What the generator saw, and what the database then held."""

    answers: int
    errors: int
    seconds: float
    p50: float
    p99: float
    max: float
    """ms, as p50 and p99."""

    cpu: float
    """µs of the service's processes for one answer; PostgreSQL's are not among them."""

    @property
    def p99_over_p50(self) -> float:
        """How far the tail is from the middle."""
        return self.p99 / self.p50

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


@dataclass
class Contender:
    """A service under load."""

    name: str
    process: subprocess.Popen[bytes]
    url: str
    database: str
    rows: LiteralString
    """The query that counts what was registered."""

    script: Path = _HERE / "distinct.lua"
    """What wrk runs."""

    rate: float = 500.0
    """Answers a second, by what was seen last: tells how many messages a round takes."""

    runs: dict[int, list[Run]] = field(default_factory=dict)
    """Connections → a run each round."""

    def family(self) -> list[psutil.Process]:
        """Its processes."""
        parent = psutil.Process(self.process.pid)
        return [parent, *(child for child in parent.children(recursive=True) if child.name() != "postgres")]

    def cpu_seconds(self) -> float:
        """Of its processes so far."""
        return float(sum(sum(one.cpu_times()[:2]) for one in self.family()))

    def megabytes(self) -> float:
        """PSS of its processes."""
        return float(sum(one.memory_full_info().pss for one in self.family()) / 1e6)

    def registered(self) -> int:
        """Rows."""
        with psycopg.connect(self.database) as connection:
            return sum(count for (count,) in connection.execute(self.rows))

    def take(self, messages: Path, count: int, connections: int, contracts: int = 1) -> Run:
        """The messages of the file, each once; each of so many contracts."""
        before, cpu = self.registered(), self.cpu_seconds()
        seconds = ceil(2 * count / self.rate) + 2  # wrk takes all of its time: enough for a slow moment
        command = [
            "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s",
            "-s", str(self.script), self.url, "--", str(messages),
        ]  # fmt: skip
        out = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # wrk alone
        seen = json.loads(out.stdout.splitlines()[-1])
        spent = (self.cpu_seconds() - cpu) / count * 1e6
        run = Run(**seen, cpu=spent)
        rows = self.registered() - before
        if (run.answers, rows) != (count, count * contracts):
            raise BenchmarkError(
                f"{self.name}: {count} messages, {run.answers} answers, {run.errors} errors, {rows} rows"
            )
        self.rate = run.rate
        return run


@contextmanager
def running(
    command: list[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A service's process, stopped at the end."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("ESUTD_")}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=own | dict(environment), stdout=output, stderr=output)  # noqa: S603
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def await_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it answers at all."""
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            if requests.get(url, timeout=2).status_code < _ERRORS_FROM:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise BenchmarkError(f"{url} does not answer:\n{log.read_text(errors='replace')[-3000:]}")


@contextmanager
def ours(
    folder: Path, database: str, ca: Path, *, name: str = "ours", workers: int = 2, **settings: str
) -> Iterator[Contender]:
    """The service."""
    port = free_port()
    log = folder / f"{name}-{port}.log"
    command = [str(_BIN / "esutd-bus"), "serve", "--port", str(port)]
    command += ["--workers", str(workers), "--test-ca", str(ca)]
    environment = {"ESUTD_DATABASE_URL": database, "ESUTD_LOG_LEVEL": "WARNING", **settings}
    with running(command, environment, log) as process:
        await_answer(f"http://127.0.0.1:{port}/ready", process, log)
        url = f"http://127.0.0.1:{port}/soap/contracts"
        yield Contender(name, process, url, database, "SELECT count(*) FROM contract")


@contextmanager
def straightforward(folder: Path, database: str, certificate: Path, worker: str) -> Iterator[Contender]:
    """The peer, two workers; `worker`: `sync`, or `gthread` with four threads each."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS contract")
        connection.execute(TABLE)
    port, log = free_port(), folder / f"peer-{worker}.log"
    command = [
        str(_BIN / "gunicorn"), "benchmarks.peers.straightforward:application", "--bind", f"127.0.0.1:{port}",
        "--workers", "2", "--worker-class", worker, "--threads", "1" if worker == "sync" else "4",
        "--worker-tmp-dir", "/dev/shm",  # noqa: S108  # a heartbeat file, not a secret "--log-level", "error",
    ]  # fmt: skip
    environment = {
        "PEER_DATABASE_URL": database,
        "PEER_CERTIFICATE": str(certificate),
        "PYTHONPATH": str(_HERE.parent),
    }
    with running(command, environment, log) as process:
        await_answer(f"http://127.0.0.1:{port}/?wsdl", process, log)
        yield Contender(
            worker, process, f"http://127.0.0.1:{port}/", database, "SELECT count(*) FROM contract"
        )
