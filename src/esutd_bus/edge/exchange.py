"""One request and its reply, as the log and the metrics tell of them. Never what they carry."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

import structlog

from esutd_bus.edge import metrics
from esutd_bus.edge.probes import PROBES

if TYPE_CHECKING:
    from collections.abc import Container
    from types import TracebackType

    from esutd_bus.edge.head import RequestHead
    from esutd_bus.edge.reply import Reply

_log = structlog.get_logger("esutd_bus.access")


class Exchange:
    """Surrounds the work on a request; when it ends, writes its access line and counts it."""

    def __init__(self, head: RequestHead, services: Container[str] = ()) -> None:
        """`services`: the paths there are; what asks for another is counted together."""
        self._head = head
        self._service = head.path if head.path in services or head.path in PROBES else "other"
        self._began = perf_counter()
        self.reply: Reply | None = None
        """What was answered; None where the host gave the request up before it had an answer."""

        self.request_bytes = 0

    def __enter__(self) -> Self:
        """The request counts as in flight."""
        metrics.IN_FLIGHT.inc()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Tell how it ended."""
        metrics.IN_FLIGHT.dec()
        seconds = perf_counter() - self._began
        reply = self.reply
        metrics.count(self._service, reply, seconds)
        _log.info(
            "request",
            method=self._head.method,
            path=quote(self._head.path),  # so that no line of the log can be made by a path
            status=reply.status if reply else None,
            code=reply.code if reply else None,
            operation=reply.operation if reply else None,
            reason=reply.reason if reply else "given up",
            correlation_id=str(reply.correlation_id) if reply and reply.correlation_id else None,
            ms=round(seconds * 1000, 1),
            bytes_in=self.request_bytes,
            bytes_out=len(reply.body) if reply else 0,
            peer=self._head.peer,
        )
