"""Keys that sign: the service's own, and those of its clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from esutd_bus.signature.algorithms import ECDSA_SHA256, RSA_SHA256, SIGNATURES, SignatureAlgorithm
from esutd_bus.signature.gost.algorithms import algorithm_of
from esutd_bus.signature.gost.keys import GostPrivateKey

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_BY_KIND: Final = ((rsa.RSAPrivateKey, RSA_SHA256), (ec.EllipticCurvePrivateKey, ECDSA_SHA256))


class KeyFileError(Exception):
    """A key file cannot be used; the message names it and never its password."""


class SigningKey(Protocol):
    """What signing asks of a key, wherever the key itself is kept."""

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate of the key."""

    @property
    def certificate_chain(self) -> tuple[x509.Certificate, ...]:
        """The authorities above the certificate, as far as they are at hand."""

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """The algorithm that the key signs with unless told otherwise."""

    def sign(self, data: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """The data's SignatureValue octets, as XMLDSig writes them."""


class ServiceKey:
    """A private key held in memory, with its certificate.

    GOST keys come from the testbed alone: PKCS#12 files with one are not read yet, and signing with them is not
    constant-time (see `signature.gost`).
    """

    def __init__(
        self,
        private_key: PrivateKey | GostPrivateKey,
        certificate: x509.Certificate,
        certificate_chain: tuple[x509.Certificate, ...] = (),
    ) -> None:
        self.certificate = certificate
        self.certificate_chain = certificate_chain
        self._private_key = private_key

    @classmethod
    def from_pkcs12(cls, path: Path, password: str) -> ServiceKey:
        """The key, its certificate and the authorities above it, from a PKCS#12 file."""
        try:
            content = pkcs12.load_pkcs12(path.read_bytes(), password.encode())
        except OSError as error:
            raise KeyFileError(f"{path}: cannot be read: {error.strerror}") from error
        except UnsupportedAlgorithm as error:
            raise KeyFileError(f"{path}: holds a key of a kind that is not supported") from error
        except ValueError as error:
            raise KeyFileError(f"{path}: no PKCS#12 file, or not its password") from error
        if not isinstance(content.key, PrivateKey) or content.cert is None:
            raise KeyFileError(f"{path}: must hold one RSA or EC private key with its certificate")
        chain = tuple(more.certificate for more in content.additional_certs)
        return cls(content.key, content.cert.certificate, chain)

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """RSA-SHA256, ECDSA-SHA256, or the one of a GOST key's curve."""
        if isinstance(self._private_key, GostPrivateKey):
            return algorithm_of(self._private_key.public_key)
        return SIGNATURES[next(name for kind, name in _BY_KIND if isinstance(self._private_key, kind))]

    def sign(self, data: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """The data's SignatureValue octets."""
        return algorithm.sign(self._private_key, data)
