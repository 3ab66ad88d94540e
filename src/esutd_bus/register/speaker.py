"""The speaker: in whose name a message is signed, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

ACTING_AS_THE_BODY = frozenset({"first-head", "may-sign", "information-system"})
"""The certificate's roles whose holders act as the body itself, with no act of delegation (order 353, clause 5)."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """The holder of a verified certificate, as the register sees him."""

    number: str
    """12 digits of who is spoken for: the body's BIN, else the person's own IIN."""

    person: str = field(repr=False)
    """12 digits of the person who signed."""

    roles: frozenset[str]
    """What the certificate entitles its holder to act as: the words of `signature.role.Role`."""

    certificate: str
    """Its issuer and serial number, which tell which one it is."""

    via: Speaker | None = None
    """Who has signed the envelope, where the document inside has a signature of its own."""

    cosigners: tuple[Speaker, ...] = ()
    """Who has signed the document before."""

    @property
    def is_individual(self) -> bool:
        """Whether a person speaks for oneself: the certificate names no body."""
        return self.number == self.person

    @property
    def is_itself(self) -> bool:
        """Whether the key is that of whom it speaks for, and not that of somebody who must be entrusted first."""
        return self.is_individual or not self.roles.isdisjoint(ACTING_AS_THE_BODY)

    @property
    def all_signers(self) -> Iterator[Speaker]:
        """Everybody whose signature the message bears."""
        yield self
        yield from self.cosigners
        if self.via is not None:
            yield self.via

    @property
    def recorded_by(self) -> str:
        """`BIN/IIN`, or the IIN alone: who signed, as history shows it."""
        return self.person if self.is_individual else f"{self.number}/{self.person}"
