"""How OCSP names a certificate: by hashes of its issuer's name and key, and its serial number (RFC 6960, 4.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives import hashes

from esutd_bus.signature.revocation.raw_certificate import key_octets

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.x509 import ocsp

HASHES: Final = {one.name: one for one in (hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512())}  # noqa: S303  # a name, not a signature: what it stands for is compared whole
"""By their names, in lower case."""


@dataclass(frozen=True, slots=True)
class CertId:
    """`CertID`. No secret and no signature: SHA-1 is as good here as any, and what most responders take."""

    hash: hashes.HashAlgorithm
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int

    @classmethod
    def of(cls, serial: int, issuer: x509.Certificate, algorithm: hashes.HashAlgorithm) -> CertId:
        """The name of an issuer's certificate. Raises ValueError where the issuer's key cannot be read."""
        return cls(
            algorithm,
            digest(issuer.subject.public_bytes(), algorithm),
            digest(key_octets(issuer), algorithm),
            serial,
        )

    def is_in(self, answer: ocsp.OCSPResponse) -> bool:
        """Whether an answer about one certificate is about this one."""
        return (
            answer.serial_number == self.serial
            and answer.issuer_name_hash == self.issuer_name_hash
            and answer.issuer_key_hash == self.issuer_key_hash
        )


def digest(data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    """The data's hash."""
    function = hashes.Hash(algorithm)
    function.update(data)
    return function.finalize()
