"""What an OCSP responder is asked (RFC 6960, 4.1)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

if TYPE_CHECKING:
    from esutd_bus.signature.revocation.cert_id import CertId

NONCE_OCTETS: Final = 32
"""RFC 9654, 2.1."""

MEDIA_TYPE: Final = "application/ocsp-request"


@dataclass(frozen=True, slots=True)
class OcspRequest:
    """A request about one certificate."""

    der: bytes
    nonce: bytes
    """What the answer must give back, so that nobody can replay an older one."""

    @classmethod
    def about(cls, certificate: CertId) -> OcspRequest:
        """A fresh one. It is not signed."""
        nonce = os.urandom(NONCE_OCTETS)
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
            certificate.issuer_name_hash, certificate.issuer_key_hash, certificate.serial, certificate.hash
        )
        request = builder.add_extension(x509.OCSPNonce(nonce), critical=False).build()
        return cls(request.public_bytes(Encoding.DER), nonce)
