"""One call to a state system as the journal keeps it: the very bytes, both ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Outcome(StrEnum):
    """How a call ended on the wire; what the answer says is not judged here."""

    ANSWERED = "answered"
    """A whole HTTP answer came, of whatever status and content."""

    TIMED_OUT = "timed-out"
    """The deadline passed first."""

    FAILED = "failed"
    """No connection, or it broke, or the answer was longer than allowed."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call: what was sent, what was received, when."""

    url: str
    sent: bytes = field(repr=False)
    """The body as it was, or would have been, sent; with the sender's password, if it has one."""

    received: bytes | None = field(repr=False)
    """The body as far as it came; `None` when no answer began."""

    status: int | None
    """HTTP status; `None` when no answer began."""

    started_at: datetime
    """With zone (UTC); so `ended_at`."""

    ended_at: datetime
    outcome: Outcome


ExchangeKeeper = Callable[[Exchange], None]
"""Told of each call once, in the caller's own thread and context, before the caller gets answer or error.

What it raises, the caller gets: what cannot be kept is not used.
"""
