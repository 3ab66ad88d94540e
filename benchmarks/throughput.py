"""`make bench`: the whole job over HTTP, beside a straightforward service that does the minimal one.

    CONNECTIONS  RATIOx   above 1, we are faster; then requests/s, p50 and p99 of both

Both run with two workers on one PostgreSQL with the same settings, and get the same messages, each of them once. In each
round they take turns. Answers, rows and errors are counted: where they do not agree, nothing is printed but that.
The figures, with the machine and all versions, go to `benchmarks/results/throughput-DATE.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import psutil
import psycopg
import requests
from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks import machine
from benchmarks.messages import EMPLOYER
from benchmarks.registrations import write_registrations
from esutd_bus.store.embedded import EmbeddedPostgres
from esutd_bus.testbed.test_ca import TestCa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results"
_BIN: Final = Path(sys.executable).parent
_CONNECTIONS: Final = (16, 64)
_WARMING: Final = 800
"""Messages before the first round."""


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
    rows: str
    """The query that counts what was registered."""

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
        return sum(sum(one.cpu_times()[:2]) for one in self.family())

    def megabytes(self) -> float:
        """PSS of its processes."""
        return sum(one.memory_full_info().pss for one in self.family()) / 1e6

    def registered(self) -> int:
        """Rows."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(self.rows).fetchone()  # type: ignore[call-overload]
        return int(row[0])

    def take(self, messages: Path, count: int, connections: int) -> Run:
        """The messages of the file, each once."""
        before, cpu = self.registered(), self.cpu_seconds()
        seconds = ceil(2 * count / self.rate) + 2  # wrk takes all of its time: enough for a slow moment
        command = [
            "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s",
            "-s", str(HERE / "distinct.lua"), self.url, "--", str(messages),
        ]  # fmt: skip
        out = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # wrk alone
        seen = json.loads(out.stdout.splitlines()[-1])
        spent = (self.cpu_seconds() - cpu) / count * 1e6
        run = Run(**seen, cpu=spent)
        rows = self.registered() - before
        if (run.answers, rows) != (count, count):
            raise BenchmarkError(
                f"{self.name}: {count} messages, {run.answers} answers, {run.errors} errors, {rows} rows"
            )
        self.rate = run.rate
        return run


@contextmanager
def running(name: str, command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
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
            if requests.get(url, timeout=2).status_code < 500:  # noqa: PLR2004
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise BenchmarkError(f"{url} does not answer:\n{log.read_text(errors='replace')[-3000:]}")


@contextmanager
def ours(folder: Path, database: str, ca: Path, **settings: str) -> Iterator[Contender]:
    """The service, two workers."""
    port, log = free_port(), folder / "ours.log"
    command = [str(_BIN / "esutd-bus"), "serve", "--port", str(port), "--workers", "2", "--test-ca", str(ca)]
    environment = {"ESUTD_DATABASE_URL": database, "ESUTD_LOG_LEVEL": "WARNING", **settings}
    with running("ours", command, environment, log) as process:
        await_answer(f"http://127.0.0.1:{port}/ready", process, log)
        url = f"http://127.0.0.1:{port}/soap/contracts"
        yield Contender("ours", process, url, database, "SELECT count(*) FROM contract")


@contextmanager
def straightforward(folder: Path, database: str, certificate: Path, worker: str) -> Iterator[Contender]:
    """The peer, two workers; `worker`: `sync`, or `gthread` with four threads each."""
    from benchmarks.peers.table import TABLE  # noqa: PLC0415  # beside its application, which needs its settings

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS contract")
        connection.execute(TABLE)
    port, log = free_port(), folder / f"peer-{worker}.log"
    command = [
        str(_BIN / "gunicorn"), "benchmarks.peers.straightforward:application", "--bind", f"127.0.0.1:{port}",
        "--workers", "2", "--worker-class", worker, "--threads", "1" if worker == "sync" else "4",
        "--worker-tmp-dir", "/dev/shm", "--log-level", "error",
    ]  # fmt: skip
    environment = {"PEER_DATABASE_URL": database, "PEER_CERTIFICATE": str(certificate), "PYTHONPATH": str(HERE.parent)}
    with running(worker, command, environment, log) as process:
        await_answer(f"http://127.0.0.1:{port}/?wsdl", process, log)
        yield Contender(worker, process, f"http://127.0.0.1:{port}/", database, "SELECT count(*) FROM contract")


@dataclass(frozen=True)
class Effort:
    """How long everything takes."""

    rounds: int = 5
    seconds: float = 4
    """Of a contender's turn, about."""


def measure(ours: Contender, peer: Contender, folder: Path, ca: Path, effort: Effort) -> None:
    """Rounds of both, in turn, at each number of connections."""
    for number in range(effort.rounds):
        for connections in _CONNECTIONS:
            pair = (ours, peer) if number % 2 == 0 else (peer, ours)
            counts = [max(_WARMING, round(one.rate * effort.seconds)) for one in pair]
            for one, count in zip(pair, counts, strict=True):
                messages = folder / "messages"
                write_registrations(messages, ca, count)
                run = one.take(messages, count, connections)
                one.runs.setdefault(connections, []).append(run)
                print(
                    f"round {number + 1} of {effort.rounds}, {connections:3} connections, {one.name:8} {run.rate:7.0f}/s"
                    f"   p50 {run.p50:6.1f} ms   p99 {run.p99:6.1f} ms   CPU {run.cpu:6.0f} µs",
                    file=sys.stderr,
                    flush=True,
                )


def warm(contender: Contender, folder: Path, ca: Path) -> None:
    """Until its first answers are behind it, and its rate is known."""
    messages = folder / "messages"
    for _ in range(2):
        write_registrations(messages, ca, _WARMING)
        contender.take(messages, _WARMING, _CONNECTIONS[0])


def ratio(ours: Contender, peer: Contender, connections: int) -> float:
    """The median of the rounds' ratios."""
    pairs = zip(ours.runs[connections], peer.runs[connections], strict=True)
    return median(our.rate / their.rate for our, their in pairs)


def line(ours: Contender, peer: Contender, connections: int) -> str:
    """As it is printed."""
    told = [f"{connections:3} connections {ratio(ours, peer, connections):5.2f}x"]
    for one in (ours, peer):
        runs = one.runs[connections]
        rate, p50, p99, cpu = (median(getattr(run, name) for run in runs) for name in ("rate", "p50", "p99", "cpu"))
        told.append(
            f"{one.name} {rate:5.0f}/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms ({p99 / p50:.1f}x), CPU {cpu:.0f} µs"
        )
    return "   ".join(told)


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description="The whole job over HTTP, beside a straightforward service.")
    parser.add_argument("--rounds", type=int, default=Effort.rounds, help="at least 5 to be taken seriously")
    parser.add_argument("--seconds", type=float, default=Effort.seconds, help="of a turn")
    parser.add_argument("--database", help="a PostgreSQL server's URL; absent: the embedded one")
    given = parser.parse_args()
    effort = Effort(given.rounds, given.seconds)
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed (Debian: apt-get install wrk)")
    taken = datetime.now(UTC)
    told: dict[str, Any] = {
        "taken": taken.isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "versions": machine.versions(),
        "effort": asdict(effort),
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="esutd-bench-")))
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own where we are root
        ca = TestCa.create(folder / "ca")
        server = given.database or _embedded(stack, folder)
        certificate = folder / "employer.pem"
        certificate.write_bytes(ca.identity(EMPLOYER).certificate.public_bytes(Encoding.PEM))
        service = stack.enter_context(ours(folder, _database(server, "bench_ours"), folder / "ca"))
        peers = [
            stack.enter_context(straightforward(folder, _database(server, f"bench_{worker}"), certificate, worker))
            for worker in ("sync", "gthread")
        ]
        for one in (service, *peers):
            warm(one, folder, folder / "ca")
        peer = max(peers, key=lambda one: one.rate)
        print(f"the faster peer: {peer.name} ({', '.join(f'{one.name} {one.rate:.0f}/s' for one in peers)})")
        measure(service, peer, folder, folder / "ca", effort)
        told["megabytes"] = {one.name: round(one.megabytes(), 1) for one in (service, peer)}
        told["ratio"] = {str(number): round(ratio(service, peer, number), 2) for number in _CONNECTIONS}
        told["runs"] = {
            one.name: {str(number): [asdict(run) | {"rate": run.rate} for run in runs] for number, runs in one.runs.items()}
            for one in (service, peer)
        }
        for connections in _CONNECTIONS:
            print(line(service, peer, connections))
        print(f"PSS: {', '.join(f'{name} {size:.0f} MB' for name, size in told['megabytes'].items())}")
    kept = RESULTS / f"throughput-{taken:%Y-%m-%d}.json"
    kept.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"kept in {kept}")


def _embedded(stack: ExitStack, folder: Path) -> str:
    postgres = EmbeddedPostgres(folder / "data")
    url = postgres.start()
    stack.callback(postgres.stop)
    return url


def _database(server: str, name: str) -> str:
    """A database of that name, new."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}"')
    parts = psycopg.conninfo.conninfo_to_dict(server)
    return psycopg.conninfo.make_conninfo(**parts | {"dbname": name})


if __name__ == "__main__":
    main()
