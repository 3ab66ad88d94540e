"""What goes back over HTTP, the same over both bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from uuid import UUID

    from esutd_bus.answers import Answer

XML = "text/xml; charset=utf-8"


class Reply(NamedTuple):
    """An HTTP response."""

    status: int
    body: bytes
    content_type: str = XML
    extra_headers: tuple[tuple[str, str], ...] = ()
    code: str = ""
    """The answer code, for the log and the metrics; empty where no message was asked about."""

    operation: str = ""
    """The operation's name, where the engine came as far as to know it."""

    correlation_id: UUID | None = None
    """The id by which the journal, the log and a fault's `correlationId` name the message."""

    reason: str = ""
    """Why HTTP itself was at fault, for the log."""

    @classmethod
    def of(cls, answer: Answer) -> Reply:
        """An answer of the engine."""
        return cls(
            status=answer.status,
            body=answer.body,
            content_type=answer.content_type,
            extra_headers=answer.headers,
            code=answer.code,
            operation=answer.operation or "",
            correlation_id=answer.correlation_id,
        )

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Every header, Content-Type and Content-Length among them."""
        return [
            ("Content-Type", self.content_type),
            ("Content-Length", str(len(self.body))),
            *self.extra_headers,
        ]


def raw_headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    """Every header as ASGI has it: names in small letters, octets."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
