"""What a batch of 500 contracts costs beside 500 single messages, and what its neighbours on the node feel of it.

One worker's engine on the embedded PostgreSQL, in turn: 500 messages alone, 64 under way at once; the same contracts in
one message. Then single messages come 100 a second, without a batch and with one a second, and their answers are timed.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from benchmarks.messages import CONTRACT, EMPLOYER
from esutd_bus.node import open_node
from esutd_bus.passage import Incoming
from esutd_bus.register.calendar import ALMATY
from esutd_bus.settings import Settings
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.store.dictionaries import load_packaged_once
from esutd_bus.store.embedded import EmbeddedPostgres
from esutd_bus.store.schema import upgrade
from esutd_bus.testbed.test_ca import TestCa

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from esutd_bus.engine import Engine

ENTRIES: Final = 500
ROUNDS: Final = 7
AT_ONCE: Final = 64
NEIGHBOURS: Final = 600
BETWEEN_NEIGHBOURS_SECONDS: Final = 0.01

_ENTRY: Final = re.compile("<contract>.*</contract>")
_FRESH: Final = re.compile("(?<=<c:requestId>)[^<]+|(?<=<externalId>)[^<]+|(?<=<number>)[^<]+")


def single(ca: TestCa) -> bytes:
    """A signed RegisterContract of a contract that nobody has sent."""
    return sign_wsse(_fresh(CONTRACT).encode(), ca.identity(EMPLOYER))


def batch(ca: TestCa) -> bytes:
    """A signed SubmitBatch of as many as it may carry."""
    contract = _ENTRY.findall(CONTRACT)[0]
    message = _ENTRY.sub(lambda _: contract * ENTRIES, CONTRACT).replace("RegisterContract", "SubmitBatch")
    return sign_wsse(_fresh(message).encode(), ca.identity(EMPLOYER))


def _fresh(message: str) -> str:
    today = datetime.now(ALMATY).date().isoformat()
    return (
        _FRESH.sub(lambda _: str(uuid4()), message).replace("2024-05-20", today).replace("2024-05-21", today)
    )


async def _answered(engine: Engine, message: bytes) -> float:
    """Seconds until the answer."""
    begun = time.perf_counter()
    answer = await engine.handle(Incoming("/soap/contracts", message))
    if answer.status != 200:  # noqa: PLR2004  # HTTP's
        raise RuntimeError(answer.body.decode())
    return time.perf_counter() - begun


async def _alone(engine: Engine, messages: Sequence[bytes]) -> None:
    under_way = asyncio.Semaphore(AT_ONCE)

    async def one(message: bytes) -> None:
        async with under_way:
            await _answered(engine, message)

    await asyncio.gather(*map(one, messages))


async def _timed(work: Coroutine[object, object, object]) -> tuple[float, float]:
    """Milliseconds by the clock, and of this process's processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    await work
    return 1000 * (time.perf_counter() - clock), 1000 * (time.process_time() - processor)


async def _neighbours(engine: Engine, messages: Sequence[bytes]) -> str:
    answering = []
    for message in messages:
        answering.append(asyncio.create_task(_answered(engine, message)))
        await asyncio.sleep(BETWEEN_NEIGHBOURS_SECONDS)
    took = sorted(1000 * seconds for seconds in await asyncio.gather(*answering))
    return "  ".join(f"p{share} {took[len(took) * share // 100]:.0f} ms" for share in (50, 90, 99))


async def _batch_a_second(engine: Engine, messages: Sequence[bytes]) -> None:
    for message in messages:
        await asyncio.gather(_answered(engine, message), asyncio.sleep(1))


async def _measure(url: str, ca: TestCa) -> None:
    engine = await open_node(Settings(database_url=url, trust_dir=ca.trust_dir))
    try:
        rounds = []
        for _ in range(ROUNDS):
            messages, together = [single(ca) for _ in range(ENTRIES)], batch(ca)
            rounds.append((await _timed(_alone(engine, messages)), await _timed(_answered(engine, together))))
        for name, place in (("clock", 0), ("processor", 1)):
            alone, whole = (min(each[side][place] for each in rounds) for side in (0, 1))
            print(f"{name}: 500 alone {alone:.0f} ms, in a batch {whole:.0f} ms: {whole / alone:.0%}")
        quiet, beside = ([single(ca) for _ in range(NEIGHBOURS)] for _ in range(2))
        batches = [batch(ca) for _ in range(6)]
        print("neighbours, no batch:        ", await _neighbours(engine, quiet))
        submitting = asyncio.create_task(_batch_a_second(engine, batches))
        print("neighbours, a batch a second:", await _neighbours(engine, beside))
        await submitting
    finally:
        await engine.close()


def main() -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory(prefix="esutd-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's own user must reach it
        database = EmbeddedPostgres(folder)
        url = database.start()
        try:
            upgrade(url, [])
            load_packaged_once(url)
            asyncio.run(_measure(url, TestCa.ensure(folder / "ca")))
        finally:
            database.stop()


if __name__ == "__main__":
    main()
