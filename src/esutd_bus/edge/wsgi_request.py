"""A request as PEP 3333 hands it over: its head and its body."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from esutd_bus.edge.head import RequestHead
from esutd_bus.edge.refused import Refused

if TYPE_CHECKING:
    from esutd_bus.edge.body import Body

Environ = dict[str, Any]

_PIECE = 16 * 1024


def head_of(environ: Environ) -> RequestHead:
    """The head. A host has joined or dropped lines of one name as it likes."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE") or ""
    headers["content-length"] = environ.get("CONTENT_LENGTH") or ""
    return RequestHead(
        method=environ["REQUEST_METHOD"],
        # Bytes in the disguise of latin-1.
        path=environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace"),
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        peer=environ.get("REMOTE_ADDR"),
    )


def read_body(body: Body, head: RequestHead, environ: Environ, seconds: float) -> None:
    """Read the host's stream to the body's end, at most `seconds` long.

    Without `wsgi.input_terminated` a stream may go on beyond the body, so that only a Content-Length ends it.

    Raises:
        Refused: 400, 408, 411, 413.
    """
    terminated = environ.get("wsgi.input_terminated", False)
    if head.chunked and not terminated:
        raise Refused(411, "ESB002", "this server needs a Content-Length")
    if head.content_length is None and not terminated:
        return
    deadline = monotonic() + seconds
    try:
        while (size := min(_PIECE, body.remaining)) and (
            piece := _read(environ, size, deadline - monotonic())
        ):
            body.feed(piece)
    except TimeoutError:
        raise body.late(seconds) from None
    except Refused:
        raise
    except Exception:  # noqa: BLE001  # each host has its own errors for a connection or a chunk that broke
        raise body.truncated() from None


def _read(environ: Environ, size: int, seconds: float) -> bytes:
    """A piece of the body.

    Raises:
        TimeoutError: no time is left, or (under gunicorn, which lends its socket) it ran out while waiting.
    """
    if seconds <= 0:
        raise TimeoutError
    connection = environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(seconds)
    try:
        piece: bytes = environ["wsgi.input"].read(size)
        return piece
    finally:
        if connection is not None:
            connection.settimeout(None)
