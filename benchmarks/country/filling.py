"""A process of the loader: the contracts of one chain of the journal, slice by slice, each in a transaction.

Where the chain ends tells how far it has come, so that another process goes on where one was killed.
"""

from __future__ import annotations

import gc
import os
import sys
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import psycopg

from benchmarks.country.copying import copy
from benchmarks.country.entries import Entries, Rows
from benchmarks.country.plan import NODE, Plan
from esutd_bus.store.journal import GENESIS, Head
from esutd_bus.testbed.test_ca import TestCa

if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Lock
    from pathlib import Path

FILLED: Final = ("contract", "contract_event", "request", "message")
"""The tables that registrations add rows to."""

SLICE: Final = 1000
"""Contracts in a transaction."""

RECORDS_OF_A_CONTRACT: Final = 2

_COLLECT_EVERY: Final = 10
"""Slices."""


@dataclass(frozen=True, slots=True)
class Filling:
    """What is filled, with what."""

    database: str
    plan: Plan
    upto: int
    ca: Path
    slice_size: int = SLICE


def fill_chain(filling: Filling, chain: int, told: Queue[int], alone: Lock) -> None:
    """Adds what the chain lacks; tells how many contracts each slice has added."""
    parent = os.getppid()
    # The engine takes a free chain of the node for a moment: together they would ask for new ones.
    with alone:
        entries = Entries(filling.plan, TestCa.load(filling.ca), filling.database)
    with psycopg.connect(filling.database, autocommit=True) as connection:
        # What is lost when the server falls is added again: the chain's head falls with it.
        connection.execute("SET synchronous_commit = off")
        head = _take(connection, chain)
        # What lives on is made by now; the rest is looked through between slices, and is little then.
        gc.collect()
        gc.freeze()
        gc.disable()
        contracts = iter(filling.plan.of_chain(chain, filling.upto)[head.seq // RECORDS_OF_A_CONTRACT :])
        slices = iter(lambda: list(islice(contracts, filling.slice_size)), [])
        for done, some in enumerate(slices, start=1):
            _write(connection, entries.rows(some, head), head)
            told.put(len(some))
            if done % _COLLECT_EVERY == 0:
                gc.collect()
            if os.getppid() != parent:
                sys.exit("the loader was killed")


def _write(connection: psycopg.Connection[Any], rows: Rows, head: Head) -> None:
    with connection.transaction():
        for columns, some in rows.items():
            copy(connection, columns, some)
        connection.execute(
            "UPDATE journal_chain SET seq = %s, hash = %s WHERE chain = %s", (head.seq, head.hash, head.chain)
        )


def _take(connection: psycopg.Connection[Any], chain: int) -> Head:
    """The chain, as a node's worker takes it; a process that lives on from a killed loader is waited for."""
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
