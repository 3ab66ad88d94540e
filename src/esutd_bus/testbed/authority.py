"""Whoever signs certificates, revocation lists or OCSP answers in tests: a certificate with its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from esutd_bus.signature.pkcs12.container import open_container
from esutd_bus.signature.pkcs12.private_key import PrivateKey, only_key

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority, or a responder that one has certified."""

    certificate: x509.Certificate
    key: PrivateKey

    @classmethod
    def load(cls, path: Path, password: str) -> Authority:
        """The one of a PKCS#12 file."""
        key, certificate = only_key(open_container(path.read_bytes(), password))
        return cls(certificate, key)
