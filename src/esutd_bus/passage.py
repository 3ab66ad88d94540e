"""A message on its way: what is known of it grows from room to room."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from uuid import UUID

from esutd_bus.mapping.compile import MappedOperation
from esutd_bus.register.command import Command
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.search import Found
from esutd_bus.register.state import State
from esutd_bus.store.journal import Record
from esutd_bus.store.work import RequestKey
from esutd_bus.wrapping import DIRECT, Wrapping

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from lxml.etree import _Element as Element

    from esutd_bus.soap.envelope import Envelope
    from esutd_bus.soap.served import ServedContract


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as the edge hands it over."""

    service_path: str
    """The path of a service (`/soap/contracts`), or of a channel of the bus (`/shep/sync`)."""

    body: bytes


@dataclass(slots=True)
class Passage:
    """The message itself, and who has said what about it so far."""

    record: Record
    """Its place in the journal."""

    wrapping: Wrapping = DIRECT
    """What stood around its payload, and will stand around its answer."""

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
class Opened:
    """What a channel found in an envelope."""

    service: str
    """The name of the service that is asked."""

    payload: Element | None
    """What is asked of it, in the envelope or a document that travelled in it as text.

    None: the channel itself is told something, and no service is asked.
    """

    needs_document: bool = False
    """Whether a payload without a signature of its own is taken only from whose entry says so."""


class Channel(Protocol):
    """A way by which messages come: straight to a service, or by the bus."""

    @property
    def name(self) -> str:
        """As the journal calls it."""

    @property
    def contract(self) -> ServedContract:
        """What is served at its path. The journal says that this was asked, until it is known better."""

    @property
    def wrapping(self) -> Wrapping:
        """What stands around an answer to what could not be opened."""

    def open(self, envelope: Envelope, passage: Passage) -> Opened:
        """Looks for what is asked; notes on the passage what will stand around the answer. Raises MessageRefused."""

    def asked_in(self, envelope: Envelope) -> str | None:
        """The tag of what a service is asked by, where that can be told."""

    def takes(self, tags: AbstractSet[str]) -> bool:
        """Whether a service behind it may be asked by one of these."""


class Request(NamedTuple):
    """A verified, decoded message: what the store is asked to do."""

    operation: MappedOperation
    command: Command
    key: RequestKey | None
    """None where the message did not pass the schema: no answer is bound to its requestId."""

    fetched: Mapping[str, Any] = MappingProxyType({})
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
