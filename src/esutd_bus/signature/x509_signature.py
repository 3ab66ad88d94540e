"""What authorities sign beside certificates: revocation lists, OCSP answers (RFC 5280, 5.1.1; RFC 6960, 4.2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ObjectIdentifier
from cryptography.x509.oid import SignatureAlgorithmOID

from esutd_bus.signature.gost import certificates as gost
from esutd_bus.signature.gost.keys import GostPublicKey

_RSA: Final[Mapping[ObjectIdentifier, hashes.HashAlgorithm]] = MappingProxyType(
    {
        SignatureAlgorithmOID.RSA_WITH_SHA256: hashes.SHA256(),
        SignatureAlgorithmOID.RSA_WITH_SHA384: hashes.SHA384(),
        SignatureAlgorithmOID.RSA_WITH_SHA512: hashes.SHA512(),
    }
)
_ECDSA: Final[Mapping[ObjectIdentifier, hashes.HashAlgorithm]] = MappingProxyType(
    {
        SignatureAlgorithmOID.ECDSA_WITH_SHA256: hashes.SHA256(),
        SignatureAlgorithmOID.ECDSA_WITH_SHA384: hashes.SHA384(),
        SignatureAlgorithmOID.ECDSA_WITH_SHA512: hashes.SHA512(),
    }
)
"""The closed lists: an identifier → its digest. GOST's are in `gost.algorithms`."""


@asn1.sequence
class _Algorithm:
    """`AlgorithmIdentifier`: no algorithm of the lists has parameters but NULL."""

    identifier: ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class _Signed:
    """`SIGNED{…}`; of an OCSP answer, `BasicOCSPResponse`."""

    data: asn1.TLV
    algorithm: _Algorithm
    signature: asn1.BitString
    certificates: Annotated[list[asn1.TLV] | None, asn1.Explicit(0)]


def require_plain(der: bytes) -> None:
    """Raises ValueError where what stands around the signed part, and is not signed itself, is not as it must be."""
    if asn1.decode_der(_Signed, der).signature.padding_bits():
        raise ValueError("a signature is no whole number of octets")


def is_signed(data: bytes, signature: bytes, oid: ObjectIdentifier, key: Any) -> bool:
    """Whether the signed part of a list or an answer bears the key's signature.

    Raises `UnsupportedAlgorithm` for an algorithm off the closed lists (SHA-1 is none of them), or one that does
    not fit the key.
    """
    if isinstance(key, GostPublicKey):
        return gost.is_signed(data, signature, oid, key)
    try:
        if isinstance(key, rsa.RSAPublicKey) and oid in _RSA:
            key.verify(signature, data, padding.PKCS1v15(), _RSA[oid])
        elif isinstance(key, ec.EllipticCurvePublicKey) and oid in _ECDSA:
            key.verify(signature, data, ec.ECDSA(_ECDSA[oid]))
        else:
            raise UnsupportedAlgorithm(f"the signature algorithm {oid.dotted_string} is not accepted")
    except InvalidSignature:
        return False
    return True
