"""HTTP/1.1 as uvicorn speaks it, with an end to waiting for a head, and a short way for what comes whole."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from esutd_bus.edge.head import RequestHead, headers_of
from esutd_bus.edge.reply import raw_headers

if TYPE_CHECKING:
    from asyncio import TimerHandle, Transport
    from collections.abc import Awaitable

    from esutd_bus.edge.reply import Reply

HEAD_SECONDS: Final = 10.0
"""How long a request's head may take, from the first of its bytes, or from the connection's beginning."""

MOST_HEAD_BYTES: Final = 65_536
MOST_HEADERS: Final = 100
"""A head that is longer, or has more lines, is no head of a SOAP message, and would only fill the memory."""

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)

_PHRASES: Final = {int(status): status.phrase.encode() for status in HTTPStatus}

TRUNCATED: Final = "esutd_bus.truncated"
"""In the scope of a request whose body ended before HTTP said it would: uvicorn knows no such event."""


class _Whole:
    """A request that came whole, in the place of uvicorn's own cycle, as far as uvicorn looks at it."""

    __slots__ = ("disconnected", "keep_alive", "response_complete")

    more_body = False
    message_event = asyncio.Event()
    """Nobody waits for it."""

    def __init__(self) -> None:
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False


class HttpProtocol(HttpToolsProtocol):
    """One connection. Half-sent bodies are for the application to end; it knows what to answer.

    A message that came in one piece with its head, as nearly all do, is handed to the application as such: ASGI's scope
    and events would cost more than HTTP itself. Whatever else comes goes uvicorn's way.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As uvicorn makes it."""
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_bytes = 0
        self._is_refused = False
        self._is_turned_away = False
        """Its reply is on its way: what is still to come of the request is read, and not looked at."""

        self._body: list[bytes] | None = None
        """What has come of a body that may be whole before this piece of the stream ends."""

        self._head_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """The client may begin."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """The next bytes. Of many requests in one piece the last one's head alone can be unfinished."""
        if self._is_refused:
            return
        self._head_bytes += len(data)
        super().data_received(data)
        if self._body is not None:
            self._await_more()
        if self._is_turned_away:
            # The rest of what nobody looks at may be as late as another request.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        if not self._in_head:
            if self._head_timer is not None:
                self._stop_waiting()
        elif self._head_bytes > MOST_HEAD_BYTES:
            # Who is still sending would not read an answer on a connection that is closed at once: the timer does that.
            self._is_refused = True
            self.transport.write(_TOO_LARGE)
            self.transport.write_eof()
        elif self._head_timer is None:
            self._await_head()

    def eof_received(self) -> bool | None:  # type: ignore[override]  # as asyncio has it
        """The client sends nothing more; what it has sent is answered."""
        return self._end_body() or None

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP: within a body, the application tells so in its own words."""
        if not self._end_body():
            super().send_400_response(msg)

    def _end_body(self) -> bool:
        """Nothing more is read on this connection; whether there is a request still to be answered."""
        if self._body is not None:
            self._await_more()
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return False
        cycle.keep_alive = False
        if cycle.more_body:
            cycle.scope[TRUNCATED] = True  # type: ignore[typeddict-unknown-key]
            cycle.more_body = False
            cycle.message_event.set()
        return True

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A line of it. What is raised here ends as a request that cannot be read."""
        super().on_header(name, value)
        if len(self.headers) > MOST_HEADERS:
            raise ValueError("too many headers")

    def on_headers_complete(self) -> None:
        """It is whole."""
        self._in_head = False
        self._head_bytes = 0
        if self.parser.get_method() != b"POST":
            super().on_headers_complete()
        elif not self._is_plain():
            self._begin()
        elif (reply := self.app.turned_away(self._path())) is not None:
            # Under overload that is most of them, so it costs no task and no scope.
            self._is_turned_away = True
            self.transport.write(self._response(reply))
        else:
            self._body = []

    def on_body(self, body: bytes) -> None:
        """A piece of it."""
        if self._body is not None:
            self._body.append(body)
        elif not self._is_turned_away:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """What follows is another request."""
        self._head_bytes = 0
        if self._is_turned_away:
            self._is_turned_away = False
            self.on_response_complete()
        elif self._body is not None:
            body, self._body = b"".join(self._body), None
            self.cycle = whole = _Whole()  # type: ignore[assignment]  # what uvicorn uses of one
            task = self.loop.create_task(self._answer(whole, self.app.answer(self._head(), body)))
            task.add_done_callback(self.tasks.discard)
            self.tasks.add(task)
        else:
            super().on_message_complete()

    def _is_plain(self) -> bool:
        """Whether a client keeps its connection, has been answered what it asked before, and waits for no word of ours.

        Any other goes the long way to the same reply.
        """
        return (
            (self.cycle is None or self.cycle.response_complete)
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and not self.expect_100_continue
            and self.url.startswith(b"/")
            and b"%" not in self.url
        )

    def _begin(self) -> None:
        """Uvicorn's way of a request whose reply has a body."""
        super().on_headers_complete()
        self.cycle.transport = _InOnePiece(self.transport)  # type: ignore[assignment]  # what uvicorn uses of one

    def _await_more(self) -> None:
        """The body is not whole: uvicorn's way from here."""
        pieces, self._body = self._body or (), None
        self._begin()
        for piece in pieces:
            super().on_body(piece)

    async def _answer(self, whole: _Whole, answering: Awaitable[Reply]) -> None:
        try:
            reply = await answering
            if self.flow.write_paused and not whole.disconnected:
                await self.flow.drain()
        except BaseException:
            self.transport.close()
            raise
        whole.response_complete = True
        if not whole.disconnected:
            self.transport.write(self._response(reply, whole.keep_alive))
            if not whole.keep_alive:
                self.transport.close()
            self.on_response_complete()

    def _head(self) -> RequestHead:
        query = self.url.partition(b"?")[2].decode("latin-1")
        peer = self.client[0] if self.client else None
        return RequestHead("POST", self._path(), query, headers_of(self.headers), peer)

    def _path(self) -> str:
        return self.url.partition(b"?")[0].decode("latin-1")

    def _response(self, reply: Reply, keep_alive: bool = True) -> bytes:
        headers = [*self.server_state.default_headers, *raw_headers(reply)]
        if not keep_alive:
            headers.append((b"connection", b"close"))
        lines = b"".join([b"%b: %b\r\n" % header for header in headers])
        return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (reply.status, _PHRASES[reply.status], lines, reply.body)

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class _InOnePiece:
    """A transport on which a reply's head waits for what follows it: one packet, and one call of the kernel."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None
        self.is_closing = transport.is_closing

    def write(self, octets: bytes) -> None:
        if self._head is not None:
            octets, self._head = self._head + octets, b""
        elif not octets.startswith(b"HTTP/1.1 1"):
            self._head = octets
            return
        self._transport.write(octets)

    def close(self) -> None:
        if self._head:
            self.write(b"")
        self._transport.close()
