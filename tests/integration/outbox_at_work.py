"""The job «outbox» as a node runs it, on a clock that a test moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from lxml import etree
from store_works import rows

from esutd_bus.mapping.outgoing import compile_outgoing
from esutd_bus.registries.access import BusAccess
from esutd_bus.settings import packaged
from esutd_bus.signature.key_ring import KeyRing
from esutd_bus.store.connection import connect_now
from esutd_bus.store.ids import uuid7
from esutd_bus.store.outbox_message import NOTIFICATION, new_message
from esutd_bus.store.outbox_state import OPEN
from esutd_bus.work.delivery import Delivery
from esutd_bus.work.outbox import Outbox, OutboxRules
from esutd_bus.work.outbox_upkeep import OutboxUpkeep

BODY = b"<told>something</told>"
DEADLINE = timedelta(seconds=0.4)
PLAIN = etree.XMLSchema(etree.parse(str(packaged("xsd") / "notifications-v1.xsd")))
OUTGOING = compile_outgoing(packaged("."), packaged("mappings"))
KEEP = timedelta(days=90)
TURNS = 3000
"""So many turns without an end are a failure."""


class Clock:
    """The machine's, and what the test has added."""

    def __init__(self) -> None:
        self.added = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.added


def rules(node: str = "node", **more: Any) -> OutboxRules:
    return OutboxRules(
        **{
            "node": node,
            "whole": timedelta(hours=72),
            "most_setbacks": 3,
            "deadline": DEADLINE,
            **more,
        }
    )


@dataclass
class OutboxAtWork:
    """A node, and a look at what it does."""

    url: str
    job: Outbox
    connection: Any
    clock: Clock
    delivery: Delivery
    upkeep: OutboxUpkeep
    nodes: list[OutboxAtWork] = field(default_factory=list)

    def now(self) -> datetime:
        return self.clock()

    def later(self, **more: float) -> None:
        self.clock.added += timedelta(**more)

    def put(self, destination: str, message_type: str = NOTIFICATION, **more: Any) -> UUID:
        message = new_message(
            uuid7(),
            destination=destination,
            service_id=destination,
            message_type=message_type,
            kind="Test",
            now=self.now(),
            **{"body": BODY, **more},
        )
        columns, values = ", ".join(message), ", ".join(f"%({name})s" for name in message)
        statement: Any = f"INSERT INTO outbox ({columns}) VALUES ({values})"
        self.connection.execute(statement, message)
        found: UUID = message["id"]
        return found

    def turn(self) -> None:
        self.upkeep.run(self.connection)
        self.job.run(self.connection)

    def settle(self) -> None:
        """Until what is under way has come back, and is recorded; nothing new is begun."""
        while not self.job.is_idle:
            self.job._a_moment()
            self.job._gather()
            self.job._record(self.connection)

    def until_idle(self, *others: OutboxAtWork) -> None:
        """Turns, until every message is through; time passes where nothing is due."""
        nodes = (self, *others)
        for _ in range(TURNS):
            for node in nodes:
                node.turn()
            if all(node.job.is_idle for node in nodes):
                if not self.open():
                    return
                self.clock.added += timedelta(seconds=self._until_next())
        raise AssertionError(f"it never ends: {self.states()}")

    def _until_next(self) -> float:
        """Seconds until something is due: a try, a lease's end, a breaker's, a deadline."""
        ((moment,),) = rows(
            self.url,
            f"SELECT min(greatest(o.next_try, coalesce(o.leased_until, o.next_try), coalesce(d.open_until, o.next_try)))"  # noqa: E501
            f" FROM outbox o LEFT JOIN outbox_destination d USING (destination) WHERE {OPEN} AND NOT EXISTS ("
            f"SELECT FROM outbox p WHERE (p.contract_id, p.destination) = (o.contract_id, o.destination)"
            f" AND p.version < o.version AND p.{OPEN})",
        )
        return float(max(0.01, (moment - self.now()).total_seconds() + 0.01))

    def open(self) -> int:
        ((count,),) = rows(self.url, f"SELECT count(*) FROM outbox WHERE {OPEN}")
        return int(count)

    def states(self) -> dict[UUID, str]:
        return dict(rows(self.url, "SELECT id, state FROM outbox ORDER BY id"))

    def attempts(self, message: UUID) -> list[tuple[Any, ...]]:
        query = "SELECT doing, happened, state FROM outbox_attempt WHERE outbox_id = %s ORDER BY number"
        return rows(self.url, query, message)

    def another_node(self) -> OutboxAtWork:
        connection = connect_now(self.url)
        connection.autocommit = True
        its = rules(f"node {len(self.nodes)}")
        job = Outbox(self.delivery, OUTGOING, its, clock=self.clock)
        upkeep = OutboxUpkeep(its, KEEP, self.clock)
        node = OutboxAtWork(self.url, job, connection, self.clock, self.delivery, upkeep)
        self.nodes.append(node)
        return node


def delivery_by(bus_url: str, deadline: timedelta = DEADLINE) -> Delivery:
    access = BusAccess(bus_url, "esutd", None, deadline.total_seconds())
    return Delivery(access, packaged("."))


@contextmanager
def at_work(
    database: str, bus_url: str, delivery: Delivery | None = None, keys: KeyRing | None = None, **more: Any
) -> Iterator[OutboxAtWork]:
    clock = Clock()
    connection = connect_now(database)
    connection.autocommit = True
    delivery = delivery or delivery_by(bus_url)
    its = rules(**more)
    job = Outbox(delivery, OUTGOING, its, keys=keys, clock=clock)
    node = OutboxAtWork(database, job, connection, clock, delivery, OutboxUpkeep(its, KEEP, clock))
    try:
        yield node
    finally:
        for each in (node, *node.nodes):
            each.job.finish(each.connection)
            each.connection.close()
