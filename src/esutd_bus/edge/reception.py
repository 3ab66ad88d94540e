"""What happens to a request before and after the engine: the rules both bindings share, each in one place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

import structlog

from esutd_bus.edge.body import Body, Large, too_large
from esutd_bus.edge.capacity import Capacity
from esutd_bus.edge.content_type import charset_of, check_content_encoding, check_encoding
from esutd_bus.edge.documents import contract_document
from esutd_bus.edge.metrics import count_entries, count_turned_away, show_key
from esutd_bus.edge.refused import Refused
from esutd_bus.edge.reply import Reply
from esutd_bus.logs import trace
from esutd_bus.soap.envelope import SoapError, open_envelope

if TYPE_CHECKING:
    from collections.abc import Callable

    from esutd_bus.edge.head import RequestHead
    from esutd_bus.engine import Engine
    from esutd_bus.settings import Settings

_log = structlog.get_logger("esutd_bus.edge")

SAME_FAULT_SECONDS = 1.0

LARGE_AT_ONCE = 16
"""How many bodies larger than usual a process reads at once; one more is turned away (ESB009)."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A SOAP message whose head is in order and whose body is still to be read."""

    body: Body
    charset: str | None
    most: Callable[[bytes], int]
    """How many bytes a message may have, by the operation it asks for."""

    def message(self) -> bytes:
        """The bytes for the engine, once the body is read.

        Raises:
            Refused: 400, 413, 415.
        """
        message = self.body.whole()
        limit = self.most(message)
        if len(message) > limit:
            raise too_large(limit)
        check_encoding(self.charset, message)
        return message


class Reception:
    """Receives requests for one engine."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.capacity = Capacity(settings.max_in_flight, engine.is_behind)
        self.body_timeout_seconds = settings.body_timeout_seconds
        self._public_url = settings.public_address
        self._usual_bytes = settings.max_body_bytes
        self._large = Large(settings.max_body_bytes, Capacity(LARGE_AT_ONCE))
        self._turning_away: dict[str, tuple[Reply, float]] = {}
        """By path: the fault, and until when it is told."""

        self._batch_bytes = max(settings.max_batch_body_bytes, settings.max_body_bytes)
        engine.keys.follow(show_key)
        engine.follow(count_entries)

    def turned_away(self, path: str, come: int) -> Reply | None:
        """The reply to a message of which nothing is looked at, because too many wait; None: it may come in.

        `come`: how many have come before it, of which the engine does not know yet.

        Under overload most of the work would be to say no. So the fault is made, signed and logged once a second, and
        whoever is turned away within that second reads the same `correlationId`.
        """
        if path not in self.engine.channels or not self.engine.is_behind(come):
            return None
        now = monotonic()
        reply, until = self._turning_away.get(path, (None, 0.0))
        if reply is None or now >= until:
            reply = self.refuse(Refused(503, "ESB009", "too many messages wait"), path)
            self._turning_away[path] = reply, now + SAME_FAULT_SECONDS
            _log.warning("turning_away", correlation_id=str(reply.correlation_id), reason=reply.reason)
        count_turned_away(path, reply)
        return reply

    def begin(self, head: RequestHead) -> Reply | Expected:
        """The reply to a request that needs no body, or what to read.

        Raises:
            Refused: 400, 404, 405, 413, 415.
        """
        channel = self.engine.channels.get(head.path)
        if channel is None:
            raise Refused(404, "ESB002", "there is no service at this path")
        if head.method in {"GET", "HEAD"}:
            document = contract_document(channel.contract, head.query, self._public_url)
            if document is not None:
                return Reply(200, document)
        if head.method != "POST":
            raise Refused(405, "ESB002", "a SOAP message is sent by POST", allow="POST")
        charset = charset_of(head)
        check_content_encoding(head)
        most = partial(self._most, head.path)
        return Expected(Body(head, self.largest(head.path), self._large), charset, most)

    def largest(self, path: str) -> int:
        """How many bytes the largest message to a path may have."""
        return self._batch_bytes if self.engine.may_be_batch(path) else self._usual_bytes

    def _most(self, path: str, message: bytes) -> int:
        if len(message) <= self._usual_bytes:
            return self._usual_bytes
        try:
            envelope = open_envelope(message)
        except SoapError:
            return self._usual_bytes
        return self._batch_bytes if self.engine.is_batch(path, envelope) else self._usual_bytes

    def refuse(self, refused: Refused, path: str) -> Reply:
        """The reply to a refused request: its status, and a SOAP fault inside, as whoever asks that path reads it."""
        reply = Reply.of(self.engine.transport_fault(refused.status, refused.code, refused.reason, path))
        allow = () if refused.allow is None else (("Allow", refused.allow),)
        return reply._replace(extra_headers=(*reply.extra_headers, *allow), reason=refused.reason)

    def broken(self, error: Exception, path: str) -> Reply:
        """The reply where the service itself is at fault. The log tells where, the client nothing."""
        reply = self.refuse(Refused(500, "ESB099", "internal error"), path)
        _log.error("unexpected_error", correlation_id=str(reply.correlation_id), trace=trace(error))
        return reply
