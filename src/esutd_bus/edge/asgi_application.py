"""The ASGI 3 application: bodies are read in the event loop, within limits, before any work is done."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from esutd_bus.edge.exchange import Exchange
from esutd_bus.edge.head import RequestHead, headers_of
from esutd_bus.edge.http_protocol import TRUNCATED
from esutd_bus.edge.large_pages import gather_in_large_pages
from esutd_bus.edge.probes import PROBES, probe
from esutd_bus.edge.reception import Expected, Reception
from esutd_bus.edge.refused import Refused
from esutd_bus.edge.reply import Reply, raw_headers
from esutd_bus.logs import configure_logs
from esutd_bus.passage import Incoming

if TYPE_CHECKING:
    from esutd_bus.engine import Engine
    from esutd_bus.settings import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log = structlog.get_logger("esutd_bus.edge")


class AsgiApplication:
    """Serves one engine, opened and closed by the ASGI lifespan."""

    def __init__(
        self, load_settings: Callable[[], Settings], open_engine: Callable[[Settings], Awaitable[Engine]]
    ) -> None:
        """Both are called when the server starts, in the worker's own process."""
        self._load_settings = load_settings
        self._open_engine = open_engine
        self._reception: Reception | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._come = 0
        """Messages that have come whole, whose work is not yet begun."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entry point."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "http":
            raise RuntimeError(f"a scope this is not for: {scope['type']}")
        elif scope["method"] == "POST" and (reply := self.turned_away(scope["path"])) is not None:
            await _send_reply(reply, "POST", send)
        else:
            await self._serve(scope, receive, send)

    def turned_away(self, path: str) -> Reply | None:
        """The reply to a message that will not be taken now, by its head alone; None: it may come in."""
        return self._reception.turned_away(path, self._come) if self._reception is not None else None

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        configure_logs()
        try:
            settings = self._load_settings()
            configure_logs(settings.log_level, settings.log_format)
            engine = await self._open_engine(settings)
        except Exception as error:  # noqa: BLE001  # a server may serve on without a lifespan that raises
            _log.critical("start_failed", exc_info=error)
            await send({"type": "lifespan.startup.failed", "message": "the service did not start"})
            return
        self._reception = Reception(engine, settings)
        _spare_the_collector()
        gather_in_large_pages()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        # No new request comes now; those at work end before what they work with is closed.
        await asyncio.gather(*self._work, return_exceptions=True)
        self._reception = None
        try:
            await engine.close()
        except Exception as error:  # noqa: BLE001  # the process ends either way
            _log.critical("close_failed", exc_info=error)
            await send({"type": "lifespan.shutdown.failed", "message": "the service did not close"})
            return
        await send({"type": "lifespan.shutdown.complete"})

    def answer(self, head: RequestHead, body: bytes) -> Awaitable[Reply]:
        """The reply to a request that has come whole: the short way, for a server that hands it over so.

        It counts as waiting from this call on: of many that come at once, the later ones see those before them.
        The task that awaits it must go on though its client is gone.
        """
        self._come += 1
        return self._answer_whole(head, body)

    async def _answer_whole(self, head: RequestHead, body: bytes) -> Reply:
        self._come -= 1
        reception = self._ready()

        async def feed(expected: Expected) -> None:
            expected.body.feed(body)

        with Exchange(head, reception.engine.channels) as exchange:
            message = await _message_or_reply(reception, head, feed)
            if isinstance(message, Reply):
                exchange.reply = message
            else:
                exchange.request_bytes = len(message)
                exchange.reply = await _answer(reception, head, message)
            return exchange.reply

    def _ready(self) -> Reception:
        if self._reception is None:
            raise RuntimeError("a server without lifespan")
        return self._reception

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        reception, head = self._ready(), _head_of(scope)
        read = partial(_read_body, scope, receive, reception.body_timeout_seconds)
        with Exchange(head, reception.engine.channels) as exchange:
            message = await _message_or_reply(reception, head, read)
            if isinstance(message, Reply):
                exchange.reply = message
                await _send_reply(message, head.method, send)
                return
            exchange.request_bytes = len(message)
            # A task of its own: a client or a server that gives up does not stop work that is begun. Its
            # answer is stored, and the client's next try gets it.
            work = asyncio.create_task(self._work_on(reception, head, message, exchange, send))
            self._work.add(work)
            work.add_done_callback(self._work.discard)
            await asyncio.shield(work)

    async def _work_on(
        self, reception: Reception, head: RequestHead, message: bytes, exchange: Exchange, send: Send
    ) -> None:
        exchange.reply = await _answer(reception, head, message)
        await _send_reply(exchange.reply, head.method, send)


async def _message_or_reply(
    reception: Reception, head: RequestHead, read: Callable[[Expected], Awaitable[None]]
) -> bytes | Reply:
    """The message, once its body is read; or what is to be said without one. Never raises."""
    try:
        if head.path in PROBES:
            return await probe(head, reception.engine.ready)
        begun = reception.begin(head)
        if isinstance(begun, Reply):
            return begun
        with begun.body:
            await read(begun)
            return begun.message()
    except Refused as refused:
        return reception.refuse(refused, head.path)
    except Exception as error:  # noqa: BLE001  # the client gets a fault, and the log where it came from
        return reception.broken(error, head.path)


async def _answer(reception: Reception, head: RequestHead, message: bytes) -> Reply:
    """The engine's answer as a reply. Never raises."""
    try:
        with reception.capacity.place():
            return Reply.of(await reception.engine.handle(Incoming(head.path, message)))
    except Refused as refused:
        return reception.refuse(refused, head.path)
    except Exception as error:  # noqa: BLE001  # the engine promises not to raise; no promise reaches a client
        return reception.broken(error, head.path)


def _spare_the_collector() -> None:
    """What is in memory now stays there: Python need not look through it for cycles again and again.

    Nor after each message: those leave hardly any.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _head_of(scope: Scope) -> RequestHead:
    client = scope.get("client")
    return RequestHead(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=headers_of(scope["headers"]),
        peer=client[0] if client else None,
    )


async def _read_body(scope: Scope, receive: Receive, seconds: float, expected: Expected) -> None:
    body = expected.body
    try:
        async with asyncio.timeout(seconds):
            while True:
                event = await receive()
                if event["type"] == "http.disconnect" or TRUNCATED in scope:
                    raise body.truncated()
                body.feed(event.get("body", b""))
                if not event.get("more_body", False):
                    return
    except TimeoutError:
        raise body.late(seconds) from None


async def _send_reply(reply: Reply, method: str, send: Send) -> None:
    try:
        await send({"type": "http.response.start", "status": reply.status, "headers": raw_headers(reply)})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
    except OSError:
        _log.debug("client_gone")  # ASGI lets a server raise for a client that went away
