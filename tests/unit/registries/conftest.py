"""Servers for a test, closed when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from raw_server import RawServer, Script, read_request

if TYPE_CHECKING:
    import socket
    import threading
    from collections.abc import Callable, Iterator


@pytest.fixture
def serve() -> Iterator[Callable[[Script], RawServer]]:
    """Starts servers, closed when the test ends."""
    servers: list[RawServer] = []

    def start(script: Script) -> RawServer:
        servers.append(RawServer(script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def answering(serve: Callable[[Script], RawServer]) -> Callable[[bytes], RawServer]:
    """A server that answers every request with the same bytes and keeps its connections open."""

    def start(answer: bytes) -> RawServer:
        def script(connection: socket.socket, _: threading.Event) -> None:
            while read_request(connection):
                connection.sendall(answer)

        return serve(script)

    return start
