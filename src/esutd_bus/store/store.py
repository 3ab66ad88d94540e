"""The store as the engine sees it: work goes in, durable outcomes come out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence, Sized

import structlog
from sqlalchemy import Table

from esutd_bus.register.search import Count, Found, Search
from esutd_bus.register.state import State
from esutd_bus.store import editions, seals
from esutd_bus.store.beside import Beside
from esutd_bus.store.connection import Connection
from esutd_bus.store.counting import count
from esutd_bus.store.counts import Counts
from esutd_bus.store.editions import SUBSCRIPTIONS, Followed, Read
from esutd_bus.store.loading import load
from esutd_bus.store.searching import find
from esutd_bus.store.subscriptions import Subscriptions
from esutd_bus.store.unit_of_work import UnitOfWork
from esutd_bus.store.work import Outcome, StoredAnswer, StoreUnavailable, Work

SEAL_INTERVAL_SECONDS = 60.0
FOLLOW_INTERVAL_SECONDS = 5.0
"""A change of what nodes keep in memory is noticed within this time, even where no message comes."""

SEARCHES_AT_ONCE = 4
"""Per process: whoever looks through many rows waits for others who do, and holds up nobody else."""

Chore = Callable[[Connection], Awaitable[object]]
"""What is done at intervals, beside the way of messages."""

_log = structlog.get_logger(__name__)


class Store:
    """One per process: the unit of work's connection, and one for everything that is not on the way of a message."""

    def __init__(
        self,
        url: str,
        *,
        node: str,
        exchange_tables: Mapping[str, Table],
        follows: Mapping[str, Read],
        coming: Sized = (),
        chores: Sequence[tuple[float, Chore]] = (),
    ) -> None:
        """`coming`: what is being read, and will be submitted; `chores`: what else is to be done at intervals of so
        many seconds.
        """
        subscriptions = Subscriptions()
        self._followed = Followed({**follows, SUBSCRIPTIONS: subscriptions.read})
        self._work = UnitOfWork(
            url,
            node=node,
            exchange_tables=exchange_tables,
            followed=self._followed,
            subscriptions=subscriptions,
            coming=coming,
        )
        self._aside = Beside(url)
        self._searches = Beside(url, at_once=SEARCHES_AT_ONCE)
        self._counting = Beside(url)
        self._counts = Counts(lambda search: self._counting.ask(lambda connection: count(connection, search)))
        self._chores = (
            (SEAL_INTERVAL_SECONDS, seals.seal),
            (FOLLOW_INTERVAL_SECONDS, self._follow),
            *chores,
        )
        self._tasks: Sequence[asyncio.Task[None]] = ()

    def is_behind(self, come: int = 0) -> bool:
        """Whether a work submitted now, or after so many others, would wait too long. Safe in any thread."""
        return self._work.is_behind(come)

    async def open(self) -> None:
        """Begins to work, whether the database can be reached yet or not. Raises psycopg.Error if it is not fit."""
        await self._work.open()
        self._tasks = [
            asyncio.create_task(self._at_intervals(seconds, chore), name=_name(chore))
            for seconds, chore in self._chores
        ]

    async def close(self) -> None:
        """Finishes what waits, seals the journal, disconnects."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._work.close()
        with contextlib.suppress(StoreUnavailable):
            await self._aside.ask(seals.seal)
        await self._aside.close()
        await self._searches.close()
        await self._counts.close()
        await self._counting.close()

    async def submit(self, work: Work) -> Outcome:
        """The outcome of a piece of work, once it is durable. Raises StoreUnavailable, StoreRejected."""
        return await self._work.submit(work)

    async def look(self, work: Work) -> tuple[State, StoredAnswer | None]:
        """What a work would be decided on, and the answer it has already: before other systems are asked for it.

        Raises StoreUnavailable.
        """

        async def ask(connection: Connection) -> tuple[State, StoredAnswer | None]:
            loaded = await load(connection, [work])
            await self._followed.follow(connection, loaded.editions)
            return loaded.state(work.employer, work.needs), loaded.answer_in_force(work.key)

        return await self._aside.ask(ask)

    async def search(self, employer: str, search: Search | Count) -> Found:
        """What a sender looks for among many rows. Raises StoreUnavailable."""
        if isinstance(search, Count):
            # It takes long: one at a time, and no search waits for it.
            return await self._counts.figures(search)
        return await self._searches.ask(lambda connection: find(connection, employer, search))

    async def ready(self) -> bool:
        """Whether messages are worked on, and the database answers."""

        async def ask(connection: Connection) -> bool:
            await connection.execute("SELECT 1")
            return self._work.is_working

        try:
            return await self._aside.ask(ask)
        except StoreUnavailable:
            return False

    async def _at_intervals(self, seconds: float, do: Chore) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await self._aside.ask(do)
            except StoreUnavailable:
                _log.warning(
                    "not done, for the database is away; it will be, when it is back",
                    job=_name(do),
                )

    async def _follow(self, connection: Connection) -> None:
        await self._followed.follow(connection, await editions.in_force(connection))


def _name(chore: Chore) -> str:
    return chore.__name__.strip("_")
