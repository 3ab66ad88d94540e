"""Messages that come together go through each stage of their way together.

A stage's code and data are near the processor, and its branches foretold, when the next message comes to it at once;
when a whole way has been gone meanwhile they are not. So where a stage ends, a message lets the others come as far.
One that is alone waits for nobody. (docs/adr/0020-messages-go-in-step.md)
"""

from __future__ import annotations

import types
from collections.abc import Generator
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Steps: TypeAlias = Generator[None, None, T]
"""Work that can be done at once or in step: it yields where a stage ends, and returns what it comes to."""


@types.coroutine
def in_step() -> Steps[None]:
    """Ends a stage: goes on in the event loop's next turn, after all whose turn it is now."""
    yield


@types.coroutine
def stepwise(steps: Steps[T]) -> Steps[T]:
    """Does the work in step with others. Raises what it raises."""
    return (yield from steps)


def at_once(steps: Steps[T]) -> T:
    """Does the work without a pause. Raises what it raises."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: T = end.value
            return value
