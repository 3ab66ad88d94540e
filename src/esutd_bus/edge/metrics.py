"""What `/metrics` tells.

Workers are processes, and a scrape reaches any one of them. So they share what they count through
memory-mapped files in the folder that `PROMETHEUS_MULTIPROC_DIR` names (prometheus-client's multiprocess
mode; `metrics_folder.open_metrics_folder` sets it before the workers start), and whichever is asked answers
for all. Without that variable there is one process, and it answers for itself.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    values,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from esutd_bus.edge.metrics_folder import VARIABLE

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from esutd_bus.edge.reply import Reply


class _Process:
    """The number of this process, asked of the kernel once: prometheus-client would for each value it counts."""

    pid = os.getpid()

    @classmethod
    def number(cls) -> int:
        return cls.pid

    @classmethod
    def ask_again(cls) -> None:
        cls.pid = os.getpid()


os.register_at_fork(after_in_child=_Process.ask_again)
if VARIABLE in os.environ:
    values.ValueClass = values.MultiProcessValue(_Process.number)  # type: ignore[no-untyped-call]

REQUESTS = Counter(
    "esutd_http_requests",
    "Requests by service path, HTTP status, answer code and operation",
    ["service", "status", "code", "operation"],
)
SECONDS = Histogram(
    "esutd_http_request_seconds",
    "From a request's head to the end of its reply",
    ["service", "operation"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
IN_FLIGHT = Gauge(
    "esutd_http_requests_in_flight",
    "Requests begun and not yet answered, half-sent ones among them",
    multiprocess_mode="livesum",
)

KEY_EXPIRES = Gauge(
    "esutd_key_expires_timestamp_seconds",
    "When the certificate of each of the service's own keys ends, seconds since 1970",
    ["key"],
    # Of workers that have not all taken a new key yet, the one with the earliest end is told.
    multiprocess_mode="livemin",
)

ENTRY_VISIBLE = Histogram(
    "esutd_entry_visible_seconds",
    "From the arrival of an entry about a contract until its employee can see it (order 353, clause 16)",
    ["operation"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30, 60, 600, 3600, 28800, 86400),
)


def count(service: str, reply: Reply | None, seconds: float) -> None:
    """Count a request that ended. `reply` is None where the client went away before it had one."""
    status, code, operation = (
        ("gone", "", "") if reply is None else (reply.status, reply.code, reply.operation)
    )
    requests, took = _lines(service, status, code, operation)
    requests.inc()
    took.observe(seconds)


@lru_cache(maxsize=4096)
def _lines(service: str, status: int | str, code: str, operation: str) -> tuple[Counter, Histogram]:
    """Finding a line by its labels costs more than counting on it."""
    return REQUESTS.labels(service, status, code, operation), SECONDS.labels(service, operation)


def count_turned_away(service: str, reply: Reply) -> None:
    """Count a request that was turned away by its head alone; its time would say nothing of anybody's work."""
    _lines(service, reply.status, reply.code, "")[0].inc()


def show_key(name: str, certificate: Certificate) -> None:
    """Show when a key's certificate ends; for `KeyRing.follow`."""
    KEY_EXPIRES.labels(name).set(certificate.not_valid_after_utc.timestamp())


def count_entries(operation: str, entries: int, seconds: float) -> None:
    """Count entries that have become visible; for `Engine.follow`."""
    line = _visible(operation)
    for _ in range(entries):
        line.observe(seconds)


@lru_cache(maxsize=256)
def _visible(operation: str) -> Histogram:
    return ENTRY_VISIBLE.labels(operation)


def exposition() -> tuple[bytes, str]:
    """The text of a scrape and its media type, for all workers of this machine that share a folder."""
    folder = os.environ.get(VARIABLE)
    if folder is None:
        return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
    _forget_dead_workers(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _forget_dead_workers(folder: Path) -> None:
    """A worker that was killed has nothing in flight; its counters stay in the sums."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, path=str(folder))  # type: ignore[no-untyped-call]
        except PermissionError:
            continue  # alive, and another user's
