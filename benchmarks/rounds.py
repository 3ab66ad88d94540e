"""Contenders side by side: in every round each works in slices, in turn with the others, in changing order.

What disturbs the machine for a while so falls on all of them, and a round's ratio says more than two figures taken
apart. A round's figure is the median of its slices. The time is the working thread's own (CPU), which other programs
on the machine lengthen least; the clock's stands beside it.
"""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Spent = tuple[float, float]
    """(the thread's, the clock's) µs of one piece of work."""


class Contender(Protocol):
    """Whoever does the work."""

    def spend(self, count: int) -> Spent:
        """Do the work so many times."""


@dataclass(frozen=True)
class Here:
    """Work of this process."""

    work: Callable[[], object]

    def spend(self, count: int) -> Spent:
        """Do the work so many times."""
        cpu, clock = time.thread_time(), time.perf_counter()
        for _ in range(count):
            self.work()
        cpu, clock = time.thread_time() - cpu, time.perf_counter() - clock
        return cpu / count * 1e6, clock / count * 1e6


@dataclass
class Result:
    """A contender's µs, CPU and clock, one figure a round."""

    cpu: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)


def run(contenders: Sequence[Contender], *, rounds: int, slices: int, seconds: float) -> list[Result]:
    """What each contender took. A slice lasts about so many seconds, however long one piece of work is."""
    counts = [max(1, round(seconds * 1e6 / max(one.spend(3)[0], 1))) for one in contenders]
    results = [Result() for _ in contenders]
    for number in range(rounds):
        gc.collect()
        spent: list[list[Spent]] = [[] for _ in contenders]
        for turn in range(slices):
            first = (number + turn) % len(contenders)
            for index in [*range(first, len(contenders)), *range(first)]:
                spent[index].append(contenders[index].spend(counts[index]))
        for result, one in zip(results, spent, strict=True):
            result.cpu.append(median(cpu for cpu, _ in one))
            result.clock.append(median(clock for _, clock in one))
    return results


@dataclass(frozen=True)
class Comparison:
    """How much faster we are: above 1, we are."""

    ratio: float
    """The median of the rounds' ratios, of CPU time."""

    lowest: float
    highest: float
    clock_ratio: float
    ours: float
    """The median, in µs of CPU."""

    theirs: float


def compare(ours: Result, theirs: Result) -> Comparison:
    """Ours beside theirs, round by round."""
    ratios = [their / our for our, their in zip(ours.cpu, theirs.cpu, strict=True)]
    clock = [their / our for our, their in zip(ours.clock, theirs.clock, strict=True)]
    return Comparison(
        median(ratios), min(ratios), max(ratios), median(clock), median(ours.cpu), median(theirs.cpu)
    )
