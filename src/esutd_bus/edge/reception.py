"""What happens to a request before and after the engine: the rules both bindings share, each in one place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from esutd_bus.edge.body import Body
from esutd_bus.edge.capacity import Capacity
from esutd_bus.edge.content_type import charset_of, check_content_encoding, check_encoding
from esutd_bus.edge.documents import contract_document
from esutd_bus.edge.metrics import count_entries, show_key
from esutd_bus.edge.refused import Refused
from esutd_bus.edge.reply import Reply
from esutd_bus.logs import trace

if TYPE_CHECKING:
    from esutd_bus.edge.head import RequestHead
    from esutd_bus.engine import Engine
    from esutd_bus.settings import Settings

_log = structlog.get_logger("esutd_bus.edge")


@dataclass(frozen=True, slots=True)
class Expected:
    """A SOAP message whose head is in order and whose body is still to be read."""

    body: Body
    charset: str | None

    def message(self) -> bytes:
        """The bytes for the engine, once the body is read.

        Raises:
            Refused: 400, 413, 415.
        """
        message = self.body.whole()
        check_encoding(self.charset, message)
        return message


class Reception:
    """Receives requests for one engine."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.capacity = Capacity(settings.max_in_flight)
        self.body_timeout_seconds = settings.body_timeout_seconds
        self._public_url = settings.public_address
        self._max_body_bytes = settings.max_body_bytes
        engine.keys.follow(show_key)
        engine.follow(count_entries)

    def begin(self, head: RequestHead) -> Reply | Expected:
        """The reply to a request that needs no body, or what to read.

        Raises:
            Refused: 400, 404, 405, 413, 415.
        """
        contract = self.engine.contracts.by_path.get(head.path)
        if contract is None:
            raise Refused(404, "ESB002", "there is no service at this path")
        if head.method in {"GET", "HEAD"}:
            document = contract_document(contract, head.query, self._public_url)
            if document is not None:
                return Reply(200, document)
        if head.method != "POST":
            raise Refused(405, "ESB002", "a SOAP message is sent by POST", allow="POST")
        charset = charset_of(head)
        check_content_encoding(head)
        return Expected(Body(head, self._max_body_bytes), charset)

    def refuse(self, refused: Refused) -> Reply:
        """The reply to a refused request: its status, and a SOAP fault inside."""
        reply = Reply.of(self.engine.transport_fault(refused.status, refused.code, refused.reason))
        allow = () if refused.allow is None else (("Allow", refused.allow),)
        return replace(reply, extra_headers=(*reply.extra_headers, *allow), reason=refused.reason)

    def broken(self, error: Exception) -> Reply:
        """The reply where the service itself is at fault. The log tells where, the client nothing."""
        reply = self.refuse(Refused(500, "ESB099", "internal error"))
        _log.error("unexpected_error", correlation_id=str(reply.correlation_id), trace=trace(error))
        return reply
