"""HTTP/1.1 written out byte by byte, for a server whose answers must go wrong on the wire itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BODY_BYTES = 1024 * 1024
_IDLE_SECONDS = 60.0


class NotHttpError(Exception):
    """What came cannot be answered as HTTP; `status` is what can still be said."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A whole request."""

    method: str
    target: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A reply, and what befalls it on its way."""

    status: int
    body: bytes = b""
    content_type: str = "text/xml; charset=utf-8"
    delay: float = 0.0
    """Seconds of silence before it."""
    drip: float = 0.0
    """Seconds after each byte of its body."""
    cut: int | None = None
    """So many bytes of its body go out, then the connection ends; 0: nothing at all, its head neither."""
    hang: bool = False
    """It is never written, and the connection stays."""

    @property
    def head(self) -> bytes:
        """Its head, which promises the whole body."""
        reason = HTTPStatus(self.status).phrase
        return (
            f"HTTP/1.1 {self.status} {reason}\r\nContent-Type: {self.content_type}\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        ).encode()


async def read_request(reader: asyncio.StreamReader) -> HttpRequest | None:
    """The next request of a connection; `None`: it is over.

    Raises:
        NotHttpError: no request this server understands.
    """
    try:
        async with asyncio.timeout(_IDLE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")[:-2]
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
            }
            method, target, _ = first.split(" ", 2)
            length = headers.get("content-length", "0")
            if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
                raise NotHttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            if "transfer-encoding" in headers:
                raise NotHttpError(HTTPStatus.LENGTH_REQUIRED)
            return HttpRequest(method, target, headers, await reader.readexactly(int(length)))
    except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
        return None
    except asyncio.LimitOverrunError as error:
        raise NotHttpError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from error
    except ValueError as error:
        raise NotHttpError(HTTPStatus.BAD_REQUEST) from error


async def write_reply(writer: asyncio.StreamWriter, reply: HttpReply, let_go: asyncio.Event) -> bool:
    """Writes a reply as it is to go; whether the connection may be used again. `let_go` ends what hangs."""
    if reply.hang or await _waited(let_go, reply.delay):
        await let_go.wait()
        return False
    if reply.cut is not None:
        if reply.cut:
            writer.write(reply.head + reply.body[: reply.cut])
            await writer.drain()
        return False
    if not reply.drip:
        writer.write(reply.head + reply.body)
        await writer.drain()
        return True
    writer.write(reply.head)
    for byte in reply.body:
        writer.write(bytes((byte,)))
        await writer.drain()
        if await _waited(let_go, reply.drip):
            break
    return False


async def _waited(let_go: asyncio.Event, seconds: float) -> bool:
    """Waits so long; whether it was let go before."""
    if not seconds:
        return False
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await let_go.wait()
    return let_go.is_set()
