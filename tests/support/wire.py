"""HTTP as bytes: for requests that no HTTP library would send, and answers that none should touch."""

from __future__ import annotations

import http.client
import re
import socket
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlsplit

HALF_CLOSE = object()
"""A step: end our side of the connection, and go on reading."""

ANSWER_SECONDS = 20.0


@dataclass(frozen=True)
class Response:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def code(self) -> str | None:
        """The first answer code of a RegisterFault."""
        found = re.search(rb"<(?:\w+:)?code>([A-Z]+[0-9]+)<", self.body)
        return found[1].decode() if found else None


def post(
    path: str,
    body: bytes = b"",
    *,
    content_type: str | None = "text/xml; charset=utf-8",
    length: int | str | None = -1,
    headers: tuple[str, ...] = (),
    version: str = "1.1",
    method: str = "POST",
) -> bytes:
    """A request. `length`: -1 tells the body's own, None leaves Content-Length out."""
    lines = [f"{method} {path} HTTP/{version}", "Host: bus.test"]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length == -1 else length}")
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + body


def chunked(*pieces: bytes, end: bool = True) -> bytes:
    """The pieces in the chunked coding (RFC 9112 7.1)."""
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return chunks + (b"0\r\n\r\n" if end else b"")


def converse(url: str, *steps: bytes | object, answers: int = 1) -> list[Response]:
    """Send each step, then read up to `answers` final responses (1xx ones are passed over) or the end."""
    address = urlsplit(url)
    assert address.hostname is not None
    with (
        socket.create_connection(
            (address.hostname, address.port or 80), timeout=ANSWER_SECONDS
        ) as connection,
        connection.makefile("rb") as stream,
    ):
        for step in steps:
            try:
                if step is HALF_CLOSE:
                    connection.shutdown(socket.SHUT_WR)
                elif isinstance(step, bytes):
                    connection.sendall(step)
            except OSError:
                break  # the server has answered before the end, or hung up; an answer is there to be read
        method = bytes(steps[0]).split(b" ", 1)[0] if isinstance(steps[0], bytes) else b""
        responses: list[Response] = []
        while len(responses) < answers and (response := read(stream, method)):
            responses.append(response)
        return responses


def read(stream: BinaryIO, method: bytes) -> Response | None:
    """The next final response of a stream; None: there is none any more."""
    while True:
        try:
            line = stream.readline()
        except ConnectionError:
            line = b""
        if not line:
            return None
        status = int(line.split(b" ", 2)[1])
        headers = http.client.parse_headers(stream)
        if status >= http.client.OK:
            break
    length = headers["Content-Length"]
    if method == b"HEAD":
        return Response(status, headers, b"")
    return Response(status, headers, stream.read(int(length)) if length is not None else stream.read())
