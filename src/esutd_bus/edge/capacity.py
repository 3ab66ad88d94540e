"""How many messages a process works on at once."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from esutd_bus.edge.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Capacity:
    """At most `limit` messages at work; one more is turned away at once, so that no queue can grow.

    A request takes a place only with its whole body: half-sent ones keep nobody out. Safe in any thread.
    """

    def __init__(self, limit: int, is_behind: Callable[[], bool] = lambda: False) -> None:
        """`is_behind`: whether those at work already wait too long for others to join them."""
        self._limit = limit
        self._is_behind = is_behind
        self._taken = 0
        self._lock = Lock()

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for the work within.

        Raises:
            Refused: 503 (ESB009), there is none.
        """
        if self._is_behind():
            raise Refused(503, "ESB009", "too many messages wait")
        with self._lock:
            if self._taken >= self._limit:
                raise Refused(503, "ESB009", "too many messages at once")
            self._taken += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken -= 1
