"""Keys that sign: the service's own, and those of its clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from esutd_bus.signature.algorithms import ECDSA_SHA256, RSA_SHA256, SIGNATURES, SignatureAlgorithm
from esutd_bus.signature.gost.algorithms import algorithm_of
from esutd_bus.signature.gost.keys import GostPrivateKey
from esutd_bus.signature.pkcs12.container import MAX_OCTETS, open_container
from esutd_bus.signature.pkcs12.encryption import Pkcs12Error
from esutd_bus.signature.pkcs12.private_key import PrivateKey, only_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cryptography import x509

_BY_KIND: Final = ((rsa.RSAPublicKey, RSA_SHA256), (ec.EllipticCurvePublicKey, ECDSA_SHA256))


class KeyFileError(Exception):
    """A key cannot be used; the message names its file or token, and never its password."""


class KeyUnavailableError(Exception):
    """A key cannot sign at this moment: its token is away. The message names it."""


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
        """The data's SignatureValue octets, as XMLDSig writes them. Raises `KeyUnavailableError`."""


class ServiceKey:
    """A private key held in memory, with its certificate.

    Signing with a GOST key is not constant-time (see `signature.gost`).
    """

    def __init__(
        self,
        private_key: PrivateKey,
        certificate: x509.Certificate,
        certificate_chain: tuple[x509.Certificate, ...] = (),
    ) -> None:
        self.certificate = certificate
        self.certificate_chain = certificate_chain
        self._private_key = private_key

    @classmethod
    def from_pkcs12(cls, path: Path, password: str) -> ServiceKey:
        """The one key of a PKCS#12 file, its certificate and the authorities above it.

        Raises `KeyFileError`, whatever the file holds.
        """
        try:
            with path.open("rb") as file:
                container = open_container(file.read(MAX_OCTETS + 1), password)
            key, certificate = only_key(container)
        except OSError as error:
            raise KeyFileError(f"{path}: cannot be read: {error.strerror}") from error
        except Pkcs12Error as error:
            raise KeyFileError(f"{path}: {error}") from error
        return cls(key, certificate, tuple(_above(certificate, container.certificates)))

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """RSA-SHA256, ECDSA-SHA256, or the one of a GOST key's curve."""
        if isinstance(self._private_key, GostPrivateKey):
            return algorithm_of(self._private_key.public_key)
        return algorithm_for(self._private_key.public_key())

    def sign(self, data: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """The data's SignatureValue octets."""
        return algorithm.sign(self._private_key, data)


def algorithm_for(public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> SignatureAlgorithm:
    """What an RSA or EC key signs with: RSA-SHA256, ECDSA-SHA256."""
    return SIGNATURES[next(name for kind, name in _BY_KIND if isinstance(public_key, kind))]


def _above(certificate: x509.Certificate, others: Iterable[x509.Certificate]) -> Iterator[x509.Certificate]:
    """The authorities above a certificate, each the issuer of the one before by its name."""
    left = [one for one in others if one != certificate]
    while certificate.issuer != certificate.subject:
        issuer = next((one for one in left if one.subject == certificate.issuer), None)
        if issuer is None:
            return
        left.remove(issuer)
        yield issuer
        certificate = issuer
