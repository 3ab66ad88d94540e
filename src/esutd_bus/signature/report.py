"""The report: what was checked about a message's signatures, in which order, and what came of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from esutd_bus.signature.certificates import CertificateSummary
from esutd_bus.signature.explanation import explain
from esutd_bus.signature.revocation.revocation_status import RevocationStatus
from esutd_bus.signature.signer import Signer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from esutd_bus.signature.reason import Reason


class Check(NamedTuple):
    """One check that was made."""

    name: str
    """A word of `evidence.MESSAGE_CHECKS` or `evidence.CHECKS`."""

    ok: bool
    """Whether it held. The first that does not ends the verification."""


class SignatureReport(NamedTuple):
    """The outcome for one signature."""

    profile: str
    """The profile it was verified by: `wsse`, `header` or `document`."""

    position: str
    """Where it stands: `Envelope/Header/Security/Signature`, `RegisterContract/Signature[1]`."""

    valid: bool
    """Whether every check held."""

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
    """The certificate it is verified with. On a refusal this is only what it claims."""

    revocation: tuple[RevocationStatus, ...] = ()
    """Of each certificate up to the one that is trusted, the signer's first; empty where nobody asks."""

    signer: Signer | None = None
    """Who signed; told only of a valid signature."""

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's types: times as ISO 8601 with zone, absent parts as null."""
        told: dict[str, Any] = self._asdict()
        told["section"] = _section(self.reason)
        told["checks"] = _checks(self.checks)
        told["revocation"] = [dict(_revocation(status)) for status in self.revocation]
        told["certificate"] = self.certificate and dict(_certificate(self.certificate))
        told["signer"] = self.signer and dict(_signer(self.signer))
        return told


@dataclass(frozen=True, slots=True)
class MessageReport:
    """The outcome of one verification, for answers, the journal and a court."""

    valid: bool
    """Whether every check of the message and of each of its signatures held."""

    verified_at: datetime
    """The moment, with zone, that validity was judged at."""

    reason: Reason | None = None
    """Why the message is refused: the first refusal; none when it is valid."""

    detail: str | None = None
    """The reason in an English sentence."""

    checks: tuple[Check, ...] = ()
    """The checks made of the message as a whole, before any signature was looked at."""

    signatures: tuple[SignatureReport, ...] = ()
    """The signatures in the order verified, up to the first that is refused."""

    @property
    def section(self) -> str | None:
        """Where the rule is written that the message breaks."""
        return _section(self.reason)

    def refused(self, reason: Reason, detail: str) -> MessageReport:
        """This report of a message whose signatures hold, and that is refused all the same."""
        return replace(self, valid=False, reason=reason, detail=detail)

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's types. `explanation` is what a sender is told of the reason."""
        return {
            "valid": self.valid,
            "verified_at": self.verified_at.isoformat(),
            "reason": self.reason,
            "section": self.section,
            "detail": self.detail,
            "explanation": None if self.reason is None else asdict(explain(self.reason)),
            "checks": _checks(self.checks),
            "signatures": [signature.to_dict() for signature in self.signatures],
        }


def _section(reason: Reason | None) -> str | None:
    return None if reason is None else explain(reason).section


def _checks(checks: tuple[Check, ...]) -> list[Mapping[str, Any]]:
    return list(_told_of(checks))


# Nearly every message passes the same checks, and a sender's messages have one certificate.


@lru_cache(maxsize=256)
def _told_of(checks: tuple[Check, ...]) -> tuple[Mapping[str, Any], ...]:
    return tuple(check._asdict() for check in checks)


@lru_cache(maxsize=1024)
def _revocation(status: RevocationStatus) -> Mapping[str, Any]:
    return status.to_dict()


@lru_cache(maxsize=1024)
def _certificate(certificate: CertificateSummary) -> Mapping[str, Any]:
    return {name: getattr(certificate, name) for name in _CERTIFICATE} | {
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
    }


@lru_cache(maxsize=1024)
def _signer(signer: Signer) -> Mapping[str, Any]:
    return {name: getattr(signer, name) for name in _SIGNER} | {"roles": sorted(signer.roles)}


_CERTIFICATE, _SIGNER = (tuple(part.name for part in fields(kind)) for kind in (CertificateSummary, Signer))


class SignatureRefused(Exception):  # noqa: N818  # a verdict on a message, not an error of the program
    """The message's signature does not hold; `report` tells why."""

    def __init__(self, report: MessageReport) -> None:
        super().__init__(f"{report.reason}: {report.detail}")
        self.report = report
