"""The WSGI application: the same rules and the same engine, for hosts that speak WSGI (PEP 3333).

A WSGI host reads a body in the thread that works, so a slow client holds a thread (or a process) as long as
the time limit lets it. Where many clients may be slow, ASGI is the choice.
"""

from __future__ import annotations

import atexit
import io
import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

import structlog

from esutd_bus.edge.exchange import Exchange
from esutd_bus.edge.loop_thread import LoopThread
from esutd_bus.edge.probes import PROBES, health, probe
from esutd_bus.edge.reception import Expected, Reception
from esutd_bus.edge.refused import Refused
from esutd_bus.edge.reply import Reply
from esutd_bus.edge.spyne_binding import spyne_server, status_line
from esutd_bus.edge.wsgi_request import Environ, head_of, read_body
from esutd_bus.logs import configure_logs
from esutd_bus.soap.envelope import fault_envelope

if TYPE_CHECKING:
    from esutd_bus.edge.head import RequestHead
    from esutd_bus.engine import Engine
    from esutd_bus.passage import Incoming
    from esutd_bus.settings import Settings

StartResponse = Callable[[str, list[tuple[str, str]]], Any]

_CLOSING_SECONDS = 10.0
_EXCHANGE = "esutd_bus.exchange"
"""The key under which a request's Exchange goes through spyne."""

_log = structlog.get_logger("esutd_bus.edge")


class WsgiApplication:
    """Serves one engine a process, opened by the first request that needs it.

    A fork takes no threads and must share no connections: a child process opens its own engine.
    """

    def __init__(
        self, load_settings: Callable[[], Settings], open_engine: Callable[[Settings], Awaitable[Engine]]
    ) -> None:
        """Both are called in the process that serves."""
        self._load_settings = load_settings
        self._open_engine = open_engine
        self._forget()
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.close)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI's entry point."""
        head = head_of(environ)
        if head.path == "/health":  # whether there is an engine or not
            return _serve_without_engine(head, health(head), start_response)
        try:
            station = self._opened()
        except Exception:  # noqa: BLE001  # whatever hinders the engine, the client may come again
            _log.exception("start_failed")
            return _serve_without_engine(head, _no_engine(), start_response)
        return station.serve(head, environ, start_response)

    def close(self) -> None:
        """Close this process's engine, if it has one: for a host's hook at a worker's end, and for atexit."""
        station = self._station
        self._forget()
        if station is not None:
            station.close()

    def _forget(self) -> None:
        self._lock = Lock()
        self._station: _Station | None = None

    def _opened(self) -> _Station:
        with self._lock:
            if self._station is None:
                configure_logs()
                settings = self._load_settings()
                configure_logs(settings.log_level, settings.log_format)
                self._station = _Station(settings, self._open_engine)
            return self._station


class _Station:
    """What one process serves with: the engine in its loop, and spyne's servers in front of it."""

    def __init__(self, settings: Settings, open_engine: Callable[[Settings], Awaitable[Engine]]) -> None:
        async def open_in_loop() -> Engine:
            return await open_engine(settings)

        self._loop = LoopThread()
        try:
            engine = self._loop.run(open_in_loop())
        except BaseException:
            self._loop.stop()
            raise
        self._reception = Reception(engine, settings)
        self._servers = {
            path: spyne_server(channel.contract, self._hand_over, self._reception.largest(path))
            for path, channel in engine.channels.items()
        }

    def close(self) -> None:
        with suppress(Exception):  # the process ends either way
            self._loop.run(self._reception.engine.close(), _CLOSING_SECONDS)
        self._loop.stop()

    def serve(self, head: RequestHead, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        with Exchange(head, self._servers) as exchange:
            try:
                message = self._message_or_reply(head, environ)
                if isinstance(message, bytes):
                    exchange.request_bytes = len(message)
                    return self._work(head, environ, message, exchange, start_response)
                exchange.reply = message
            except Refused as refused:
                exchange.reply = self._reception.refuse(refused, head.path)
            except Exception as error:  # noqa: BLE001  # the client gets a fault, and the log where it came from
                exchange.reply = self._reception.broken(error, head.path)
            return _send(exchange.reply, head, start_response)

    def _message_or_reply(self, head: RequestHead, environ: Environ) -> bytes | Reply:
        if head.path in PROBES:
            return self._loop.run(probe(head, self._reception.engine.ready))
        begun = self._reception.begin(head)
        if isinstance(begun, Expected):
            with begun.body:
                read_body(begun.body, head, environ, self._reception.body_timeout_seconds)
                return begun.message()
        return begun

    def _work(
        self,
        head: RequestHead,
        environ: Environ,
        message: bytes,
        exchange: Exchange,
        start_response: StartResponse,
    ) -> list[bytes]:
        """Through spyne to the engine. spyne gets to see a body that is read and a type that is judged."""
        surroundings = {
            **environ,
            "wsgi.input": io.BytesIO(message),
            "CONTENT_LENGTH": str(len(message)),
            "CONTENT_TYPE": "text/xml",
            _EXCHANGE: exchange,
        }
        started: list[Any] = []
        with self._reception.capacity.place():
            response = list(self._servers[head.path](surroundings, lambda *start: started.extend(start)))
        start_response(*started)
        return response

    def _hand_over(self, incoming: Incoming, environ: Environ) -> Reply:
        try:
            reply = Reply.of(self._loop.run(self._reception.engine.handle(incoming)))
        except Exception as error:  # noqa: BLE001  # the engine promises not to raise; no promise reaches a client
            reply = self._reception.broken(error, incoming.service_path)
        environ[_EXCHANGE].reply = reply
        return reply


def _send(reply: Reply, head: RequestHead, start_response: StartResponse) -> Iterable[bytes]:
    start_response(status_line(reply.status), reply.headers)
    return [] if head.method == "HEAD" else [reply.body]


def _serve_without_engine(head: RequestHead, reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
    with Exchange(head) as exchange:
        exchange.reply = reply
        return _send(reply, head, start_response)


def _no_engine() -> Reply:
    """ESB009 before there is an engine that could word it."""
    fault = fault_envelope("Server", "ESB009: the service is starting or cannot start, try again later", None)
    return Reply(503, fault, extra_headers=(("Retry-After", "5"),), code="ESB009", reason="no engine")
