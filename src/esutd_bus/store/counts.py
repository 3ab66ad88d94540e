"""Counts under way: a sender waits so long for one, and finds it done when it asks again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from esutd_bus.register.search import Count, Found
from esutd_bus.store.work import StoreUnavailable

WAIT_SECONDS = 45
"""That a sender waits for its figures. The count goes on, and who asks for the same again gets them."""

KEPT_SECONDS = 600
"""That figures wait for whoever has asked for them. They tell of which moment they are."""


class Counts:
    """One per process; used by one event loop."""

    def __init__(self, count: Callable[[Count], Awaitable[Found]]) -> None:
        """`count`: counts, however long it takes. May raise StoreUnavailable."""
        self._count = count
        self._begun: dict[Count, asyncio.Task[Found]] = {}

    async def figures(self, search: Count) -> Found:
        """The figures asked for. Raises StoreUnavailable, also where they are not counted in time."""
        task = self._begun.get(search)
        if task is None:
            task = self._begun[search] = asyncio.create_task(self._counted(search))
            task.add_done_callback(_noted)
        try:
            found = await asyncio.wait_for(asyncio.shield(task), WAIT_SECONDS)
        except TimeoutError as error:
            raise StoreUnavailable("it is still being counted") from error
        # Whoever asks next gets figures of that moment; those that nobody has got wait.
        self._forget(search, task)
        return found

    async def close(self) -> None:
        """Gives up what is being counted."""
        for task in self._begun.values():
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError, StoreUnavailable):
            await asyncio.gather(*self._begun.values())
        self._begun.clear()

    async def _counted(self, search: Count) -> Found:
        task = asyncio.current_task()
        try:
            found = await self._count(search)
        except BaseException:
            self._forget(search, task)
            raise
        asyncio.get_running_loop().call_later(KEPT_SECONDS, self._forget, search, task)
        return found

    def _forget(self, search: Count, task: asyncio.Task[Found] | None) -> None:
        if self._begun.get(search) is task:
            del self._begun[search]


def _noted(task: asyncio.Task[Found]) -> None:
    """Looks at what became of a count, which perhaps nobody waits for any more."""
    if not task.cancelled():
        task.exception()
