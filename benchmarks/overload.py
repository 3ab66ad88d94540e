"""`make bench-overload`: four times as many messages as the service can take, and what becomes of them.

In each round: 64 connections, which tells the capacity and its p50 and p99; then an open-loop generator at 4 times
that rate, whose times count from when each message was due; at once after it 64 connections again. What is accepted
should be answered within 5 times the p99 of before, the rest at once be told to come again, and afterwards all be as
before. The generator shares the machine. Every answer 200 must be a row.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from benchmarks.generator import Generator, Seen, percentile
from benchmarks.place import Place, keep, made
from benchmarks.registrations import write_registrations
from benchmarks.services import BenchmarkError, Contender, ours
from benchmarks.stock import from_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONNECTIONS: Final = 64
TIMES: Final = 4
_SPARE: Final = 1.6
"""Messages that are signed, beside those that a quiet second takes."""

_PHASES: Final = ("before", "overload", "after")


@dataclass(frozen=True)
class Effort:
    """How long everything takes."""

    rounds: int = 5
    seconds: float = 8
    """Of each of the three phases."""

    expected_rate: float = 1500
    """Answers a second, before any was seen."""


@dataclass(frozen=True)
class Phase:
    """What was seen in one of them; times in ms."""

    rate: float
    first_second: int
    """Answers 200 in it."""

    accepted: int
    p50: float
    p99: float
    max: float
    refused: int
    refused_p50: float
    refused_p99: float
    most_open: int
    """Connections at once."""

    @classmethod
    def of(cls, seen: Seen) -> Phase:
        """Of what a client saw."""
        return cls(
            rate=round(seen.rate, 1),
            first_second=seen.each_second[0] if seen.each_second else 0,
            accepted=len(seen.accepted),
            p50=percentile(seen.accepted, 0.5),
            p99=percentile(seen.accepted, 0.99),
            max=percentile(seen.accepted, 1),
            refused=len(seen.refused),
            refused_p50=percentile(seen.refused, 0.5),
            refused_p99=percentile(seen.refused, 0.99),
            most_open=seen.most_open,
        )

    def line(self) -> str:
        """As it is printed."""
        told = f"{self.rate:6.0f}/s   p50 {self.p50:6.1f} ms   p99 {self.p99:6.1f} ms"
        if self.refused:
            told += (
                f"   turned away {self.refused}: p50 {self.refused_p50:.1f} ms, p99 {self.refused_p99:.1f} ms"
            )
        return told


Round = dict[str, Phase]


def one_round(service: Contender, place: Place, effort: Effort, expected_rate: float) -> tuple[Round, bool]:
    """The three phases, and whether there were messages enough at all times."""
    messages = place.folder / "messages"
    write_registrations(messages, place.ca, int(expected_rate * effort.seconds * len(_PHASES) * _SPARE))
    rows = service.registered()
    with from_file(messages) as take:
        generator = Generator([service.url], take)
        before = generator.closed(CONNECTIONS, effort.seconds)
        capacity = max(before.rate, len(before.accepted) / effort.seconds)
        seen = [
            before,
            generator.open(TIMES * capacity, effort.seconds),
            generator.closed(CONNECTIONS, effort.seconds),
        ]
    answers, rows = sum(len(one.accepted) for one in seen), service.registered() - rows
    strange = [(one.silent, one.broken, dict(one.other)) for one in seen]
    if answers != rows or any(any(one) for one in strange):
        raise BenchmarkError(f"{answers} answers, {rows} rows; unanswered, broken, other answers: {strange}")
    enough = not any(one.starved for one in (seen[0], seen[2]))
    return {name: Phase.of(one) for name, one in zip(_PHASES, seen, strict=True)}, enough


def ratios(rounds: Sequence[Round]) -> dict[str, float]:
    """The medians of the rounds' ratios."""

    def of(above: Callable[[Round], float], below: Callable[[Round], float]) -> float:
        return round(median(above(one) / below(one) for one in rounds), 2)

    return {
        "accepted_p99": of(lambda one: one["overload"].p99, lambda one: one["before"].p99),
        "accepted_rate": of(lambda one: one["overload"].rate, lambda one: one["before"].rate),
        "rate_after": of(lambda one: one["after"].rate, lambda one: one["before"].rate),
        "first_second_after": of(lambda one: one["after"].first_second, lambda one: one["before"].rate),
        "p50_after": of(lambda one: one["after"].p50, lambda one: one["before"].p50),
    }


def overload(place: Place, effort: Effort) -> dict[str, Any]:
    """All rounds, on a database of their own; what goes into the results file."""
    rounds: list[Round] = []
    with ours(place.folder, place.database("bench_overload"), place.ca) as service:
        rate = effort.expected_rate
        for number in range(-1, effort.rounds):  # the first one warms
            told, enough = one_round(service, place, effort, rate)
            rate = max(rate, told["before"].rate, told["after"].rate)  # a slow round foretells nothing
            if number >= 0:
                if not enough:
                    raise BenchmarkError("there were too few messages")
                rounds.append(told)
            for name, phase in told.items():
                print(
                    f"round {number + 1} of {effort.rounds}, {name:8} {phase.line()}",
                    file=sys.stderr,
                    flush=True,
                )
        megabytes = round(service.megabytes(), 1)
    return {
        "effort": asdict(effort),
        "times": TIMES,
        "ratios": ratios(rounds),
        "megabytes": megabytes,
        "rounds": [{name: asdict(phase) for name, phase in one.items()} for one in rounds],
    }


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description="Four times as many messages as the service can take.")
    parser.add_argument("--rounds", type=int, default=Effort.rounds)
    parser.add_argument("--seconds", type=float, default=Effort.seconds, help="of each phase")
    parser.add_argument("--database", help="a PostgreSQL server's URL; absent: the embedded one")
    given = parser.parse_args()
    with made(given.database) as place:
        told = overload(place, Effort(given.rounds, given.seconds))
    found = told["ratios"]
    print(
        f"p99 of accepted messages at {TIMES}x capacity: {found['accepted_p99']:.2f}x of before (5x is allowed)"
    )
    print(f"accepted meanwhile: {found['accepted_rate']:.0%} of the rate of before")
    print(
        f"afterwards: rate {found['rate_after']:.0%}, first second {found['first_second_after']:.0%},"
        f" p50 {found['p50_after']:.0%} of before"
    )
    print(f"kept in {keep('overload', told)}")


if __name__ == "__main__":
    main()
