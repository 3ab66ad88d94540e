"""`make soak`, `make soak-kill`: full load for a long time; the second kills a worker every 20 seconds.

64 connections register distinct contracts at the real service (two workers), while two processes sign the next ones.
The machine is full, and signing takes its share of it: the rate is not the one of `make bench`. Every answer is kept
and looked for in the register afterwards. A message whose connection broke is sent again until it is answered, so in
the end there are as many rows as answers, however many workers were killed.

Fails (exit code 1) where something was lost, answered otherwise, left open, or where memory grew by 5 % or more.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]
import psycopg

from benchmarks.generator import Generator, Seen, percentile
from benchmarks.place import Place, keep, made
from benchmarks.services import Contender, ours
from benchmarks.stock import from_signers
from benchmarks.watch import Watch, connections_of, workers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

CONNECTIONS: Final = 64
MESSAGES_A_CONNECTION: Final = 200
"""Then another one is made: so a worker that has just come gets its share."""

_SETTLED_SECONDS: Final = 60
_GROWTH_ALLOWED: Final = 0.05
_BACK_WITHIN_SECONDS: Final = 60


@dataclass(frozen=True)
class Effort:
    """How long everything takes."""

    seconds: float = 600
    kill_every_seconds: float = 0
    """0: nobody is killed."""

    sample_seconds: float = 5
    ahead: int = 10_000
    """Messages that are signed before it begins."""

    rest_seconds: float = 6
    """Before it begins: workers open connections when they are first needed, the last one within 5 seconds."""

    @property
    def settled_seconds(self) -> float:
        """The first minute, in which caches fill; of a short run, its first third."""
        return min(_SETTLED_SECONDS, self.seconds / 3)


@dataclass(frozen=True)
class Register:
    """What the database says of what was acknowledged."""

    rows: int
    acknowledged: int
    contracts: int
    """Different ones among the acknowledged."""

    lost: int
    """Acknowledged, and not there."""


@dataclass
class Kill:
    """A worker that was killed, and the one that came in its place."""

    second: float
    back_after: float | None = None
    """Seconds until the new one served a connection; None: none came."""


class Killer:
    """Kills the workers in turn, within a `with`: `kill -9`, at intervals."""

    def __init__(self, service: Contender, every_seconds: float) -> None:
        self.kills: list[Kill] = []
        self._service, self._every = service, every_seconds
        parts = urlsplit(service.url)
        self._address = (str(parts.hostname), int(parts.port or 80))
        self._stop = Event()
        self._thread = Thread(target=self._go, name="killer")

    def __enter__(self) -> Self:
        """It begins."""
        if self._every:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """It ends."""
        self._stop.set()
        if self._every:
            self._thread.join()

    def _go(self) -> None:
        begun = time.monotonic()
        while not self._stop.wait(self._every):
            oldest = min(workers_of(self._service), key=lambda worker: float(worker.create_time()))
            before = {worker.pid for worker in workers_of(self._service)}
            kill = Kill(round(time.monotonic() - begun, 1))
            self.kills.append(kill)
            oldest.kill()
            killed = time.monotonic()
            with ExitStack() as knocking:
                while time.monotonic() < killed + _BACK_WITHIN_SECONDS:
                    with suppress(OSError):
                        knocking.enter_context(socket.create_connection(self._address, timeout=5))
                    if any(one.pid not in before and self._serves(one) for one in workers_of(self._service)):
                        kill.back_after = round(time.monotonic() - killed, 2)
                        break
                    time.sleep(0.05)

    def _serves(self, process: psutil.Process) -> bool:
        try:
            connections = process.net_connections("tcp")
        except psutil.Error:
            return False
        own = (one for one in connections if one.laddr.port == self._address[1])
        return any(one.status == psutil.CONN_ESTABLISHED for one in own)


def register_of(database: str, acknowledged: Path, rows_before: int) -> Register:
    """The file's lines, `externalId,contractId`, beside the contracts that have come."""
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TEMP TABLE acknowledged (external_id text, contract_id uuid)")
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY acknowledged FROM STDIN (FORMAT csv)") as copy,
            acknowledged.open("rb") as file,
        ):
            while piece := file.read(1 << 20):
                copy.write(piece)
        found = connection.execute(
            "SELECT (SELECT count(*) FROM contract) - %s, count(*), count(DISTINCT a.contract_id),"
            " count(*) FILTER (WHERE c.id IS NULL)"
            " FROM acknowledged a LEFT JOIN contract c ON c.id = a.contract_id AND c.external_id = a.external_id",
            (rows_before,),
        ).fetchone()
    return Register(*found) if found else Register(0, 0, 0, 0)


@dataclass
class Soaked:
    """How it went."""

    effort: Effort
    seen: Seen
    watch: Watch
    kills: Sequence[Kill]
    register: Register
    connections: tuple[int, int]
    """To PostgreSQL at rest, before and after."""

    findings: list[str] = field(default_factory=list)
    """What must not be."""

    def judge(self) -> Self:
        """Look for what must not be."""
        seen, register = self.seen, self.register
        told = {
            f"{seen.silent} messages were never answered": seen.silent,
            f"other answers: {dict(seen.other)}": bool(seen.other),
            f"{len(seen.refused)} messages were turned away": bool(seen.refused) and not self.kills,
            f"{seen.broken} connections broke": bool(seen.broken) and not self.kills,
            f"{register.lost} acknowledged contracts are not in the register": register.lost,
            f"{len(seen.accepted)} answers, {register}": not (
                len(seen.accepted) == register.acknowledged == register.contracts == register.rows
            ),
            f"connections to PostgreSQL at rest: {self.connections}": self.connections[0]
            < self.connections[1],
            "a killed worker did not come back": any(kill.back_after is None for kill in self.kills),
            f"the workers' memory grew by {self.growth:.1%}": self.growth >= _GROWTH_ALLOWED
            and not self.kills,
        }
        self.findings = [finding for finding, holds in told.items() if holds]
        return self

    @property
    def growth(self) -> float:
        """Of the workers' memory, after it has settled."""
        return self.watch.growth(self.effort.settled_seconds)

    def told(self) -> dict[str, Any]:
        """For the results file."""
        seen = self.seen
        return {
            "effort": asdict(self.effort),
            "answers": len(seen.accepted),
            "rows": self.register.rows,
            "lost": self.register.lost,
            "errors": sum(seen.other.values()) + seen.silent,
            "rate": round(seen.rate, 1),
            "p50": round(percentile(seen.accepted, 0.5), 1),
            "p99": round(percentile(seen.accepted, 0.99), 1),
            "max": round(percentile(seen.accepted, 1), 1),
            "slowest_second": min(seen.each_second[1 : int(self.effort.seconds)], default=0),
            "starved": round(seen.starved, 3),
            "sent_again": seen.broken,
            "turned_away": len(seen.refused),
            "growth": round(self.growth, 4),
            "connections": self.connections,
            "kills": [asdict(kill) for kill in self.kills],
            "findings": self.findings,
            "samples": [asdict(sample) for sample in self.watch.samples],
            "each_second": seen.each_second,
        }

    def lines(self) -> list[str]:
        """As it is printed."""
        told = self.told()
        after = [one.megabytes for one in self.watch.samples if one.second >= self.effort.settled_seconds]
        times = ", ".join(f"{name} {told[name]:.0f} ms" for name in ("p50", "p99", "max"))
        settled = f"after {self.effort.settled_seconds:.0f} s, from {min(after):.0f} to {max(after):.0f} MB"
        lines = [
            f"answers {told['answers']}, rows {told['rows']}, lost {told['lost']}, errors {told['errors']}",
            f"{told['rate']:.0f}/s, slowest second {told['slowest_second']}/s, {times}",
            f"without a message to send: {told['starved']:.1%} of the connections' time",
            f"PSS of the workers grew by {told['growth']:+.1%} {settled}",
            "connections to PostgreSQL at rest: {} before, {} after".format(*self.connections),
        ]
        if self.kills:
            back = [kill.back_after for kill in self.kills if kill.back_after is not None]
            lines.append(
                f"{len(self.kills)} workers killed; {told['sent_again']} messages sent again,"
                f" {told['turned_away']} turned away; back after {median(back or [0]):.1f} s"
                f" (at most {max(back, default=0):.1f} s)"
            )
        return lines + [f"FINDING: {finding}" for finding in self.findings]


def soak(service: Contender, place: Place, effort: Effort) -> Soaked:
    """All of it."""
    acknowledged = place.folder / "acknowledged"
    with from_signers(place.ca, effort.ahead) as take:
        time.sleep(effort.rest_seconds)
        rows, connections = service.registered(), connections_of(service)
        with (
            acknowledged.open("w", encoding="ascii") as file,
            Watch(service, effort.sample_seconds) as watch,
            Killer(service, effort.kill_every_seconds) as killer,
        ):
            seen = Generator([service.url], take, file, MESSAGES_A_CONNECTION).closed(
                CONNECTIONS, effort.seconds
            )
    return Soaked(
        effort,
        seen,
        watch,
        killer.kills,
        register_of(service.database, acknowledged, rows),
        (connections, connections_of(service)),
    ).judge()


def main() -> None:
    """Soak, print, keep."""
    parser = argparse.ArgumentParser(description="Full load for a long time.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument(
        "--kill-every", type=float, default=0, metavar="SECONDS", help="kill a worker so often"
    )
    parser.add_argument("--database", help="a PostgreSQL server's URL; absent: the embedded one")
    given = parser.parse_args()
    effort = Effort(60 * given.minutes, given.kill_every)
    with made(given.database) as place, ours(place.folder, place.database("bench_soak"), place.ca) as service:
        soaked = soak(service, place, effort)
    print("\n".join(soaked.lines()))
    print(f"kept in {keep('soak-kill' if given.kill_every else 'soak', soaked.told())}")
    sys.exit(1 if soaked.findings else 0)


if __name__ == "__main__":
    main()
