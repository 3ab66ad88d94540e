"""HTTP/1.1 as uvicorn speaks it, with an end to waiting for a head."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from esutd_bus.edge.reply import raw_headers

if TYPE_CHECKING:
    from asyncio import TimerHandle, Transport

    from esutd_bus.edge.reply import Reply

HEAD_SECONDS: Final = 10.0
"""How long a request's head may take, from the first of its bytes, or from the connection's beginning."""

MOST_HEAD_BYTES: Final = 65_536
MOST_HEADERS: Final = 100
"""A head that is longer, or has more lines, is no head of a SOAP message, and would only fill the memory."""

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)

TRUNCATED: Final = "esutd_bus.truncated"
"""In the scope of a request whose body ended before HTTP said it would: uvicorn knows no such event."""


class HttpProtocol(HttpToolsProtocol):
    """One connection. Half-sent bodies are for the application to end; it knows what to answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As uvicorn makes it."""
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_bytes = 0
        self._is_refused = False
        self._is_turned_away = False
        """Its reply is on its way: what is still to come of the request is read, and not looked at."""

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
        is_post = self.parser.get_method() == b"POST"
        if is_post and (reply := self._turned_away()) is not None:
            self._is_turned_away = True
            self.transport.write(reply)
            return
        super().on_headers_complete()
        if is_post:
            # Whose reply has a body.
            self.cycle.transport = _InOnePiece(self.transport)  # type: ignore[assignment]  # what uvicorn uses of one

    def on_body(self, body: bytes) -> None:
        """A piece of it."""
        if not self._is_turned_away:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """What follows is another request."""
        self._head_bytes = 0
        if self._is_turned_away:
            self._is_turned_away = False
            self.on_response_complete()
        else:
            super().on_message_complete()

    def _turned_away(self) -> bytes | None:
        """The whole reply to a request that the application will not take now.

        Under overload that is most of them, so it costs no task and no scope. A client that does not keep its
        connection, or asks before it is answered, goes the long way to the same reply.
        """
        is_free = self.cycle is None or self.cycle.response_complete
        if not is_free or self.parser.get_http_version() != "1.1" or not self.parser.should_keep_alive():
            return None
        path = self.url.partition(b"?")[0].decode("latin-1")
        reply: Reply | None = self.app.turned_away(path)
        if reply is None:
            return None
        headers = [*self.server_state.default_headers, *raw_headers(reply)]
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (
            reply.status,
            HTTPStatus(reply.status).phrase.encode(),
            lines,
            reply.body,
        )

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
