"""The job «outbox upkeep»: once a period, by one node, what is past its deadline is given up, what is old removed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from esutd_bus.store import outbox, turns

if TYPE_CHECKING:
    from esutd_bus.store.outbox import Connection
    from esutd_bus.work.outbox import OutboxRules

PERIOD: Final = timedelta(seconds=10)


class OutboxUpkeep:
    """A `scheduler.Job`. Takes connections that commit by themselves."""

    name: Final = "outbox upkeep"
    seconds: Final = 2.0

    def __init__(
        self, rules: OutboxRules, keep: timedelta, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`keep`: how long messages that are through, and what was done with them, can be looked at."""
        self._rules = rules
        self._keep = keep
        self._clock = clock

    def run(self, connection: Connection) -> None:
        """Does it, if nobody has in this period. Raises psycopg.Error."""
        now = self._clock()
        period = turns.begin(connection, self.name, PERIOD, now, self._rules.node)
        if period is None:
            return
        with connection.transaction():
            outbox.give_up(connection, self._rules.limits, now)
        with connection.transaction():
            outbox.remove(connection, now - self._keep)
        turns.end(connection, self.name, period, self._clock())
