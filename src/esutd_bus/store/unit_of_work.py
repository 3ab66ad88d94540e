"""The unit of work: what waits is taken as one batch, decided one by one, and committed once.

Nothing waits for a batch to fill: while one batch commits, the next gathers by itself. Whatever happens to a batch,
each of its works is answered; and whatever one work provokes, its neighbours go through.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field

import psycopg
import structlog
from psycopg import errors
from sqlalchemy import Table

from esutd_bus.logs import trace
from esutd_bus.store.editions import Followed
from esutd_bus.store.subscriptions import Subscriptions
from esutd_bus.store.work import Outcome, StoreRejected, StoreUnavailable, Work
from esutd_bus.store.writer import Writer

MAX_BATCH = 64
"""And so many may be ahead of one that comes: a worker does not get faster by more, only later."""

MAX_WAITING = 4096
"""More works than that at once are told to come again: memory has an end."""

TURNS = 18
"""So many turns of the event loop a message takes from its last byte until it waits here, that with two signatures."""

_TURNS_TO_COME = 4
"""And so many until its reading begins."""

_TURNS_TO_COME_AGAIN = 40
"""And so many a client takes that was answered just now, and has more to say."""

_ENOUGH = 32
"""So many make a batch that need not be larger: what it costs by itself is little for each of them by then."""

_CONFLICTS = (errors.UniqueViolation, errors.DeadlockDetected, errors.SerializationFailure)
"""Another writer was faster: on the state as it is now, the batch may go through."""

_STALE = (psycopg.NotSupportedError, psycopg.InternalError)
"""A plan no longer fits its table, a server became read-only: a fresh connection may have it better."""

_LIMIT_EXCEEDED = "54"
"""SQLSTATE class: a value too large for an index, say. psycopg counts it among the troubles of operation."""

_TRIES_TOGETHER = 2
_TRIES_ALONE = 16
_PAUSE_SECONDS = 0.02
"""At most: writers who want the same at the same time come again at different times."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Waiting:
    """A work, and whom to tell what came of it."""

    work: Work
    future: asyncio.Future[Outcome] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def tell(self, outcome: Outcome) -> None:
        if not self.future.done():
            self.future.set_result(outcome)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class UnitOfWork:
    """One task with one writer."""

    def __init__(
        self,
        url: str,
        *,
        node: str,
        exchange_tables: Mapping[str, Table],
        followed: Followed,
        subscriptions: Subscriptions | None = None,
        coming: Sized = (),
    ) -> None:
        """`coming`: what is being read, and will be submitted."""
        self._writer = Writer(
            url,
            node=node,
            exchange_tables=exchange_tables,
            followed=followed,
            subscriptions=subscriptions or Subscriptions(),
        )
        self._coming = coming
        self._waiting: deque[_Waiting] = deque()
        self._under_way: Sequence[_Waiting] = ()
        self._last = 0
        """How many the last batch held."""

        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    @property
    def is_working(self) -> bool:
        """Whether what is submitted will be worked on."""
        return self._task is not None and not self._task.done() and not self._closing

    def is_behind(self, come: int = 0) -> bool:
        """Whether what is submitted now, or after so many others, would wait too long for its turn. Safe in any thread.

        However many come, those that are taken are answered in a time that hardly grows, and the others know at once.
        """
        return come + len(self._coming) + len(self._waiting) + len(self._under_way) >= MAX_BATCH

    async def open(self) -> None:
        """Begins to work. Raises psycopg.Error for a database that is not fit.

        One that cannot be reached yet is not waited for: works are turned away until it can be.
        """
        try:
            await self._writer.open()
        except StoreUnavailable:
            _log.warning("database unavailable", waiting=0)
        self._task = asyncio.create_task(self._run(), name="unit-of-work")

    async def close(self) -> None:
        """Finishes what waits, then lets go of the chain; what comes later is turned away."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait([self._task])
        await self._writer.disconnect()

    async def submit(self, work: Work) -> Outcome:
        """Waits until the work is durable. Raises StoreUnavailable or StoreRejected.

        The work goes on to its end even where the caller is cancelled meanwhile.
        """
        if not self.is_working:
            raise StoreUnavailable("the unit of work is not open")
        if len(self._waiting) >= MAX_WAITING:
            raise StoreUnavailable("too many works wait")
        waiting = _Waiting(work)
        self._waiting.append(waiting)
        self._wake.set()
        return await waiting.future

    async def _run(self) -> None:
        try:
            while self._waiting or not self._closing:
                if not self._waiting:
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                await self._let_others_come()
                self._under_way = [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]
                self._waiting.extendleft(reversed(await self._finish(self._under_way)))
                self._last, self._under_way = len(self._under_way), ()
        finally:
            # Only where the task itself is cancelled is anybody left; whether his work is durable is not known.
            for left in (*self._under_way, *self._waiting):
                left.fail(StoreUnavailable("the unit of work has ended"))

    async def _let_others_come(self) -> None:
        """Lets messages that have come already, and are being read, join the batch, and the next ones of those who were
        answered by the last batch, where that was larger. No timer is waited for.
        """
        waiting, turns = len(self._waiting), 0
        idle = _TURNS_TO_COME if waiting >= self._last else _TURNS_TO_COME_AGAIN
        while turns < (max(TURNS, idle) if len(self._coming) else idle) and waiting < _ENOUGH:
            await asyncio.sleep(0)
            turns = turns + 1 if len(self._waiting) == waiting else 0
            waiting = len(self._waiting)

    async def _finish(self, batch: Sequence[_Waiting]) -> list[_Waiting]:
        """Tells each of the batch its outcome; gives back those that must see this batch's effects first."""
        try:
            outcomes = await self._attempt([waiting.work for waiting in batch])
        except Exception as error:  # noqa: BLE001  # whatever it is, nobody is left without an answer
            failure = error
        else:
            return _tell(batch, outcomes)
        return await self._recover(batch, failure)

    async def _attempt(self, works: Sequence[Work]) -> Mapping[Work, Outcome]:
        tries = _TRIES_TOGETHER if len(works) > 1 else _TRIES_ALONE
        while True:
            tries -= 1
            try:
                return await self._writer.process(works)
            except _CONFLICTS:
                if not tries:
                    raise
                await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS))  # noqa: S311  # no secret
            except _STALE:
                if not tries:
                    raise
                await self._writer.disconnect()

    async def _recover(self, batch: Sequence[_Waiting], error: Exception) -> list[_Waiting]:
        """After a batch failed: halves it until the one that provokes the error stands alone."""
        if _is_out_of_reach(error):
            await self._writer.disconnect()
            self._turn_away(batch, error)
            return []
        if len(batch) > 1:
            middle = len(batch) // 2
            return [*await self._finish(batch[:middle]), *await self._finish(batch[middle:])]
        # Without the error's text, which may quote the row.
        _log.error("work not stored", correlation_id=str(batch[0].work.records[0].id), trace=trace(error))
        batch[0].fail(_verdict(error))
        return []

    def _turn_away(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """All of the batch; and where no connection is to be had, all who wait: they would only wait for the same."""
        told = [*batch]
        if isinstance(error, StoreUnavailable):
            told += self._waiting
            self._waiting.clear()
        _log.warning("database unavailable", error=type(error).__name__, waiting=len(told))
        for waiting in told:
            waiting.fail(StoreUnavailable("the database cannot be reached"))


def _tell(batch: Sequence[_Waiting], outcomes: Mapping[Work, Outcome]) -> list[_Waiting]:
    """Tells the outcomes there are; gives back those for whom there is none yet."""
    deferred: list[_Waiting] = []
    for waiting in batch:
        if (outcome := outcomes.get(waiting.work)) is not None:
            waiting.tell(outcome)
        else:
            deferred.append(waiting)
    return deferred


def _is_out_of_reach(error: Exception) -> bool:
    """Whether it is the database that fails, and not the work."""
    if isinstance(error, psycopg.OperationalError):
        return not isinstance(error, _CONFLICTS) and not _exceeds_a_limit(error)
    return isinstance(error, StoreUnavailable | psycopg.InterfaceError)


def _verdict(error: Exception) -> Exception:
    """What a work that stands alone is told."""
    again = isinstance(error, (*_CONFLICTS, *_STALE))
    return (StoreUnavailable if again else StoreRejected)(type(error).__name__)


def _exceeds_a_limit(error: psycopg.Error) -> bool:
    return (error.sqlstate or "").startswith(_LIMIT_EXCEEDED)
