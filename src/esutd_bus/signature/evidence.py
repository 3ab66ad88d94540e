"""Evidence: what a verification has found so far, from which its report is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from esutd_bus.signature.report import Check, SignatureReport

if TYPE_CHECKING:
    from datetime import datetime

    from esutd_bus.signature.certificates import CertificateSummary
    from esutd_bus.signature.reason import Refusal
    from esutd_bus.signature.signer import Signer


CHECKS: Final = (
    "envelope",
    "position",
    "structure",
    "algorithms",
    "unique-ids",
    "reference",
    "timestamp",
    "key-info",
    "certificate",
    "key-usage",
    "subject",
    "trust",
    "validity",
    "signature",
    "digest",
)
"""Every check, in the order they are made. `envelope` is the bytes' own, made before a verifier sees them."""

_HELD: Final = {name: Check(name, ok=True) for name in CHECKS}


@dataclass(slots=True)
class Evidence:
    """Filled in as the checks go on; a check begun after another says that the other held."""

    profile: str
    now: datetime
    begun: list[str] = field(default_factory=list)
    reference: str | None = None
    signature_algorithm: str | None = None
    digest_algorithm: str | None = None
    canonicalization: str | None = None
    certificate: CertificateSummary | None = None

    def begin(self, check: str) -> None:
        """The checks begun before have held; this one is being made."""
        self.begun.append(check)

    def valid(self, signer: Signer, signed_node: str) -> SignatureReport:
        """The report when every check begun has held."""
        return SignatureReport(
            profile=self.profile,
            valid=True,
            verified_at=self.now,
            checks=tuple([_HELD[name] for name in self.begun]),
            signed_node=signed_node,
            reference=self.reference,
            signature_algorithm=self.signature_algorithm,
            digest_algorithm=self.digest_algorithm,
            canonicalization=self.canonicalization,
            certificate=self.certificate,
            signer=signer,
        )

    def refused(self, refusal: Refusal) -> SignatureReport:
        """The report when the check begun last has failed."""
        return SignatureReport(
            profile=self.profile,
            valid=False,
            verified_at=self.now,
            reason=refusal.reason,
            detail=refusal.detail,
            checks=(*(_HELD[name] for name in self.begun[:-1]), Check(self.begun[-1], ok=False)),
            reference=self.reference,
            signature_algorithm=self.signature_algorithm,
            digest_algorithm=self.digest_algorithm,
            canonicalization=self.canonicalization,
            certificate=self.certificate,
        )
