"""The closed lists of algorithms: what is not named here is refused (XMLDSig 6.1, 12.3).

A kind of signature knows the keys it fits, and how SignatureValue is written (XMLDSig 6.4).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from esutd_bus.signature.gost.algorithms import GOST_DIGESTS, GOST_SIGNATURES
from esutd_bus.signature.reason import Reason, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_XMLDSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
_XMLDSIG_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_XMLENC: Final = "http://www.w3.org/2001/04/xmlenc#"

RSA_SHA256: Final = f"{_XMLDSIG_MORE}rsa-sha256"
ECDSA_SHA256: Final = f"{_XMLDSIG_MORE}ecdsa-sha256"
SHA256: Final = f"{_XMLENC}sha256"
SHA384: Final = f"{_XMLDSIG_MORE}sha384"
SHA512: Final = f"{_XMLENC}sha512"


class SignatureAlgorithm(Protocol):
    """One way to sign octets with a private key."""

    @property
    def identifier(self) -> str:
        """SignatureMethod's Algorithm."""

    @property
    def digest_method(self) -> str:
        """DigestMethod's Algorithm in what is signed this way. Verifying takes any other of the list too."""

    def fits(self, public_key: Any) -> bool:
        """Whether a key is of the kind this algorithm takes."""

    def verify(self, public_key: Any, signature: bytes, data: bytes) -> bool:
        """Whether SignatureValue's octets are the data's under the key."""

    def sign(self, private_key: Any, data: bytes) -> bytes:
        """The data's SignatureValue octets."""


@dataclass(frozen=True, slots=True)
class RsaPkcs1:
    """RSASSA-PKCS1-v1_5 (RFC 8017, 8.2; XMLDSig 6.4.2)."""

    identifier: str
    digest_method: str
    hash: hashes.HashAlgorithm

    def fits(self, public_key: Any) -> bool:
        """RSA keys."""
        return isinstance(public_key, rsa.RSAPublicKey)

    def verify(self, public_key: Any, signature: bytes, data: bytes) -> bool:
        """Whether the signature holds."""
        try:
            public_key.verify(signature, data, _PKCS1V15, self.hash)
        except InvalidSignature:
            return False
        return True

    def sign(self, private_key: Any, data: bytes) -> bytes:
        """As many octets as the modulus has."""
        signature: bytes = private_key.sign(data, _PKCS1V15, self.hash)
        return signature


@dataclass(frozen=True, slots=True)
class Ecdsa:
    """ECDSA; SignatureValue is r‖s, each as long as the curve's order (XMLDSig 1.1, 6.4.3), not ASN.1."""

    identifier: str
    digest_method: str
    hash: hashes.HashAlgorithm

    def fits(self, public_key: Any) -> bool:
        """Elliptic curve keys."""
        return isinstance(public_key, ec.EllipticCurvePublicKey)

    def verify(self, public_key: Any, signature: bytes, data: bytes) -> bool:
        """Whether the signature holds and has exactly its length."""
        size = _coordinate_size(public_key)
        if len(signature) != 2 * size:
            return False
        r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
        try:
            public_key.verify(encode_dss_signature(r, s), data, ec.ECDSA(self.hash))
        except InvalidSignature:
            return False
        return True

    def sign(self, private_key: Any, data: bytes) -> bytes:
        """r‖s."""
        r, s = decode_dss_signature(private_key.sign(data, ec.ECDSA(self.hash)))
        size = _coordinate_size(private_key)
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


_PKCS1V15: Final = padding.PKCS1v15()


def _coordinate_size(key: Any) -> int:
    return (int(key.curve.key_size) + 7) // 8


def _by_identifier(*algorithms: SignatureAlgorithm) -> Mapping[str, SignatureAlgorithm]:
    return MappingProxyType({algorithm.identifier: algorithm for algorithm in algorithms})


SIGNATURES: Final = _by_identifier(
    RsaPkcs1(RSA_SHA256, SHA256, hashes.SHA256()),
    RsaPkcs1(f"{_XMLDSIG_MORE}rsa-sha384", SHA384, hashes.SHA384()),
    RsaPkcs1(f"{_XMLDSIG_MORE}rsa-sha512", SHA512, hashes.SHA512()),
    Ecdsa(ECDSA_SHA256, SHA256, hashes.SHA256()),
    *GOST_SIGNATURES,
)
"""SignatureMethod → how its signatures are made and verified."""

DIGESTS: Final[Mapping[str, Callable[[bytes], bytes]]] = MappingProxyType(
    {
        SHA256: lambda data: hashlib.sha256(data).digest(),
        SHA384: lambda data: hashlib.sha384(data).digest(),
        SHA512: lambda data: hashlib.sha512(data).digest(),
        **GOST_DIGESTS,
    }
)
"""DigestMethod → its function."""

_REFUSED: Final[Mapping[str, Reason]] = MappingProxyType(
    {
        f"{_XMLDSIG}sha1": Reason.WEAK_DIGEST,
        f"{_XMLDSIG}rsa-sha1": Reason.WEAK_DIGEST,
        f"{_XMLDSIG}dsa-sha1": Reason.WEAK_DIGEST,
        f"{_XMLDSIG_MORE}rsa-sha1": Reason.WEAK_DIGEST,
        f"{_XMLDSIG_MORE}ecdsa-sha1": Reason.WEAK_DIGEST,
        f"{_XMLDSIG_MORE}rsa-md5": Reason.WEAK_DIGEST,
        f"{_XMLDSIG_MORE}md5": Reason.WEAK_DIGEST,
        f"{_XMLDSIG}hmac-sha1": Reason.SYMMETRIC_ALGORITHM,
        **{
            f"{_XMLDSIG_MORE}hmac-{name}": Reason.SYMMETRIC_ALGORITHM
            for name in ("md5", "ripemd160", "sha224", "sha256", "sha384", "sha512")
        },
    }
)
"""Known algorithms whose refusal deserves a word of its own. All others are `Reason.ALGORITHM`."""


def signature_algorithm(identifier: str) -> SignatureAlgorithm:
    """The algorithm of a SignatureMethod, or a refusal."""
    if (algorithm := SIGNATURES.get(identifier)) is None:
        raise _refusal(identifier, "SignatureMethod")
    return algorithm


def digest_function(identifier: str) -> Callable[[bytes], bytes]:
    """The function of a DigestMethod, or a refusal."""
    if (function := DIGESTS.get(identifier)) is None:
        raise _refusal(identifier, "DigestMethod")
    return function


def _refusal(identifier: str, where: str) -> Refusal:
    return Refusal(_REFUSED.get(identifier, Reason.ALGORITHM), f"{where} {identifier!r} is not accepted")
