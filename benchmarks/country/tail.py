"""What checkpoints and the autovacuum do to the slowest answers: registrations in windows with and without them."""

from __future__ import annotations

import threading
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import psycopg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.country.measure import Register
    from benchmarks.services import Run

_DISTURBANCES: Final[Mapping[str, str | None]] = {
    "quiet": None,
    "checkpoint": "CHECKPOINT",
    "after a checkpoint": None,
    "vacuum": "VACUUM (ANALYZE) message, contract, contract_event, request",
}
"""Window → what runs meanwhile. A CHECKPOINT that is asked for writes as fast as it can: a timed one is milder."""


def windows(register: Register, rounds: int, registrations: int) -> dict[str, Any]:
    """Each window's rate, p99 and longest time, and the log that a message writes; medians of the rounds."""
    told: dict[str, list[tuple[Run, float]]] = {}
    for _ in range(rounds):
        for name, statement in _DISTURBANCES.items():
            before = _log_position(register.database)
            beside = threading.Thread(target=_run, args=(register.database, statement))
            beside.start()
            run = register.register(registrations)
            beside.join()
            written = (_log_position(register.database) - before) / registrations
            told.setdefault(name, []).append((run, written))
    return {name: _figures(seen) for name, seen in told.items()}


def _figures(seen: Sequence[tuple[Run, float]]) -> dict[str, float]:
    runs = [run for run, _ in seen]
    figures = {
        part: round(median(getattr(run, part) for run in runs), 1) for part in ("rate", "p50", "p99", "max")
    }
    return {**figures, "log_kilobytes_a_message": round(median(written for _, written in seen) / 1000, 1)}


def _run(database: str, statement: str | None) -> None:
    if statement is not None:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(statement)


def _log_position(database: str) -> float:
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
    return float(found[0]) if found else 0.0
