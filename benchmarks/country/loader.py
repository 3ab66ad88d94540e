"""Loads the country: a process for each chain of the journal, seals over them, and a progress bar.

A load that was killed goes on where it was (`filling`), and indexes are made in the end whoever has put them aside.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import psutil  # type: ignore[import-untyped]
import psycopg
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from benchmarks.country.aside import put_aside, put_back
from benchmarks.country.filling import FILLED, RECORDS_OF_A_CONTRACT, SLICE, Filling, fill_chain
from benchmarks.country.plan import NODE, Plan
from esutd_bus.store.connection import connect
from esutd_bus.store.seals import seal

if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from pathlib import Path

_TELL_EVERY_SECONDS: Final = 0.5
_SEAL_EVERY_SECONDS: Final = 10.0
"""And look at the memory: to know that of a process, the kernel goes through all its pages."""

_TENTHS: Final = 10


@dataclass
class Loaded:
    """What a load took."""

    contracts: int
    """That it added: a load that goes on adds the rest."""

    seconds: float
    """In all."""

    filling_seconds: float = 0.0
    megabytes: list[float] = field(default_factory=list)
    """The loader's PSS in each tenth of it: the median of what was seen."""


class LoadError(Exception):
    """The load did not come to its end."""


def load(database: str, plan: Plan, upto: int, ca: Path, slice_size: int = SLICE) -> Loaded:
    """Adds the plan's first so many contracts that are not there yet. The database is migrated and has dictionaries.

    `ca`: the test CA's directory. Raises LoadError, psycopg.Error.
    """
    begun = time.monotonic()
    before = count(database)
    loaded = Loaded(upto - before, 0.0)
    if before < upto:
        with psycopg.connect(database, autocommit=True) as connection:
            put_aside(connection, FILLED)
        with _bar() as bar:
            loaded.megabytes = _fill(Filling(database, plan, upto, ca, slice_size), bar, before)
    loaded.filling_seconds = time.monotonic() - begun
    put_back(database, FILLED, lambda statement: print(f"  {statement[:110]}", flush=True))
    loaded.seconds = time.monotonic() - begun
    return loaded


def keep_plan(connection: psycopg.Connection[Any], plan: Plan) -> Plan:
    """The plan that the database is being filled by: this one, if there was none."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS country")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS country.plan"
        " (employees int, begun_at timestamptz, ended_at timestamptz, chains int)"
    )
    kept = connection.execute("SELECT * FROM country.plan").fetchone()
    if kept is not None:
        return Plan(*kept)
    connection.execute(
        "INSERT INTO country.plan VALUES (%s, %s, %s, %s)",
        (plan.employees, plan.begin, plan.end, plan.chains),
    )
    return plan


def _fill(filling: Filling, bar: Progress, before: int) -> list[float]:
    context = multiprocessing.get_context("spawn")
    told: Queue[int] = context.Queue()
    alone = context.Lock()
    workers = [
        context.Process(target=fill_chain, args=(filling, chain, told, alone), daemon=True)
        for chain in range(filling.plan.chains)
    ]
    task = bar.add_task("contracts", total=filling.upto, completed=before)
    for worker in workers:
        worker.start()
    watch = _Watch(filling.upto - before, [psutil.Process(), *(psutil.Process(one.pid) for one in workers)])
    sealed = time.monotonic()
    at_work = True
    while at_work:
        at_work = any(worker.is_alive() for worker in workers)
        if (code := next((worker.exitcode for worker in workers if worker.exitcode), None)) is not None:
            raise LoadError(f"a process of the loader ended with {code}")
        time.sleep(_TELL_EVERY_SECONDS)
        while not told.empty():
            count = told.get()
            bar.advance(task, count)
            watch.done += count
        if time.monotonic() - sealed > _SEAL_EVERY_SECONDS:
            asyncio.run(_seal(filling.database))
            watch.look()
            sealed = time.monotonic()
    asyncio.run(_seal(filling.database))
    return watch.megabytes()


class _Watch:
    """The loader's memory in each tenth of a load."""

    def __init__(self, total: int, processes: list[psutil.Process]) -> None:
        self.total = total
        self.done = 0
        self._processes = processes
        self._seen: dict[int, list[float]] = {}

    def look(self) -> None:
        tenth = self.done * _TENTHS // max(self.total, 1)
        try:
            size = sum(one.memory_full_info().pss for one in self._processes if one.is_running())
        except psutil.Error:
            return  # one that has just ended
        self._seen.setdefault(tenth, []).append(size / 1e6)

    def megabytes(self) -> list[float]:
        seen = [sorted(self._seen[tenth]) for tenth in sorted(self._seen) if tenth < _TENTHS]
        return [round(sizes[len(sizes) // 2], 1) for sizes in seen]


async def _seal(database: str) -> None:
    connection = await connect(database)
    try:
        await seal(connection)
    finally:
        await connection.close()


def count(database: str) -> int:
    """How many contracts of its plan a database has."""
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT coalesce(sum(seq), 0)::int FROM journal_chain WHERE chain LIKE %s", (f"{NODE}/%",)
        ).fetchone()
    return int(found[0]) // RECORDS_OF_A_CONTRACT if found else 0


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
