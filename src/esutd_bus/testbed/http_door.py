"""A port on which the testbed answers HTTP, byte by byte as it likes; at times nobody may connect to it."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from esutd_bus.testbed.wire import HttpReply, NotHttpError, read_request, write_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from esutd_bus.testbed.wire import HttpRequest

_log = structlog.get_logger(__name__)

_BACKLOG = 256
_LOOK_SECONDS = 0.05
"""How often it is looked whether the door is to be open."""


class HttpDoor:
    """A server in a thread of its own.

    Args:
        host: where it listens.
        port: 0 means a free one; `url` tells which. It stays ours while the door is closed.
        answer: what goes out for a request; called in threads.
        refuses: whether nobody may connect now.
    """

    def __init__(
        self,
        host: str,
        port: int,
        answer: Callable[[HttpRequest], HttpReply],
        *,
        refuses: Callable[[], bool] = lambda: False,
    ) -> None:
        self._answer = answer
        self._refuses = refuses
        # Bound and never listening: it keeps the port, and who connects meanwhile is refused.
        _is_free(host, port)
        self._keeper = _bound(host, port)
        self._host, self._port = host, int(self._keeper.getsockname()[1])
        self._listening: socket.socket | None = None if refuses() else self._listen()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"door-{self._port}", daemon=True)
        self._stopping = threading.Event()
        self._let_go = asyncio.Event()
        self._hand_on_the_door = asyncio.Lock()
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://{self._host}:{self._port}"

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stops; what hangs is let go, whoever is connected is cut off."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        for each in (self._listening, self._keeper):
            if each is not None:
                each.close()

    def let_go(self) -> None:
        """Whatever hangs or drips ends, and the door is opened or closed as it is wanted now."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._begin_anew(), self._loop).result()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    async def _serve(self) -> None:
        while not self._stopping.is_set():
            await self._set_door()
            await asyncio.sleep(_LOOK_SECONDS)
        self._let_go.set()
        if self._server is not None:
            self._server.close()
        await self._cut_off()

    async def _begin_anew(self) -> None:
        self._let_go.set()
        self._let_go = asyncio.Event()
        await self._set_door()

    async def _set_door(self) -> None:
        """Opens or closes it."""
        async with self._hand_on_the_door:
            if not self._refuses():
                if self._server is None:
                    self._listening = self._listening or self._listen()
                    serving = asyncio.start_server(self._connected, sock=self._listening, backlog=_BACKLOG)
                    self._server = await serving
            elif self._server is not None:
                self._server.close()
                self._server = self._listening = None
                await self._cut_off()

    async def _cut_off(self) -> None:
        """Ends all connections."""
        tasks = [task for task in self._connections.values() if task is not None]
        for writer in list(self._connections):
            writer.transport.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections[writer] = asyncio.current_task()
        try:
            with suppress(ConnectionError, asyncio.CancelledError):
                await self._converse(reader, writer)
        finally:
            del self._connections[writer]
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        goes_on = True
        while goes_on:
            try:
                request = await read_request(reader)
            except NotHttpError as error:
                await write_reply(writer, HttpReply(error.status, b"", "text/plain"), self._let_go)
                # What is still on its way is taken in, or the reply would be lost in a reset.
                with suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        while await reader.read(65536):
                            pass
                return
            if request is None:
                return
            let_go = self._let_go
            try:
                reply = await asyncio.to_thread(self._answer, request)
            except Exception:
                _log.exception("the simulation failed")
                raise
            goes_on = await write_reply(writer, reply, let_go)
            goes_on = goes_on and request.headers.get("connection", "").lower() != "close"

    def _listen(self) -> socket.socket:
        listening = _bound(self._host, self._port)
        listening.listen(_BACKLOG)
        return listening


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((host, port))
    return bound


def _is_free(host: str, port: int) -> None:
    """Raises OSError, where somebody listens: who shares ports would share this one too."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
