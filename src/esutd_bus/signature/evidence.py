"""Evidence: what a verification has found so far, from which its report is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from esutd_bus.signature.report import Check, MessageReport, SignatureReport

if TYPE_CHECKING:
    from datetime import datetime

    from esutd_bus.signature.certificates import CertificateSummary
    from esutd_bus.signature.place import Place
    from esutd_bus.signature.reason import Refusal
    from esutd_bus.signature.revocation.revocation_status import RevocationStatus
    from esutd_bus.signature.signed_info import SignatureParts
    from esutd_bus.signature.signer import Signer


MESSAGE_CHECKS: Final = ("xml", "position", "profile", "unique-ids")
"""Every check of a message as a whole, in their order. `xml` is of the bytes; an envelope has passed it."""

CHECKS: Final = (
    "structure",
    "algorithms",
    "reference",
    "timestamp",
    "key-info",
    "certificate",
    "key-usage",
    "subject",
    "trust",
    "validity",
    "revocation",
    "signature",
    "digest",
)
"""Every check of a signature, in the order they are made."""

_HELD: Final = {name: Check(name, ok=True) for name in (*MESSAGE_CHECKS, *CHECKS)}


@dataclass(slots=True)
class Evidence:
    """Of one signature. Filled in as the checks go on; a check begun after another says that the other held."""

    place: Place
    begun: list[str] = field(default_factory=list)
    """The checks by name: all but the last have held, and that one is being made."""

    parts: SignatureParts | None = None
    """What the `ds:Signature` says, once its structure has held."""

    certificate: CertificateSummary | None = None
    signer: Signer | None = None
    """Whoever has signed, once every check has held."""
    revocation: tuple[RevocationStatus, ...] = ()

    def report(self, refusal: Refusal | None = None) -> SignatureReport:
        """The report when every check begun has held, or when the last one of them has failed."""
        parts = self.parts
        return SignatureReport(
            profile=self.place.profile.name,
            position=self.place.position,
            valid=refusal is None,
            reason=refusal.reason if refusal else None,
            detail=refusal.detail if refusal else None,
            checks=_checks(self.begun, refusal),
            signed_node=None if refusal else self.place.signed_path,
            reference=parts and parts.reference.uri,
            signature_algorithm=parts and parts.signature_method,
            digest_algorithm=parts and parts.reference.digest_method,
            canonicalization=parts and parts.canonicalization.algorithm,
            certificate=self.certificate,
            revocation=self.revocation,
            signer=self.signer,
        )


@dataclass(slots=True)
class MessageEvidence:
    """Of a message and its signatures."""

    now: datetime
    begun: list[str] = field(default_factory=list)
    """The checks by name: all but the last have held, and that one is being made."""

    signatures: list[Evidence] = field(default_factory=list)

    def begin_signature(self, place: Place) -> Evidence:
        """What is known of the message as a whole has held, and so have the signatures begun before."""
        evidence = Evidence(place)
        self.signatures.append(evidence)
        return evidence

    def valid(self) -> MessageReport:
        """The report when everything begun has held."""
        return MessageReport(
            valid=True,
            verified_at=self.now,
            checks=_checks(self.begun),
            signatures=tuple([evidence.report() for evidence in self.signatures]),
        )

    def refused(self, refusal: Refusal) -> MessageReport:
        """The report when what was begun last has failed: a signature, or a check of the message."""
        reports = [evidence.report() for evidence in self.signatures[:-1]]
        reports += [evidence.report(refusal) for evidence in self.signatures[-1:]]
        return MessageReport(
            valid=False,
            verified_at=self.now,
            reason=refusal.reason,
            detail=refusal.detail,
            checks=_checks(self.begun, None if reports else refusal),
            signatures=tuple(reports),
        )


def _checks(begun: list[str], refusal: Refusal | None = None) -> tuple[Check, ...]:
    if refusal is None:
        return tuple(map(_HELD.__getitem__, begun))
    return (*(_HELD[name] for name in begun[:-1]), Check(begun[-1], ok=False))
