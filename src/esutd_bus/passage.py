"""A message on its way: what is known of it grows from room to room."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from esutd_bus.mapping.compile import MappedOperation
from esutd_bus.register.command import Command
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.search import Found
from esutd_bus.register.state import State
from esutd_bus.store.journal import Record
from esutd_bus.store.work import RequestKey


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as the edge hands it over."""

    service_path: str
    """The path of a service (`/soap/contracts`)."""

    body: bytes
    channel: str = "direct"


@dataclass(slots=True)
class Passage:
    """The message itself, and who has said what about it so far."""

    record: Record
    """Its place in the journal."""

    records: list[Record] = field(default_factory=list)
    """What other systems were asked for its sake, and said."""

    request_id: UUID | None = None
    """The sender's requestId, once it could be read."""

    correspondent: str | None = None
    """BIN or IIN of who gets the answer, once the signatures hold: whoever signed the envelope."""

    @property
    def id(self) -> UUID:
        """The journal's id: `messageId` of the receipt, `correlationId` of a fault."""
        return self.record.id

    @property
    def source(self) -> Mapping[str, Any]:
        """The source `message` of an answer's mapping."""
        return {"id": self.id, "request_id": self.request_id, "received_at": self.record.recorded_at}


@dataclass(frozen=True, slots=True)
class Request:
    """A verified, decoded message: what the store is asked to do."""

    operation: MappedOperation
    command: Command
    key: RequestKey | None
    """None where the message did not pass the schema: no answer is bound to its requestId."""

    fetched: Mapping[str, Any] = field(default_factory=dict)
    """What the registries said, by port."""

    found: Found | None = None
    """What was looked for among many rows."""

    is_strangers: bool = False
    """Nothing was looked for, since its sender had no right to ask."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a registry said, and the bytes that were exchanged for it."""

    value: Any = None
    refusal: Refusal | None = None
    """Why there is no value, where the registry failed or refused."""

    records: Sequence[Record] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a registry is asked, and for the sake of what."""

    key: str
    """BIN or IIN of whom it is about."""

    command: Command
    state: State
    """As it was looked at before anybody was asked: the sender's right to ask stands on it."""

    now: datetime
    """The present as the rules see it."""


Port = Callable[[Question], Awaitable[Fetched]]
"""Asks a registry."""


class MessageRefused(Exception):  # noqa: N818  # an outcome, not a mistake of ours
    """A message ends here, with a fault that its requestId is not bound to."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(", ".join(refusal.code for refusal in refusals))
        self.refusals = refusals
