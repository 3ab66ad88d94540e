"""What is known of one certificate's revocation, at a moment."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class State(StrEnum):
    """RFC 6960, 2.2."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class RevocationStatus(NamedTuple):
    """Of one certificate of a path, for reports."""

    subject: str
    """The certificate's, as RFC 4514 writes it."""

    state: State
    source: str | None = None
    """The address of the list or of the responder that told it."""

    as_of: datetime | None = None
    """thisUpdate: the moment the source speaks of."""

    due: datetime | None = None
    """nextUpdate: when the source should tell something newer. Past, the source counts by grace alone."""

    revoked_at: datetime | None = None
    reason: str | None = None
    """RFC 5280, 5.3.1: `keyCompromise`, …"""

    def to_dict(self) -> dict[str, Any]:
        """In JSON's types: times as ISO 8601 with zone, absent parts as null."""
        return {
            "subject": self.subject,
            "state": str(self.state),
            "source": self.source,
            "as_of": _told(self.as_of),
            "due": _told(self.due),
            "revoked_at": _told(self.revoked_at),
            "reason": self.reason,
        }


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
