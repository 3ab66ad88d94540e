"""Subscriptions as an operator changes them: with a trail among the subscriber's, and followed by running nodes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import errors
from psycopg.types.json import Jsonb

from esutd_bus.store import editions
from esutd_bus.store.outbox import Row

Connection = psycopg.Connection[dict[str, Any]]


class SubscriptionError(Exception):
    """What is asked for cannot be done as things are; the message says why."""


class SubscriptionDesk:
    """Changes to the subscriptions. Each is committed with its trail; what is in the outbox already stays there."""

    def __init__(self, connection: Connection, by: str) -> None:
        """`by`: who answers for the changes."""
        self._connection = connection
        self._by = by

    def add(
        self, name: str, subscriber: str, service_id: str, employer: str | None, events: Sequence[str]
    ) -> None:
        """Tells a subscriber of entries, from the next one on. Raises SubscriptionError."""
        row = (name, subscriber, service_id, employer, list(events), datetime.now(UTC))
        with self._connection.transaction():
            try:
                self._connection.execute(
                    "INSERT INTO subscription (name, subscriber, service_id, employer, events, added_at)"
                    " VALUES (%s, %s, %s, %s, %s, %s)",
                    row,
                )
            except errors.UniqueViolation as error:
                raise SubscriptionError(f"there is a subscription {name} already: remove it first") from error
            details = {"name": name, "service_id": service_id, "employer": employer, "events": list(events)}
            self._happened(subscriber, "subscription added", details)

    def remove(self, name: str) -> None:
        """Tells no more. Raises SubscriptionError."""
        with self._connection.transaction():
            gone = self._connection.execute(
                "DELETE FROM subscription WHERE name = %s RETURNING subscriber", (name,)
            ).fetchone()
            if gone is None:
                raise SubscriptionError(f"there is no subscription {name}")
            self._happened(gone["subscriber"], "subscription removed", {"name": name})

    def _happened(self, subscriber: str, what: str, details: dict[str, Any]) -> None:
        self._connection.execute(
            "INSERT INTO partner_event (partner, happened_at, what, details, done_by) VALUES (%s, %s, %s, %s, %s)",
            (subscriber, datetime.now(UTC), what, Jsonb(details), self._by),
        )
        editions.make_new(self._connection, editions.SUBSCRIPTIONS)


def entries(connection: Connection) -> Sequence[Row]:
    """The subscriptions, by name."""
    return connection.execute("SELECT * FROM subscription ORDER BY name").fetchall()
