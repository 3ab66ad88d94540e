"""The head of an HTTP request, as both bindings see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class RequestHead(NamedTuple):
    """What is known of a request before its body."""

    method: str
    path: str
    """Percent-decoded."""

    query: str
    """As it came, without the question mark."""

    headers: Mapping[str, str]
    """Lower-case name → value; several lines of one name are joined by commas (RFC 9110 5.3)."""

    peer: str | None = None
    """The address at the other end of the connection."""

    @property
    def content_length(self) -> str | None:
        """Content-Length as it came; a WSGI host says an absent one as an empty string."""
        return self.headers.get("content-length") or None

    @property
    def chunked(self) -> bool:
        """Whether the body's end is told by the transfer coding and not by its length."""
        return "transfer-encoding" in self.headers

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for 100 before it sends the body (RFC 9110 10.1.1)."""
        return self.headers.get("expect", "").lower() == "100-continue"


def headers_of(lines: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """The lines of a head, as `RequestHead` has them."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in lines:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
