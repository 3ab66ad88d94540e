"""A command: what a verified, decoded message asks of the register."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from esutd_bus.register.partners import PartnerKind
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.speaker import Speaker

Values = Mapping[str, Mapping[str, Any]]
"""Table → column → value, as the mapping lands a message: `{"contract": {"number": "17", …}}`.

A field that the message does not carry has no key. A repeated group is a list of rows.
"""


class Command(NamedTuple):
    """One operation asked for by one employer."""

    operation: str
    """The operation's name in its WSDL (`RegisterContract`)."""

    values: Values
    """What the message says, by table and column. May be incomplete where `refusals` is not empty."""

    speaker: Speaker
    """Who has signed."""

    serves: frozenset[PartnerKind]
    """As what one must speak to ask for the operation."""

    message_id: UUID
    """The journal's id of the message."""

    received_at: datetime
    """When the message came, with zone."""

    new_id: UUID
    """The id for the record this command makes, if it makes one (time-ordered)."""

    refusals: tuple[Refusal, ...] = ()
    """What the schema already found wrong; rules add to it, so that all errors are told at once."""

    malformed: frozenset[str] = frozenset()
    """Fields (`contract.kato_code`) that the message carries in a form that could not be read.

    `refusals` tells so; no rule may call them absent.
    """

    entries: tuple[Entry, ...] = ()
    """Of a batch: each entry as the command that it would be alone."""

    @property
    def employer(self) -> str:
        """BIN or IIN (12 digits) of the employer the message acts for: the verified signer's."""
        return self.speaker.number


class Entry(NamedTuple):
    """One of many in a message, judged by itself."""

    command: Command
    told: Callable[[Sequence[Refusal]], Sequence[Refusal]]
    """The entry's refusals in the order of the message, each with its path there (`contract[17]/number`)."""
