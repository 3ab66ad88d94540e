"""What machines ask about the service itself: `/health`, `/ready`, `/metrics`."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from esutd_bus.edge import metrics
from esutd_bus.edge.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esutd_bus.edge.head import RequestHead

PROBES = frozenset({"/health", "/ready", "/metrics"})

_TEXT = "text/plain; charset=utf-8"


def health(head: RequestHead) -> Reply:
    """The process runs: 200."""
    if head.method not in {"GET", "HEAD"}:
        return Reply(405, b"GET\n", _TEXT, (("Allow", "GET, HEAD"),))
    return Reply(200, b"ok\n", _TEXT)


async def probe(head: RequestHead, ready: Callable[[], Awaitable[bool]]) -> Reply:
    """The reply to a request for one of `PROBES`.

    `/health`: the process runs (200). `/ready`: it can answer messages now (200, else 503). `/metrics`:
    Prometheus' text format.
    """
    alive = health(head)
    if head.path == "/health" or alive.status != HTTPStatus.OK:
        return alive
    if head.path == "/ready":
        return Reply(200, b"ready\n", _TEXT) if await ready() else Reply(503, b"not ready\n", _TEXT)
    return Reply(200, *metrics.exposition())
