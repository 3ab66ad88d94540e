"""Partners: whom the operator has entered by hand, and what that changes.

Employers need no entry: their certificates tell who they are. Portals, state systems and the authority are known by
their entries alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from esutd_bus.register.speaker import Speaker


class PartnerKind(StrEnum):
    """As what somebody may speak to the register. A mapping's `roles` are these words."""

    EMPLOYER = "employer"
    """A body, by its BIN, and for itself alone (order 353, clause 5)."""

    INDIVIDUAL_EMPLOYER = "individual-employer"
    """A person who employs, by the own IIN."""

    PORTAL = "portal"
    """A portal through which employers and employees come (order 353, clause 4)."""

    GOVERNMENT_SYSTEM = "government-system"
    """An information system of the state that is integrated with the register."""

    EMPLOYEE = "employee"
    """A person who asks about oneself through a portal, by the own document signature (order 353, clauses 11, 16)."""

    AUTHORITY = "authority"
    """The labour authority (order 353, clauses 9, 13, 15)."""


EMPLOYERS = frozenset({PartnerKind.EMPLOYER, PartnerKind.INDIVIDUAL_EMPLOYER})
CARRIERS = frozenset({PartnerKind.PORTAL, PartnerKind.GOVERNMENT_SYSTEM})
"""Those who may bring any employer's signed documents."""

OWN_SYSTEM = "employer-system"
"""The channel of an employer's own system; any other is called after the kind of partner."""

PROFILES = frozenset({"wsse", "document"})
"""The signature profiles of whoever has no entry, or one that names none."""


@dataclass(frozen=True, slots=True)
class Partner:
    """An entry."""

    number: str
    """BIN or IIN."""

    kind: PartnerKind
    name: str = ""
    profiles: frozenset[str] | None = None
    """The signature profiles it may use; none named: `PROFILES`."""

    document_required: bool = True
    """Whether what it brings by the bus must carry a document signature."""

    signed_answers: bool | None = None
    """Whether its answers are signed; not said: as the service's settings say."""

    answer_key: str | None = None
    """The name of the key they are signed with; not said: the service's own."""

    blocked: bool = False
    """Nothing is taken from it, nor through it."""

    certificates: frozenset[str] = frozenset()
    """The certificates recorded for it and not withdrawn, each by its issuer and serial number."""

    def is_spoken_for_by(self, speaker: Speaker) -> bool:
        """Whether a key of this number is the partner's: one that acts as the body, or one that was recorded."""
        return speaker.is_itself or speaker.certificate in self.certificates


class Partners:
    """All entries. Immutable: a change makes another object."""

    def __init__(self, entries: Iterable[Partner] = (), withdrawn: Iterable[str] = ()) -> None:
        """`withdrawn`: certificates, by issuer and number, that are not believed any more, whoever brings them."""
        self._entries = {entry.number: entry for entry in entries}
        self._withdrawn = frozenset(withdrawn)

    def entry(self, number: str | None) -> Partner | None:
        """The entry of a BIN or IIN, if there is one."""
        return self._entries.get(number) if number is not None else None

    def has_withdrawn(self, certificate: str) -> bool:
        """Whether a certificate was withdrawn."""
        return certificate in self._withdrawn

    def profiles_of(self, number: str) -> frozenset[str]:
        """The signature profiles that a sender may use."""
        entry = self._entries.get(number)
        return PROFILES if entry is None or entry.profiles is None else entry.profiles

    def channel_of(self, speaker: Speaker, serves: frozenset[PartnerKind]) -> str:
        """By which way a message comes (order 353, clause 4): who brings it, or acts as more than an employer."""
        via = speaker.via
        brings = self.kinds_of(via) & CARRIERS if via and via.number != speaker.number else frozenset()
        acts = self.kinds_of(speaker) & (serves - EMPLOYERS)
        return min((kind.value for kind in brings or acts), default=OWN_SYSTEM)

    def kinds_of(self, speaker: Speaker) -> frozenset[PartnerKind]:
        """As what a speaker may speak: as an employer by the certificate, as more by its entry.

        A person whose signed document a portal brings may be an employee as well.
        """
        kinds = {PartnerKind.INDIVIDUAL_EMPLOYER if speaker.is_individual else PartnerKind.EMPLOYER}
        entry = self._entries.get(speaker.number)
        if entry is not None and entry.is_spoken_for_by(speaker):
            kinds.add(entry.kind)
        if speaker.is_individual and speaker.via and PartnerKind.PORTAL in self.kinds_of(speaker.via):
            kinds.add(PartnerKind.EMPLOYEE)
        return frozenset(kinds)
