"""Revocation as the verifier asks for it: what is known, and what is to be done where nothing is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.revocation.revocation_status import RevocationStatus, State
from esutd_bus.signature.trust import CACHED_PATHS

if TYPE_CHECKING:
    from cryptography import x509

    from esutd_bus.signature.revocation.knowledge import Known, RevocationKnowledge
    from esutd_bus.signature.trust import TrustPath

Seen = Callable[["x509.Certificate", "x509.Certificate"], None]
"""Told of each certificate that is judged, with its issuer's: so that a responder can be asked about it."""


SEEN_AGAIN_AFTER: Final = timedelta(hours=1)
"""How often a certificate that is used all the time is told to `Seen`."""

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Remembered:
    """Of one path."""

    known: tuple[Known, ...]
    noted_at: datetime = _NEVER


class Revocation:
    """The policy over what is known. Used by one thread."""

    def __init__(
        self,
        knowledge: RevocationKnowledge,
        *,
        required: bool,
        seen: Seen = lambda _certificate, _issuer: None,
    ) -> None:
        """`required`: a certificate of which nothing current is known is refused."""
        self._knowledge = knowledge
        self._required = required
        self._seen = seen
        self._remembered: dict[TrustPath, _Remembered] = {}
        self._version = knowledge.version

    def judge(self, path: TrustPath, now: datetime) -> tuple[RevocationStatus, ...]:
        """The status of each certificate of a path but the topmost, which is trusted by configuration."""
        remembered = self._remember(path)
        if abs(now - remembered.noted_at) > SEEN_AGAIN_AFTER:
            remembered.noted_at = now
            for certificate, issuer in pairwise(path.certificates):
                self._seen(certificate, issuer)
        return tuple([known.status(now) for known in remembered.known])

    def _remember(self, path: TrustPath) -> _Remembered:
        if self._version != self._knowledge.version or len(self._remembered) >= CACHED_PATHS:
            self._version = self._knowledge.version
            self._remembered.clear()
        if (remembered := self._remembered.get(path)) is None:
            known = tuple(self._knowledge.known(*pair) for pair in pairwise(path.certificates))
            remembered = self._remembered[path] = _Remembered(known)
        return remembered

    def require_good(self, statuses: Sequence[RevocationStatus]) -> None:
        """Refuses a path's statuses if one was revoked and, where it is required, if one is not known.

        RFC 5280, 6.1.3 a 3 and 6.3.
        """
        for level, status in enumerate(statuses):
            whose = "an authority's certificate" if level else "the certificate"
            if status.state is State.REVOKED:
                raise Refusal(Reason.REVOKED, f"{whose} was revoked {_how(status)}")
            if status.state is State.UNKNOWN and self._required:
                raise Refusal(
                    Reason.REVOCATION_UNKNOWN, f"whether {whose} was revoked is not known: {_why(status)}"
                )


def _how(status: RevocationStatus) -> str:
    since = status.revoked_at.isoformat() if status.revoked_at else ""
    return f"{since} ({status.reason}), says {status.source}"


def _why(status: RevocationStatus) -> str:
    if status.as_of is None or status.due is None:
        return "nothing has been told of it yet"
    return f"what {status.source} told at {status.as_of.isoformat()} was to be replaced by {status.due.isoformat()}"
