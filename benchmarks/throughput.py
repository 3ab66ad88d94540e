"""`make bench`: the whole job over HTTP, beside a straightforward service that does the minimal one.

    CONNECTIONS  RATIOx   above 1, we are faster; then requests/s, p50 and p99 of both

Beside it, at 64 connections: the same with answers signed by an RSA-2048 and by an EC P-256 key; and what a message
costs by stage (`benchmarks/stages.py`).

All run with two workers on one PostgreSQL with the same settings, and get messages of one kind, each of them once. In
each round they take turns. The peer is there twice, under gunicorn's `sync` workers and under `gthread`: the ratio is
to whichever is the faster at so many connections. Answers, rows and errors are counted: where they do not agree,
nothing is printed but that. The figures, with the machine and all versions, go to
`benchmarks/results/throughput-DATE.json`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks.messages import EMPLOYER
from benchmarks.place import Place, keep, made
from benchmarks.registrations import write_registrations
from benchmarks.services import Contender, ours, straightforward
from benchmarks.stages import stages
from esutd_bus.testbed.test_ca import TestCa

if TYPE_CHECKING:
    from collections.abc import Sequence

_CONNECTIONS: Final = (16, 64)
_SIGNED_AT: Final = 64
_SIGNERS: Final = {"RSA-2048": "service", "EC P-256": "ec-employer"}
_STAGED: Final = 4000
"""Messages whose stages are timed."""

_WARMING: Final = 800
"""Messages before the first round."""


@dataclass(frozen=True)
class Effort:
    """How long everything takes."""

    rounds: int = 5
    seconds: float = 4
    """Of a contender's turn, about."""


def measure(contenders: Sequence[Contender], folder: Path, ca: Path, effort: Effort) -> None:
    """Rounds of all, in turn, at each number of connections."""
    for number in range(effort.rounds):
        for connections in _CONNECTIONS:
            for one in contenders if number % 2 == 0 else contenders[::-1]:
                count = max(_WARMING, round(one.rate * effort.seconds))
                messages = folder / "messages"
                write_registrations(messages, ca, count)
                run = one.take(messages, count, connections)
                one.runs.setdefault(connections, []).append(run)
                print(
                    f"round {number + 1} of {effort.rounds}, {connections:3} connections, {one.name:8}"
                    f" {run.rate:7.0f}/s   p50 {run.p50:6.1f} ms   p99 {run.p99:6.1f} ms   CPU {run.cpu:6.0f} µs",
                    file=sys.stderr,
                    flush=True,
                )


def measure_signed(stack: ExitStack, place: Place, effort: Effort) -> list[Contender]:
    """The service with signed answers, a run a key and round, in turn."""
    ca, messages = TestCa.ensure(place.ca), place.folder / "messages"
    services = [
        stack.enter_context(
            ours(
                place.folder,
                place.database(f"bench_{name.lower()}"),
                place.ca,
                name=name,
                ESUTD_SIGN_ANSWERS="true",
                ESUTD_KEY_FILE=str(ca.identity(key).path),
                ESUTD_KEY_PASSWORD=ca.identity(key).password,
                ESUTD_WORK="false",
            )
        )
        for name, key in _SIGNERS.items()
    ]
    for one in services:
        warm(one, place.folder, place.ca)
    for number in range(effort.rounds):
        for one in services if number % 2 == 0 else services[::-1]:
            count = max(_WARMING, round(one.rate * effort.seconds))
            write_registrations(messages, place.ca, count)
            run = one.take(messages, count, _SIGNED_AT)
            one.runs.setdefault(_SIGNED_AT, []).append(run)
    return services


def warm(contender: Contender, folder: Path, ca: Path) -> None:
    """Until its first answers are behind it, and its rate is known."""
    messages = folder / "messages"
    for _ in range(2):
        write_registrations(messages, ca, _WARMING)
        contender.take(messages, _WARMING, _CONNECTIONS[0])


def faster(peers: Sequence[Contender], connections: int) -> Contender:
    """The peer that is the faster one by the medians of its rounds."""
    return max(peers, key=lambda one: median(run.rate for run in one.runs[connections]))


def ratio(service: Contender, peer: Contender, connections: int) -> float:
    """The median of the rounds' ratios."""
    pairs = zip(service.runs[connections], peer.runs[connections], strict=True)
    return median(our.rate / their.rate for our, their in pairs)


def line(service: Contender, peer: Contender, connections: int) -> str:
    """As it is printed."""
    told = [f"{connections:3} connections {ratio(service, peer, connections):5.2f}x"]
    return "   ".join([*told, told_of(service, connections), told_of(peer, connections)])


def told_of(one: Contender, connections: int) -> str:
    """The medians of one's rounds."""
    rate, p50, p99, over, cpu = (
        median(getattr(run, name) for run in one.runs[connections])
        for name in ("rate", "p50", "p99", "p99_over_p50", "cpu")
    )
    return f"{one.name} {rate:5.0f}/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms ({over:.1f}x), CPU {cpu:.0f} µs"


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
    told: dict[str, Any] = {"effort": asdict(effort)}
    with ExitStack() as stack:
        place = stack.enter_context(made(given.database))
        certificate = place.folder / "employer.pem"
        signer = TestCa.ensure(place.ca).identity(EMPLOYER)
        certificate.write_bytes(signer.certificate.public_bytes(Encoding.PEM))
        service = stack.enter_context(ours(place.folder, place.database("bench_ours"), place.ca))
        peers = [
            stack.enter_context(
                straightforward(place.folder, place.database(f"bench_{worker}"), certificate, worker)
            )
            for worker in ("sync", "gthread")
        ]
        for one in (service, *peers):
            warm(one, place.folder, place.ca)
        everyone = (service, *peers)
        measure(everyone, place.folder, place.ca, effort)
        beside = {number: faster(peers, number) for number in _CONNECTIONS}
        signed = measure_signed(stack, place, effort)
        told["signed"] = {
            one.name: [asdict(run) | {"rate": run.rate} for run in one.runs[_SIGNED_AT]] for one in signed
        }
        told["megabytes"] = {one.name: round(one.megabytes(), 1) for one in everyone}
        told["stages"] = stages(place.database("bench_stages"), TestCa.ensure(place.ca), _STAGED)
        told["ratio"] = {
            str(number): round(ratio(service, peer, number), 2) for number, peer in beside.items()
        }
        told["beside"] = {str(number): peer.name for number, peer in beside.items()}
        told["runs"] = {
            one.name: {
                str(number): [asdict(run) | {"rate": run.rate} for run in runs]
                for number, runs in one.runs.items()
            }
            for one in everyone
        }
        for connections, peer in beside.items():
            print(line(service, peer, connections))
        for one in signed:
            print(f"{_SIGNED_AT:3} connections, answers signed: {told_of(one, _SIGNED_AT)}")
        print(
            "CPU by stage, µs: "
            + ", ".join(f"{stage} {spent:.0f}" for stage, spent in told["stages"].items())
        )
        print(f"PSS: {', '.join(f'{name} {size:.0f} MB' for name, size in told['megabytes'].items())}")
    print(f"kept in {keep('throughput', told)}")


if __name__ == "__main__":
    main()
