"""`make bench-stages`: what one RegisterContract costs in each stage of its way, in µs of the service's CPU.

    STAGE   µs

In one process, in batches of sixteen, on a real PostgreSQL (whose own time is not in it); HTTP is not in it either:
what `make bench` shows beyond the sum is the server's. Each stage is timed by itself, those within it taken out.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import inspect
import os
import time
import types
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import uvloop

from benchmarks.place import made
from benchmarks.registrations import registration
from esutd_bus import answers, engine, reading
from esutd_bus.commands.database import bring_up_to_date
from esutd_bus.mapping.answer_mapping import AnswerMapping
from esutd_bus.mapping.request_mapping import RequestMapping
from esutd_bus.node import open_node
from esutd_bus.passage import Incoming
from esutd_bus.register.calendar import today
from esutd_bus.settings import Settings
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.decode_plan import RequestPlan
from esutd_bus.soap.encode_plan import AnswerPlan
from esutd_bus.soap.validator import Validator
from esutd_bus.store import writer
from esutd_bus.store.connection import Connection
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.testbed.test_partners import record_test_partners

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Iterator

STAGES: Final[dict[str, tuple[tuple[Any, str], ...]]] = {
    "parse": ((reading, "open_envelope"),),
    "verify": ((Verifier, "_verify"),),
    "validate": ((Validator, "accepts"),),
    "decode": ((RequestPlan, "decode"), (RequestMapping, "land"), (reading, "payload_digest")),
    "decide": ((engine, "decide"), (engine, "missing_right"), (engine, "needs")),
    "encode": ((AnswerMapping, "gather"), (AnswerPlan, "encode")),
    "sign": ((answers.Answers, "_signed"),),
    "journal": ((writer, "link"),),
    "load": ((writer, "load"),),
    "write": ((writer.Writer, "_write"),),
    "wait": ((Connection, "wait"),),
}
"""Stage → what does its work. `wait`: to see when PostgreSQL has answered."""

_AT_ONCE: Final = 16


class Stopwatch:
    """CPU time by stage. Of a coroutine's its own steps count, and not what others do while it waits."""

    def __init__(self) -> None:
        self.ns: dict[str, int] = defaultdict(int)
        self._within = 0
        """What the stages within the one that runs have taken."""

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        outside, self._within = self._within, 0
        began = time.process_time_ns()
        try:
            yield
        finally:
            took = time.process_time_ns() - began
            self.ns[stage] += took - self._within
            self._within = outside + took

    @types.coroutine
    def _stepping(
        self, stage: str, work: Coroutine[Any, Any, Any] | Generator[Any, Any, Any]
    ) -> Generator[Any, Any, Any]:
        """Does the work a step at a time, whether it is awaited or goes in step with others."""
        came: Any = None
        while True:
            with self._timed(stage):
                try:
                    waits_for = work.send(came)
                except StopIteration as end:
                    return end.value
            came = yield waits_for

    def watch(self, stage: str, where: Any, name: str) -> Callable[[], None]:
        """Times a function from now on; what is returned ends that."""
        what = getattr(where, name)

        @functools.wraps(what)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self._timed(stage):
                return what(*args, **kwargs)

        @functools.wraps(what)
        async def timed_task(*args: Any, **kwargs: Any) -> Any:
            return await self._stepping(stage, what(*args, **kwargs))

        @functools.wraps(what)
        def timed_steps(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            return self._stepping(stage, what(*args, **kwargs))

        if asyncio.iscoroutinefunction(what):
            setattr(where, name, timed_task)
        else:
            setattr(where, name, timed_steps if inspect.isgeneratorfunction(what) else timed)
        return functools.partial(setattr, where, name, what)


async def measure(settings: Settings, messages: list[bytes]) -> dict[str, float]:
    """Stage → µs of CPU a message; `the rest` is what lies between, `all` their sum."""
    node = await open_node(settings)

    async def take(batch: list[bytes]) -> None:
        coming = [Incoming("/soap/contracts", body) for body in batch]
        for answer in await asyncio.gather(*(node.handle(one) for one in coming)):
            if answer.status != 200:  # noqa: PLR2004
                raise RuntimeError(answer.body.decode())

    batches = [messages[at : at + _AT_ONCE] for at in range(0, len(messages), _AT_ONCE)]
    warming, timed = batches[: len(batches) // 4], batches[len(batches) // 4 :]
    for batch in warming:
        await take(batch)
    watch = Stopwatch()
    with ExitStack() as stack:
        for stage, places in STAGES.items():
            for where, name in places:
                stack.callback(watch.watch(stage, where, name))
        began = time.process_time_ns()
        for batch in timed:
            await take(batch)
        whole = time.process_time_ns() - began
    await node.close()
    count = sum(map(len, timed)) * 1000
    spent = {stage: watch.ns[stage] / count for stage in STAGES}
    return spent | {"the rest": (whole - sum(watch.ns.values())) / count, "all": whole / count}


def stages(url: str, ca: TestCa, count: int, **settings: str) -> dict[str, float]:
    """The same for so many messages on an empty database."""
    os.environ.update(
        {
            "ESUTD_DATABASE_URL": url,
            "ESUTD_TRUST_DIR": str(ca.trust_dir),
            "ESUTD_LOG_LEVEL": "WARNING",
            **settings,
        }
    )
    given = Settings()
    bring_up_to_date(given, url)
    record_test_partners(url, ca)
    day = today(datetime.now(UTC))
    return uvloop.run(measure(given, [registration(ca, day) for _ in range(count)]))


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description="CPU of one RegisterContract by stage.")
    parser.add_argument("--messages", type=int, default=4000)
    given = parser.parse_args()
    with made(None) as place:
        told = stages(place.database("bench_stages"), TestCa.ensure(place.ca), given.messages)
    for stage, spent in told.items():
        print(f"{stage:10} {spent:6.0f} µs")


if __name__ == "__main__":
    main()
