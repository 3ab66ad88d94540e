"""Where revocation is learned, and how strictly it is judged: the settings, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from esutd_bus.revocation_memory import answer_lifetime, tolerance
from esutd_bus.signature.revocation.cert_id import HASHES
from esutd_bus.signature.trust import TrustStore

if TYPE_CHECKING:
    from esutd_bus.settings import Settings
    from esutd_bus.signature.revocation.period import Tolerance


@dataclass(frozen=True, slots=True)
class Sources:
    """Addresses, intervals, and the authorities whose word counts."""

    authorities: Mapping[str, x509.Certificate]
    """By fingerprint (SHA-256, hexadecimal)."""

    crl_urls: Sequence[str]
    crl_interval: timedelta
    ocsp_urls: Sequence[str]
    ocsp_interval: timedelta
    ocsp_hash: hashes.HashAlgorithm
    ocsp_nonce_required: bool
    tolerance: Tolerance
    answer_lifetime: timedelta

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """None where nobody asks. Raises TrustError."""
        if settings.revocation_policy == "off" or settings.trust_dir is None:
            return None
        trust = TrustStore.from_directory(settings.trust_dir)
        return cls(
            authorities={one.fingerprint(hashes.SHA256()).hex(): one for one in trust.authorities},
            crl_urls=settings.crl_urls,
            crl_interval=timedelta(minutes=settings.crl_interval_minutes),
            ocsp_urls=settings.ocsp_urls,
            ocsp_interval=timedelta(minutes=settings.ocsp_interval_minutes),
            ocsp_hash=HASHES[settings.ocsp_hash],
            ocsp_nonce_required=settings.ocsp_nonce_required,
            tolerance=tolerance(settings),
            answer_lifetime=answer_lifetime(settings),
        )
