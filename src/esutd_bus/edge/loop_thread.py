"""An event loop in a thread of its own, for callers that have none."""

from __future__ import annotations

import asyncio
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for the threads of a WSGI host: one loop, many waiting threads.

    Belongs to the process that made it: threads do not survive a fork.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon: the host's process ends when the host says so.
        self._thread = Thread(target=self._loop.run_forever, name="esutd-bus-engine", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], seconds: float | None = None) -> T:
        """Run `work` in the loop and wait for what it gives or raises, at most `seconds`.

        Context variables of the calling thread are seen by `work`.
        """
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def stop(self) -> None:
        """End the loop and its thread; what still runs in it is dropped."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
