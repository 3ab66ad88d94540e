"""Messages that come together go through each stage of their way together.

A stage's code and data are near the processor, and its branches foretold, when the next message comes to it at once;
when a whole way has been gone meanwhile they are not. (docs/adr/0020-messages-go-in-step.md)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

Steps: TypeAlias = Generator[None, None, T]
"""Work that can be done at once or in step: it yields where a stage ends, and returns what it comes to."""


def at_once(steps: Steps[T]) -> T:
    """Does the work without a pause. Raises what it raises."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: T = end.value
            return value


class Lockstep:
    """Does what is under way in step: in each turn of the event loop one stage of each.

    What is alone waits for nobody. For one event loop.
    """

    def __init__(self) -> None:
        """With nothing to do."""
        self._under_way: list[tuple[Steps[Any], asyncio.Future[Any]]] = []

    def __len__(self) -> int:
        """How much is under way."""
        return len(self._under_way)

    def do(self, steps: Steps[T]) -> Awaitable[T]:
        """What the work comes to, or raises."""
        loop = asyncio.get_running_loop()
        if not self._under_way:
            loop.call_soon(self._step)
        future: asyncio.Future[T] = loop.create_future()
        self._under_way.append((steps, future))
        return future

    def _step(self) -> None:
        going_on = []
        for one in self._under_way:
            steps, future = one
            if future.done():
                steps.close()  # whoever waited for it was cancelled
                continue
            try:
                next(steps)
            except StopIteration as end:
                future.set_result(end.value)
            except Exception as error:  # noqa: BLE001  # it is whoever waits who is told
                future.set_exception(error)
            else:
                going_on.append(one)
        self._under_way = going_on
        if going_on:
            asyncio.get_running_loop().call_soon(self._step)
