"""The time a list or an answer speaks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from esutd_bus.signature.revocation.problem import NotBelieved, Problem


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How strictly times are taken."""

    skew: timedelta = timedelta(minutes=5)
    """How far an authority's clock may be ahead of ours."""

    grace: timedelta = timedelta(0)
    """How long after nextUpdate a list or an answer still counts."""


@dataclass(frozen=True, slots=True)
class Period:
    """From thisUpdate to nextUpdate (RFC 5280, 5.1.2.4 and 5.1.2.5; RFC 6960, 4.2.2.1)."""

    this_update: datetime
    next_update: datetime

    @classmethod
    def of(cls, this_update: datetime, next_update: datetime | None) -> Period:
        """Raises `NotBelieved` where there is no end, or it does not come after the beginning."""
        if next_update is None or next_update <= this_update:
            raise NotBelieved(Problem.PERIOD, "it does not say until when it speaks")
        return cls(this_update, next_update)

    def failing(self, now: datetime, tolerance: Tolerance) -> NotBelieved | None:
        """Why it says nothing of a moment, or nothing when it does."""
        if self.this_update > now + tolerance.skew:
            return NotBelieved(Problem.FUTURE, f"it is of {self.this_update.isoformat()}")
        if now > self.next_update + tolerance.grace:
            return NotBelieved(Problem.STALE, f"something newer was due at {self.next_update.isoformat()}")
        return None

    def require(self, now: datetime, tolerance: Tolerance) -> None:
        """Raises `NotBelieved` where it says nothing of a moment."""
        if (problem := self.failing(now, tolerance)) is not None:
            raise problem
