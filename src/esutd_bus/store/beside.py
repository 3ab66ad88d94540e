"""Connections beside the way of messages: what is asked here holds no message up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg

from esutd_bus.store.connection import Connection, connect
from esutd_bus.store.work import StoreUnavailable

T = TypeVar("T")


class Beside:
    """A few connections, each opened when it is first needed. Used by one event loop."""

    def __init__(self, url: str, *, at_once: int = 1) -> None:
        """`at_once`: how many may ask at the same time; the others wait for their turn."""
        self._url = url
        self._free = asyncio.Semaphore(at_once)
        self._idle: list[Connection] = []

    async def ask(self, ask: Callable[[Connection], Awaitable[T]]) -> T:
        """What `ask` makes of a connection. Raises StoreUnavailable."""
        async with self._free:
            try:
                return await self._on_one(ask)
            except (psycopg.Error, OSError) as error:
                raise StoreUnavailable(str(error)) from error

    async def close(self) -> None:
        """Lets go of the connections that nobody asks on."""
        while self._idle:
            await self._idle.pop().close()

    async def _on_one(self, ask: Callable[[Connection], Awaitable[T]]) -> T:
        while True:
            reused = bool(self._idle)
            connection = self._idle.pop() if reused else await connect(self._url)
            try:
                answer = await ask(connection)
            except BaseException as error:
                cut = connection.broken
                await connection.close()
                if reused and cut and isinstance(error, psycopg.OperationalError):
                    # While nobody asked: then on another one.
                    continue
                raise
            self._idle.append(connection)
            return answer
