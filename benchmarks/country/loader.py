"""Loads the country: a process for each chain of the journal, slices of it in transactions of their own.

Where a chain ends tells how far its process has come, so a load that was killed goes on where it was.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import sys
import time
from dataclasses import dataclass, field
from itertools import islice
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
from benchmarks.country.copying import copy
from benchmarks.country.plan import NODE, Plan
from benchmarks.country.works import Works
from esutd_bus.store import tables
from esutd_bus.store.connection import connect
from esutd_bus.store.decision import Decided
from esutd_bus.store.journal import GENESIS, Head
from esutd_bus.store.seals import seal
from esutd_bus.store.writer import rows_of
from esutd_bus.testbed.test_ca import TestCa

if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Lock
    from pathlib import Path

FILLED: Final = ("contract", "contract_event", "request", "message")
"""The tables that registrations add rows to."""

_RECORDS_OF_A_CONTRACT: Final = 2
_SLICE: Final = 1000
"""Contracts in a transaction."""

_SEAL_EVERY_SECONDS: Final = 10.0
_LOOK_EVERY_SECONDS: Final = 0.5
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


def load(database: str, plan: Plan, upto: int, ca: TestCa, *, whole: bool = True) -> Loaded:
    """Adds the plan's first so many contracts that are not there yet. The database is migrated and has dictionaries.

    Not `whole`: leaves indexes and constraints to the load that goes on. Raises LoadError, psycopg.Error.
    """
    begun = time.monotonic()
    with psycopg.connect(database, autocommit=True) as connection:
        before = _count(connection)
        loaded = Loaded(upto - before, 0.0)
        if before < upto:
            put_aside(connection, FILLED)
            with _bar() as bar:
                loaded.megabytes = _fill(database, plan, upto, ca, bar, before)
        loaded.filling_seconds = time.monotonic() - begun
        if whole:
            put_back(connection, lambda statement: print(f"  {statement[:110]}", flush=True))
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


def _fill(database: str, plan: Plan, upto: int, ca: TestCa, bar: Progress, before: int) -> list[float]:
    context = multiprocessing.get_context("spawn")
    told: Queue[int] = context.Queue()
    alone = context.Lock()
    workers = [
        context.Process(
            target=_fill_chain, args=(database, plan, chain, upto, ca.directory, told, alone), daemon=True
        )
        for chain in range(plan.chains)
    ]
    task = bar.add_task("contracts", total=upto, completed=before)
    for worker in workers:
        worker.start()
    watch = _Watch(upto - before, [psutil.Process(), *(psutil.Process(one.pid) for one in workers)])
    sealed = time.monotonic()
    while watch.done < watch.total:
        if (code := next((one.exitcode for one in workers if one.exitcode), None)) is not None:
            raise LoadError(f"a process of the loader ended with {code}")
        time.sleep(_LOOK_EVERY_SECONDS)
        while not told.empty():
            count = told.get()
            bar.advance(task, count)
            watch.done += count
        watch.look()
        if time.monotonic() - sealed > _SEAL_EVERY_SECONDS:
            asyncio.run(_seal(database))
            sealed = time.monotonic()
    for worker in workers:
        worker.join()
    asyncio.run(_seal(database))
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


def _fill_chain(
    database: str, plan: Plan, chain: int, upto: int, ca: Path, told: Queue[int], alone: Lock
) -> None:
    """A process of the loader."""
    parent = os.getppid()
    with (
        alone
    ):  # the engine takes a free chain of the node for a moment: together they would ask for new ones
        works = Works(plan, TestCa.load(ca), database)
    order = {table: place for place, table in enumerate(tables.metadata.sorted_tables)}
    with psycopg.connect(database, autocommit=True) as connection:
        # What is lost when the server falls is added again: the chain's head falls with it.
        connection.execute("SET synchronous_commit = off")
        head = _take(connection, chain)
        # What lives on is made by now; the rest is looked through when a slice is done, and is little then.
        gc.collect()
        gc.freeze()
        gc.disable()
        contracts = iter(plan.of_chain(chain, upto)[head.seq // _RECORDS_OF_A_CONTRACT :])
        while some := list(islice(contracts, _SLICE)):
            rows = _rows(works, some, head)
            with connection.transaction():
                for table in sorted(rows, key=order.__getitem__):
                    copy(connection, table, rows[table])
                connection.execute(
                    "UPDATE journal_chain SET seq = %s, hash = %s WHERE chain = %s",
                    (head.seq, head.hash, head.chain),
                )
            told.put(len(some))
            del rows
            gc.collect()
            if os.getppid() != parent:
                sys.exit("the loader was killed")


def _rows(works: Works, contracts: list[int], head: Head) -> dict[Any, list[dict[str, Any]]]:
    """By table, as the store would write them; moves the head."""
    decided = Decided()
    for contract in contracts:
        work, outcome = works.work(contract)
        decided.outcomes[work] = outcome
    rows: dict[Any, Any] = dict(rows_of(decided, head, {}).inserts)
    answered = (outcome.answer.recorded_at for outcome in decided.outcomes.values())
    # It was bound then, not now.
    rows[tables.request] = [
        {**row, "bound_at": at} for row, at in zip(rows[tables.request], answered, strict=True)
    ]
    return rows


def _take(connection: psycopg.Connection[Any], chain: int) -> Head:
    """The chain, ours alone as the node's would be; a process that lives on from a killed loader is waited for."""
    connection.execute("SELECT pg_advisory_lock(hashtext(%s), %s)", (f"esutd-bus chain of {NODE}", chain))
    name = f"{NODE}/{chain}"
    connection.execute(
        "INSERT INTO journal_chain (chain, seq, hash) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING",
        (name, GENESIS),
    )
    found = connection.execute("SELECT seq, hash FROM journal_chain WHERE chain = %s", (name,)).fetchone()
    if found is None:
        raise AssertionError
    return Head(name, found[0], bytes(found[1]))


def _count(connection: psycopg.Connection[Any]) -> int:
    """How many contracts of the plan are there."""
    found = connection.execute(
        "SELECT coalesce(sum(seq), 0)::int FROM journal_chain WHERE chain LIKE %s", (f"{NODE}/%",)
    ).fetchone()
    return int(found[0]) // _RECORDS_OF_A_CONTRACT if found else 0


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
