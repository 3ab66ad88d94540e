"""`make bench-batches`: contracts in batches of 500 beside contracts in messages of their own.

    RATIOx as many contracts a second in batches; then contracts/s of both

Over HTTP, at a service of two workers, in turn: single messages on 64 connections, and batches of 500, four under way
at once. Answers and rows are counted, as `make bench` does. Then what a batch's neighbours feel of it: single messages
come to the engine of one worker 100 a second, without a batch and with one a second, and their answers are timed. The
figures go to `benchmarks/results/batches-DATE.json`.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import time
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks.place import Place, keep, made
from benchmarks.registrations import batch, registration, write_batches, write_registrations
from benchmarks.services import ours
from benchmarks.throughput import warm
from esutd_bus.commands.database import bring_up_to_date
from esutd_bus.node import open_node
from esutd_bus.passage import Incoming
from esutd_bus.register.calendar import today
from esutd_bus.settings import Settings
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.testbed.test_partners import record_test_partners

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.services import Contender
    from esutd_bus.engine import Engine

ENTRIES: Final = 500
_ALONE_AT_ONCE: Final = 64
_BATCHES_AT_ONCE: Final = 4
_NEIGHBOURS: Final = 600
_BETWEEN_NEIGHBOURS_SECONDS: Final = 0.01


def rates(
    service: Contender, place: Place, rounds: int, seconds: float, entries: int = ENTRIES
) -> list[tuple[float, float]]:
    """Contracts a second of each round: in messages of their own, in batches."""
    messages, ca = place.folder / "messages", TestCa.ensure(place.ca)
    alone, together = service.rate, 8 * service.rate / entries
    told = []
    for _ in range(rounds):
        service.rate, count = alone, round(alone * seconds)
        write_registrations(messages, place.ca, count)
        alone = service.take(messages, count, _ALONE_AT_ONCE).rate
        service.rate, count = together, max(2 * _BATCHES_AT_ONCE, round(together * seconds))
        write_batches(messages, ca, count, entries)
        together = service.take(messages, count, _BATCHES_AT_ONCE, contracts=entries).rate
        told.append((alone, together * entries))
    return told


async def _answered(engine: Engine, message: bytes) -> float:
    """Seconds until the answer."""
    begun = time.perf_counter()
    answer = await engine.handle(Incoming("/soap/contracts", message))
    if answer.status != 200:  # noqa: PLR2004  # HTTP's
        raise RuntimeError(answer.body.decode())
    return time.perf_counter() - begun


async def _neighbours(engine: Engine, messages: Sequence[bytes]) -> dict[str, float]:
    """Percentile → ms."""
    answering = []
    for message in messages:
        answering.append(asyncio.create_task(_answered(engine, message)))
        await asyncio.sleep(_BETWEEN_NEIGHBOURS_SECONDS)
    took = sorted(1000 * seconds for seconds in await asyncio.gather(*answering))
    return {f"p{share}": round(took[len(took) * share // 100], 1) for share in (50, 90, 99)}


async def _batch_a_second(engine: Engine, messages: Sequence[bytes]) -> None:
    for message in messages:
        await asyncio.gather(_answered(engine, message), asyncio.sleep(1))


async def _beside(settings: Settings, ca: TestCa) -> dict[str, dict[str, float]]:
    engine = await open_node(settings)
    day = today(datetime.now(UTC))
    try:
        quiet, beside = ([registration(ca, day) for _ in range(_NEIGHBOURS)] for _ in range(2))
        batches = [batch(ca, day, ENTRIES) for _ in range(6)]
        told = {"no batch": await _neighbours(engine, quiet)}
        submitting = asyncio.create_task(_batch_a_second(engine, batches))
        told["a batch a second"] = await _neighbours(engine, beside)
        await submitting
    finally:
        await engine.close()
    return told


def neighbours(place: Place) -> dict[str, dict[str, float]]:
    """What single messages wait for their answers, beside what; ms by percentile."""
    url, ca = place.database("bench_neighbours"), TestCa.ensure(place.ca)
    settings = Settings(database_url=url, trust_dir=ca.trust_dir)
    bring_up_to_date(settings, url)
    record_test_partners(url, ca)
    return asyncio.run(_beside(settings, ca))


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description="Contracts in batches beside contracts alone.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of a turn, about")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed (Debian: apt-get install wrk)")
    with made(None) as place:
        with ours(place.folder, place.database("bench_batches"), place.ca) as service:
            warm(service, place.folder, place.ca)
            told = rates(service, place, given.rounds, given.seconds)
        ratio = median(together / alone for alone, together in told)
        alone, together = (median(one) for one in zip(*told, strict=True))
        print(
            f"{ratio:.2f}x as many contracts a second in batches of {ENTRIES}: {together:.0f}, alone {alone:.0f}"
        )
        waits = neighbours(place)
        for beside, wait in waits.items():
            print(f"neighbours, {beside}: {', '.join(f'{share} {ms} ms' for share, ms in wait.items())}")
    file = keep("batches", {"ratio": round(ratio, 2), "alone, in batches": told, "neighbours, ms": waits})
    print(f"kept in {file}")


if __name__ == "__main__":
    main()
