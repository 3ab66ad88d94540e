"""`make bench-scaling`: 1, 2 and 4 worker processes, and two nodes on one database, in turn; and the country's peak.

Each contender is the whole service on a database of its own, all on one PostgreSQL. In every round each registers
distinct contracts at 64 connections for some seconds, in changing order; the medians of the rounds count. What a
message costs is told apart: processor time of the service, processor time of PostgreSQL, bytes of WAL. From these, and
from how many messages come on the day of a deadline, follows how many cores the country needs.

With `--docs` the tables of docs/scaling.md are written anew, from the newest results file, without measuring.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import psutil  # type: ignore[import-untyped]
import psycopg

from benchmarks.generator import Generator, percentile
from benchmarks.peak import PEAKS
from benchmarks.place import RESULTS, Place, keep, made
from benchmarks.registrations import write_registrations
from benchmarks.services import BenchmarkError, Contender, ours
from benchmarks.stock import from_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CONNECTIONS: Final = 64
DOCS: Final = Path(__file__).parents[1] / "docs" / "scaling.md"
_LAYOUTS: Final = {"1 worker": (1,), "2 workers": (2,), "4 workers": (4,), "2 nodes of 1 worker": (1, 1)}
"""What it is called → the workers of each node."""

_REFERENCE: Final = "2 workers"
_SPARE: Final = 1.5
_OPENING: Final = "<!-- figures: made by `make bench-scaling` -->"
_CLOSING: Final = "<!-- end of figures -->"


@dataclass(frozen=True)
class Effort:
    """How long everything takes."""

    rounds: int = 5
    seconds: float = 8
    """Of a contender's turn."""

    expected_rate: float = 1500


@dataclass(frozen=True)
class Turn:
    """One contender's turn; times in ms, costs of a message in µs and bytes."""

    rate: float
    p50: float
    p99: float
    service: float
    """Processor time of the nodes' processes."""

    postgres: float
    """Of PostgreSQL's; 0 where it runs on another machine."""

    wal: float


@dataclass
class Layout:
    """Nodes on one database."""

    name: str
    nodes: Sequence[Contender]
    rate: float
    turns: list[Turn] = field(default_factory=list)
    starved: float = 0.0
    """The share of its last turn in which there were no messages."""

    def turn(self, place: Place, seconds: float) -> Turn:
        """Registers contracts for so long."""
        messages = place.folder / "messages"
        write_registrations(messages, place.ca, int(self.rate * seconds * _SPARE) + CONNECTIONS)
        first = self.nodes[0]
        with psycopg.connect(first.database, autocommit=True) as connection, from_file(messages) as take:
            rows, before = first.registered(), self._spent(connection)
            seen = Generator([node.url for node in self.nodes], take).closed(CONNECTIONS, seconds)
            spent = [now - then for now, then in zip(self._spent(connection), before, strict=True)]
        answers, rows = len(seen.accepted), first.registered() - rows
        strange = (seen.silent, seen.broken, len(seen.refused), dict(seen.other))
        if answers != rows or any(strange):
            raise BenchmarkError(
                f"{self.name}: {answers} answers, {rows} rows; unanswered, broken, refused, other: {strange}"
            )
        self.starved, self.rate = seen.starved, max(self.rate, seen.rate)  # a slow turn foretells nothing
        costs = [round(one / answers, 1) for one in spent]
        p50, p99 = (round(percentile(seen.accepted, share), 1) for share in (0.5, 0.99))
        return Turn(round(seen.rate, 1), p50, p99, *costs)

    def _spent(self, connection: psycopg.Connection) -> tuple[float, float, float]:
        """So far: µs of the nodes, µs of PostgreSQL, bytes of WAL."""
        found = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0', pg_backend_pid()").fetchone()
        wal, backend = found or (0, 0)
        nodes = sum(node.cpu_seconds() for node in self.nodes)
        return 1e6 * nodes, 1e6 * _postgres_seconds(int(backend)), float(wal)


def _postgres_seconds(backend: int) -> float:
    """Of the server to which this backend belongs; 0 where it is not on this machine."""
    try:
        server = psutil.Process(backend).parent()
        family = [server, *server.children()] if server is not None else []
        return float(sum(sum(one.cpu_times()[:2]) for one in family))
    except psutil.Error:
        return 0.0


@contextmanager
def layouts(place: Place, expected_rate: float) -> Iterator[Sequence[Layout]]:
    """All of them, running."""
    with ExitStack() as stack:
        made_ones = []
        for name, nodes in _LAYOUTS.items():
            database = place.database("bench_" + name.replace(" ", "_"))
            running = [
                stack.enter_context(
                    ours(place.folder, database, place.ca, workers=workers, ESUTD_NODE=f"node-{number}")
                )
                for number, workers in enumerate(nodes, 1)
            ]
            made_ones.append(Layout(name, running, expected_rate))
        yield made_ones


def measure(place: Place, effort: Effort) -> dict[str, Any]:
    """All rounds; what goes into the results file."""
    with layouts(place, effort.expected_rate) as contenders:
        for number in range(-1, effort.rounds):  # the first one warms
            shift = number % len(contenders)
            for one in [*contenders[shift:], *contenders[:shift]]:
                turn = one.turn(place, effort.seconds)
                if number >= 0:
                    if one.starved:
                        raise BenchmarkError(f"{one.name}: there were too few messages")
                    one.turns.append(turn)
                print(
                    f"round {number + 1} of {effort.rounds}, {one.name:20} {turn.rate:6.0f}/s   p50 {turn.p50:6.1f} ms"
                    f"   p99 {turn.p99:6.1f} ms   service {turn.service:.0f} µs   PostgreSQL {turn.postgres:.0f} µs"
                    f"   WAL {turn.wal:.0f} B",
                    file=sys.stderr,
                    flush=True,
                )
        return {
            "effort": asdict(effort),
            "connections": CONNECTIONS,
            "layouts": {one.name: _medians(one.turns) for one in contenders},
            "turns": {one.name: [asdict(turn) for turn in one.turns] for one in contenders},
        }


def _medians(turns: Sequence[Turn]) -> dict[str, float]:
    return {name: round(median(getattr(turn, name) for turn in turns), 1) for name in asdict(turns[0])}


def tables(told: Mapping[str, Any]) -> str:
    """The tables of docs/scaling.md."""
    found = told["layouts"]
    one = found["1 worker"]["rate"]
    machine = told["machine"]
    effort = told["effort"]
    where = (
        f"{machine['cores']} cores ({machine['processor']}), PostgreSQL and the generator on the same ones"
    )
    how = (
        f"{told['connections']} connections, medians of {effort['rounds']} rounds of {effort['seconds']:g} s"
    )
    lines = [
        f"{where}; {how}; {told['taken'][:10]}.",
        "",
        "| | registrations/s | beside 1 worker | p50, ms | p99, ms | service, µs | PostgreSQL, µs | WAL, bytes |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {name} | {row['rate']:.0f} | {row['rate'] / one:.2f} | {row['p50']:.0f} | {row['p99']:.0f}"
            f" | {row['service']:.0f} | {row['postgres']:.0f} | {row['wal']:.0f} |"
            for name, row in found.items()
        ),
        "",
        "| messages | how many | within | a second | cores of nodes | cores of PostgreSQL | WAL, MB/s |",
        "|---|---|---|---|---|---|---|",
    ]
    reference = found[_REFERENCE]
    for peak in PEAKS:
        service, postgres, wal = (
            peak.rate * reference[name] / 1e6 for name in ("service", "postgres", "wal")
        )
        many = f"{peak.messages:,}".replace(",", " ")
        needed = f"{service:.2f} | {postgres:.2f} | {wal:.2f}"
        lines.append(f"| {peak.name} | {many} | {peak.hours:g} h | {peak.rate:.0f} | {needed} |")
    return "\n".join(lines)


def newest() -> dict[str, Any] | None:
    """The newest results file."""
    files = sorted(RESULTS.glob("scaling-*.json"))
    return json.loads(files[-1].read_text(encoding="utf-8")) if files else None


def write_docs(told: Mapping[str, Any]) -> None:
    """The tables into docs/scaling.md."""
    before, _, rest = DOCS.read_text(encoding="utf-8").partition(_OPENING)
    after = rest.partition(_CLOSING)[2]
    DOCS.write_text(f"{before}{_OPENING}\n\n{tables(told)}\n\n{_CLOSING}{after}", encoding="utf-8")


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description="1, 2, 4 worker processes, and two nodes.")
    parser.add_argument("--rounds", type=int, default=Effort.rounds)
    parser.add_argument("--seconds", type=float, default=Effort.seconds, help="of a turn")
    parser.add_argument("--database", help="a PostgreSQL server's URL; absent: the embedded one")
    parser.add_argument(
        "--docs", action="store_true", help="write docs/scaling.md from the newest results alone"
    )
    given = parser.parse_args()
    if not given.docs:
        with made(given.database) as place:
            told = measure(place, Effort(given.rounds, given.seconds))
        print(f"kept in {keep('scaling', told)}")
    last = newest()
    if last is None:
        sys.exit("there are no results yet")
    write_docs(last)
    print(tables(last))


if __name__ == "__main__":
    main()
