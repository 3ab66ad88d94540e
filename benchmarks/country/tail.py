"""What checkpoints and the autovacuum do to the slowest answers: registrations in windows with and without them."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from statistics import median
from typing import TYPE_CHECKING, Any, Final, LiteralString

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.country.measure import Register
    from benchmarks.services import Run

_DISTURBANCES: Final[Mapping[str, Sequence[LiteralString]]] = {
    "quiet": (),
    "checkpoint": ("CHECKPOINT",),
    "after a checkpoint": (),
    "vacuum": (
        "SET vacuum_cost_delay = '2ms'",
        "VACUUM (ANALYZE) contract, contract_event, request, message",
    ),
}
"""Window → what runs meanwhile.

A CHECKPOINT that is asked for writes as fast as it can; a timed one is milder. A vacuum works as slowly as the
autovacuum does, and is called off at the end of the window.
"""


def windows(register: Register, rounds: int, registrations: int) -> dict[str, Any]:
    """Each window's rate, p99 and longest time, and the log that a message writes; medians of the rounds."""
    told: dict[str, list[tuple[Run, float]]] = {}
    for _ in range(rounds):
        for name, statements in _DISTURBANCES.items():
            before = _log_position(register.database)
            with _beside(register.database, statements):
                run = register.register(registrations)
            written = (_log_position(register.database) - before) / registrations
            told.setdefault(name, []).append((run, written))
    return {name: _figures(seen) for name, seen in told.items()}


def _figures(seen: Sequence[tuple[Run, float]]) -> dict[str, float]:
    runs = [run for run, _ in seen]
    figures = {
        part: round(median(getattr(run, part) for run in runs), 1) for part in ("rate", "p50", "p99", "max")
    }
    return {**figures, "log_kilobytes_a_message": round(median(written for _, written in seen) / 1000, 1)}


@contextmanager
def _beside(database: str, statements: Sequence[LiteralString]) -> Iterator[None]:
    """The statements run in a thread, and are cancelled at the end."""
    with psycopg.connect(database, autocommit=True) as connection:
        thread = threading.Thread(target=_run, args=(connection, statements))
        thread.start()
        yield
        while thread.is_alive():
            connection.cancel_safe()
            thread.join(timeout=1)


def _run(connection: psycopg.Connection[Any], statements: Sequence[LiteralString]) -> None:
    with suppress(psycopg.errors.QueryCanceled):
        for statement in statements:
            connection.execute(statement)


def _log_position(database: str) -> float:
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
    return float(found[0]) if found else 0.0
