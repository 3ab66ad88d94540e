"""The job «outbox»: what is to be sent by the bus is sent, on any number of nodes, each message by one of them.

    turn:  what came back is recorded ── what is due is taken, so many a destination ── threads try ── …
           and now and then: what the bus has told by itself, messages of nodes that are gone

Threads wait for the network, the job's own thread speaks with the database; nothing is locked while anybody waits.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

import structlog

from esutd_bus.logs import trace
from esutd_bus.signature.keys import KeyUnavailableError
from esutd_bus.signature.signing import sign_document
from esutd_bus.store import breakers, bus_notices, outbox
from esutd_bus.store.outbox import Happened, Limits
from esutd_bus.store.outbox_facts import facts
from esutd_bus.store.outbox_state import Happening, OutboxState
from esutd_bus.store.pause import pause
from esutd_bus.work import metrics
from esutd_bus.work.delivery import Attempt, Delivery

if TYPE_CHECKING:
    from esutd_bus.mapping.outgoing import OutgoingMessage
    from esutd_bus.signature.key_ring import KeyRing
    from esutd_bus.store.outbox import Connection, Row

AT_ONCE: Final = 64
"""Messages that a node tries at once: what is recorded and taken together costs little more than one alone."""

AT_ONCE_EACH: Final = 8
"""… of them to one destination: one that hangs does not take the place of the others."""

_A_MOMENT: Final = 0.05
_TELL_EVERY: Final = timedelta(seconds=15)
_TAKE_IN_EVERY: Final = timedelta(seconds=0.5)
_MARGIN: Final = timedelta(seconds=1)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OutboxRules:
    """What an operator decides."""

    node: str
    whole: timedelta
    """From putting a message out to giving it up."""

    most_setbacks: int
    deadline: timedelta
    """For one call."""

    @property
    def limits(self) -> Limits:
        """The lease leaves time for the call, and as much again to record it."""
        return Limits(2 * self.deadline + _MARGIN, self.whole, self.most_setbacks)


class Outbox:
    """A `scheduler.Job`. Used by one thread; takes connections that commit by themselves."""

    name: Final = "outbox"
    seconds: Final = 0.5

    def __init__(
        self,
        delivery: Delivery,
        outgoing: Mapping[str, OutgoingMessage],
        rules: OutboxRules,
        *,
        keys: KeyRing | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`outgoing`: kind of entry → how it is told; `keys`: those that sign, if any do."""
        self._delivery = delivery
        self._outgoing = outgoing
        self._rules = rules
        self._keys = keys
        self._clock = clock
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="outbox")
        self._under_way: dict[Future[Happened], str] = {}
        """A try → its destination."""

        self._came: list[tuple[str, Happened]] = []
        """What is not recorded yet: kept where the database is away for a moment."""

        self._told_at: datetime | None = None
        self._took_in_at: datetime | None = None

    def run(self, connection: Connection) -> None:
        """Sends what is due, and records what came of it. Raises psycopg.Error."""
        self._took_in_at = None
        while True:
            self._gather()
            self._record(connection)
            self._tell(connection)
            self._take_in(connection)
            taken = self._take(connection)
            if not taken and not self._a_moment():
                break

    def finish(self, connection: Connection) -> None:
        """Waits for what is under way, at most a call's deadline, and records it. Raises psycopg.Error."""
        wait(self._under_way, timeout=self._rules.deadline.total_seconds() + _A_MOMENT)
        self._gather()
        self._record(connection)
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way, nor waits to be recorded."""
        return not self._under_way and not self._came

    def _a_moment(self) -> bool:
        """Whether something came back while we looked: the turn goes on then."""
        if not self._under_way:
            return False
        done, _ = wait(self._under_way, timeout=_A_MOMENT, return_when=FIRST_COMPLETED)
        return bool(done)

    def _gather(self) -> None:
        for future in [each for each in self._under_way if each.done()]:
            destination = self._under_way.pop(future)
            error = future.exception()
            if error is None:
                self._came.append((destination, future.result()))
            else:  # a mistake of ours: the lease ends, and the message is asked about
                _log.error("outbox: an attempt failed", destination=destination, trace=trace(error))

    def _record(self, connection: Connection) -> None:
        if not self._came:
            return
        now = self._clock()
        came = list(self._came)
        with connection.transaction():
            moved = outbox.end_attempts(
                connection, [happened for _, happened in came], self._rules.limits, now
            )
            self._judge_destinations(connection, came, now)
        del self._came[: len(came)]
        for _, happened in came:
            metrics.OUTBOX_HAPPENED.labels(str(happened.what or "nothing new")).inc()
            if moved.get(happened.id) is OutboxState.DEAD:
                _log.warning("a message is given up", outbox=str(happened.id), reason=happened.reason)

    def _judge_destinations(
        self, connection: Connection, came: Sequence[tuple[str, Happened]], now: datetime
    ) -> None:
        """Breakers: a destination of which anything succeeded is well."""
        well = {destination for destination, happened in came if not happened.failed}
        failures = Counter(destination for destination, happened in came if happened.failed)
        reasons = {destination: happened.reason for destination, happened in came if happened.failed}
        breakers.succeeded(connection, sorted(well), now)
        for destination in sorted(failures.keys() - well):
            breakers.failed(connection, destination, failures[destination], reasons[destination] or "", now)

    def _take_in(self, connection: Connection) -> None:
        """What happened to messages elsewhere; and what waits for others does not stand before those that can go."""
        now, limits = self._clock(), self._rules.limits
        if self._took_in_at is not None and now - self._took_in_at < _TAKE_IN_EVERY:
            return
        self._took_in_at = now
        with connection.transaction():
            told = bus_notices.apply(connection, limits, now)
        for what in told:
            metrics.OUTBOX_HAPPENED.labels(what).inc()
        with connection.transaction():
            outbox.end_leases(connection, limits, now)
            due = outbox.destinations_due(connection, now)
            outbox.make_way(connection, [row["destination"] for row in due], now)

    def _take(self, connection: Connection) -> bool:
        """Whether there was something to do."""
        now, limits = self._clock(), self._rules.limits
        if len(self._under_way) >= AT_ONCE:
            return False
        with connection.transaction():
            taken = outbox.take(connection, self._rooms(connection, now), limits, now, self._rules.node)
            attempts, not_made = self._made(connection, taken)
            if not_made:
                outbox.end_attempts(connection, not_made, limits, now)
        for attempt in attempts:
            future = self._threads.submit(self._delivery.attempt, attempt, self._clock)
            self._under_way[future] = attempt.message["destination"]
        return bool(taken)

    def _rooms(self, connection: Connection, now: datetime) -> Mapping[str, int]:
        """Destination → how many of its messages may be taken."""
        busy = Counter(self._under_way.values())
        free = AT_ONCE - len(self._under_way)
        rooms: dict[str, int] = {}
        due = list(outbox.destinations_due(connection, now))
        random.shuffle(due)  # where there are more than places, none is always the last
        for row in due:
            destination = row["destination"]
            room = min(free, AT_ONCE_EACH - busy[destination])
            if breakers.is_tried(row["failures"]):
                until = now + self._rules.limits.lease
                is_ours = room > 0 and breakers.may_try(
                    connection, destination, row["open_until"], now, until
                )
                room = min(room, 1) if is_ours else 0
            if room > 0:
                rooms[destination] = room
                free -= room
        return rooms

    def _made(self, connection: Connection, taken: Sequence[Row]) -> tuple[list[Attempt], list[Happened]]:
        """Attempts with their bodies, made now where they are not yet; and those that come to an end without one."""
        to_make = [row for row in taken if row["state"] == OutboxState.SENDING and row["body"] is None]
        known = facts(connection, to_make) if to_make else {}
        made: dict[UUID, bytes] = {}
        not_made: list[Happened] = []
        now = self._clock()
        for row in to_make:
            try:
                body = self._outgoing[row["kind"]].encode(known[row["id"]])
                made[row["id"]] = sign_document(body, self._keys.get()) if self._keys else body
            except KeyUnavailableError as error:
                later = now + pause(row["failures"])
                not_made.append(
                    Happened(
                        row["id"],
                        row["attempts"],
                        Happening.NOT_SENT,
                        now,
                        later,
                        failed=True,
                        reason=str(error),
                    )
                )
            except Exception as error:  # noqa: BLE001  # one message must not keep the others from being sent
                _log.error("outbox: a message cannot be made", outbox=str(row["id"]), trace=trace(error))
                reason = f"it cannot be made: {type(error).__name__}: {error}"
                not_made.append(
                    Happened(row["id"], row["attempts"], Happening.UNSENDABLE, now, now, reason=reason)
                )
        outbox.keep_body(connection, made)
        lost = {happened.id for happened in not_made}
        return [
            Attempt(row, made.get(row["id"], row["body"])) for row in taken if row["id"] not in lost
        ], not_made

    def _tell(self, connection: Connection) -> None:
        now = self._clock()
        if self._told_at is None or now - self._told_at >= _TELL_EVERY:
            self._told_at = now
            metrics.tell_outbox(outbox.counts(connection), breakers.states(connection), now)
