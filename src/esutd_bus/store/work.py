"""One piece of work for the unit of work: what to load, how to decide, what to keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from esutd_bus.register.event import Event
from esutd_bus.register.state import Needs, State
from esutd_bus.store.journal import Record


class RequestKey(NamedTuple):
    """What makes a request itself: a second one with the same key has no second effect."""

    sender: str
    request_id: UUID
    payload_sha256: bytes
    """Digest of the payload in canonical form, without signatures."""

    operation: str
    keeps: timedelta | None = None
    """How long a stored answer holds; None: for ever."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer that a request was bound to before."""

    operation: str
    payload_sha256: bytes
    body: bytes
    status: int
    code: str
    bound_at: datetime

    def answers(self, key: RequestKey) -> bool:
        """Whether it is the answer to the very same request, or to another one with the same id."""
        return (self.operation, self.payload_sha256) == (key.operation, key.payload_sha256)

    def holds_no_longer(self, key: RequestKey) -> bool:
        """Whether the same request would be answered anew: a read, answered longer ago than answers are kept."""
        return self.answers(key) and key.keeps is not None and datetime.now(UTC) - self.bound_at > key.keeps


class Outcome(NamedTuple):
    """What a piece of work comes to."""

    answer: Record
    """What the request is bound to, if it is."""

    events: tuple[Event, ...] = ()
    decided_at: datetime | None = None
    """The instant the rules took for the present; history is written with it."""

    recorded_by: str = ""
    """Who signed, as history shows it."""

    channel: str | None = None
    """By which way it came, as statistics count it (order 353, clause 4)."""

    binds: bool = False
    """Whether the request is bound to this answer from now on."""

    acknowledgement: Record | None = None
    """What goes back at once, where the answer goes by another way."""


Decide = Callable[[State, StoredAnswer | None], Outcome]


@dataclass(slots=True, eq=False)
class Work:
    """A message on its way through the store."""

    records: list[Record]
    """What came in (and was asked of other systems), for the journal."""

    decide: Decide
    """Pure, and may be called again when another writer was faster."""

    employer: str = ""
    needs: Needs = field(default_factory=Needs)
    key: RequestKey | None = None


class StoreUnavailable(Exception):  # noqa: N818  # a state of the world, not a mistake
    """The database cannot be reached, or is too contended: the sender should try again."""


class StoreRejected(Exception):  # noqa: N818  # as above
    """The database refuses this one piece of work; its neighbours went through."""
