"""Connections that are opened and not used up: they must cost nobody else anything (the ASGI edge alone)."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from cases import PATH, envelope

from support.wire import converse, post

if TYPE_CHECKING:
    from support.services import Service

HALF_SENT = {
    "in the body": post(PATH, b"<e:Envelope", length=4000),
    "in the head": b"POST /soap/contracts HTTP/1.1\r\nHost: bus.test\r\nContent-Le",
    "before the first byte": b"",
}


@pytest.mark.parametrize("sent", HALF_SENT.values(), ids=HALF_SENT.keys())
def test_a_hundred_held_open_keep_no_good_request_waiting(asgi: Service, sent: bytes) -> None:
    address = urlsplit(asgi.url)
    with ExitStack() as stack:
        held = [
            stack.enter_context(
                socket.create_connection((address.hostname or "", address.port or 80), timeout=20)
            )
            for _ in range(100)
        ]
        for connection in held:
            connection.sendall(sent)
        (response,) = converse(asgi.url, post(PATH, envelope().encode()))
        assert (response.status, response.code) == (500, "SCSE001")
        for connection in held:
            connection.setblocking(False)
            with pytest.raises(BlockingIOError):  # the good one was answered while all of these were open
                connection.recv(1)
