"""The report: what was checked about a message's signature, in which order, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from esutd_bus.signature.certificates import CertificateSummary
from esutd_bus.signature.signer import Signer

if TYPE_CHECKING:
    from datetime import datetime

    from esutd_bus.signature.reason import Reason


@dataclass(frozen=True, slots=True)
class Check:
    """One check that was made."""

    name: str
    """A word of `evidence.CHECKS`."""

    ok: bool
    """Whether it held. The first that does not ends the verification."""


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """The outcome of one verification, for answers, the journal and a court."""

    profile: str
    """The profile the message was verified by: `wsse`."""

    valid: bool
    """Whether every check held."""

    verified_at: datetime
    """The moment, with zone, that validity was judged at."""

    reason: Reason | None = None
    """Why the signature is refused; none when it is valid."""

    detail: str | None = None
    """The reason in an English sentence."""

    checks: tuple[Check, ...] = ()
    """The checks made, in their order; on a refusal the last one is the one that failed."""

    signed_node: str | None = None
    """Path of the signed element below the document (`Envelope/Body`); told once its digest has matched."""

    reference: str | None = None
    """The Reference's URI (XMLDSig 4.4.3.1)."""

    signature_algorithm: str | None = None
    """SignatureMethod's identifier (XMLDSig 4.4.2)."""

    digest_algorithm: str | None = None
    """DigestMethod's identifier (XMLDSig 4.4.3.5)."""

    canonicalization: str | None = None
    """CanonicalizationMethod's identifier (XMLDSig 4.4.1)."""

    certificate: CertificateSummary | None = None
    """The certificate the message brings. On a refusal this is only what it claims."""

    signer: Signer | None = None
    """Who signed; told only of a valid signature."""

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's types: times as ISO 8601 with zone, absent parts as null."""
        told: dict[str, Any] = {name: getattr(self, name) for name in _REPORT}
        told["verified_at"] = self.verified_at.isoformat()
        told["checks"] = [{"name": check.name, "ok": check.ok} for check in self.checks]
        if (certificate := self.certificate) is not None:
            told["certificate"] = {name: getattr(certificate, name) for name in _CERTIFICATE} | {
                "not_before": certificate.not_before.isoformat(),
                "not_after": certificate.not_after.isoformat(),
            }
        if (signer := self.signer) is not None:
            told["signer"] = {name: getattr(signer, name) for name in _SIGNER}
        return told


_REPORT, _CERTIFICATE, _SIGNER = (
    tuple(part.name for part in fields(kind)) for kind in (SignatureReport, CertificateSummary, Signer)
)


class SignatureRefused(Exception):  # noqa: N818  # a verdict on a message, not an error of the program
    """The message's signature does not hold; `report` tells why."""

    def __init__(self, report: SignatureReport) -> None:
        super().__init__(f"{report.reason}: {report.detail}")
        self.report = report
