"""GOST in X.509: the keys of certificates, and the signatures of whatever authorities sign.

`cryptography` reads everything around a key it does not know; the key itself is read here (RFC 5280, 4.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, ObjectIdentifier

from esutd_bus.signature.gost.algorithms import GOST_SIGNATURES
from esutd_bus.signature.gost.curves import CRYPTOPRO_A, TC26_256_A, TC26_512_A, Curve
from esutd_bus.signature.gost.keys import GostPublicKey

KEY_ALGORITHMS: Final[Mapping[tuple[ObjectIdentifier, ...], Curve]] = MappingProxyType(
    {
        tuple(map(ObjectIdentifier, names)): curve
        for names, curve in {
            ("1.2.398.3.10.1.1.2.2", "1.2.398.3.10.1.1.2.2.1", "1.2.398.3.10.1.3.3"): TC26_512_A,
            ("1.2.398.3.10.1.1.2.1", "1.2.398.3.10.1.1.2.1.1", "1.2.398.3.10.1.3.2"): TC26_256_A,
            ("1.2.398.3.10.1.1.1.1", "1.2.398.3.10.1.1.1.1.1", "1.2.398.3.10.1.3.1.1.0"): CRYPTOPRO_A,
        }.items()
    }
)
"""A key's algorithm, with its parameters: curve and hash → the curve.

The first and the last are those of the authority's certificates. No certificate with a key of 256 bits was at
hand: its numbers are those of the authority's own library (Kalkan).
"""

_SIGNATURES: Final = MappingProxyType({algorithm.oid: algorithm for algorithm in GOST_SIGNATURES})


@asn1.sequence
class GostKeyParameters:
    """`GostR3410-2012-PublicKeyParameters` (RFC 9215, 4.2)."""

    curve: ObjectIdentifier
    digest: ObjectIdentifier


@asn1.sequence
class GostKeyAlgorithm:
    """`AlgorithmIdentifier` of a GOST key."""

    algorithm: ObjectIdentifier
    parameters: GostKeyParameters


@asn1.sequence
class GostKeyInfo:
    """`SubjectPublicKeyInfo`; the bit string holds an OCTET STRING, which holds x‖y."""

    algorithm: GostKeyAlgorithm
    key: asn1.BitString


@asn1.sequence
class _TbsCertificate:
    version: Annotated[int, asn1.Explicit(0), asn1.Default(0)]
    serial: int
    signature: asn1.TLV
    issuer: asn1.TLV
    validity: asn1.TLV
    subject: asn1.TLV
    key_info: asn1.TLV
    issuer_unique_id: Annotated[asn1.BitString | None, asn1.Implicit(1)]
    subject_unique_id: Annotated[asn1.BitString | None, asn1.Implicit(2)]
    extensions: Annotated[list[asn1.TLV] | None, asn1.Explicit(3)]


@asn1.sequence
class _Certificate:
    tbs_certificate: _TbsCertificate
    algorithm: asn1.TLV
    signature: asn1.BitString


def public_key(certificate: Certificate) -> GostPublicKey:
    """The key of a certificate.

    Raises `UnsupportedAlgorithm` when it is of no kind known here, and `ValueError` when it is malformed or no
    point of its curve.
    """
    if certificate.public_key_algorithm_oid not in {names[0] for names in KEY_ALGORITHMS}:
        raise UnsupportedAlgorithm("the certificate's key is no GOST key")
    tbs_certificate = asn1.decode_der(_TbsCertificate, certificate.tbs_certificate_bytes)
    key_info = tbs_certificate.key_info.parse(GostKeyInfo)
    if key_info.key.padding_bits():
        raise ValueError("the key's bit string is no whole number of octets")
    octets = asn1.decode_der(bytes, key_info.key.as_bytes())
    return GostPublicKey.from_octets(_curve(key_info.algorithm), octets)


def is_signed(data: bytes, signature: bytes, oid: ObjectIdentifier, key: GostPublicKey) -> bool:
    """Whether a certificate's, a revocation list's or an OCSP answer's signed part bears the key's signature."""
    algorithm = _SIGNATURES.get(oid)
    return algorithm is not None and algorithm.fits(key) and algorithm.verify(key, signature, data)


def is_certified(certificate: Certificate, key: GostPublicKey) -> bool:
    """Whether a certificate bears the key's signature, by the algorithm that its signed part names too.

    RFC 5280, 4.1.1.2. Raises `ValueError` for a certificate that is malformed.
    """
    parts = asn1.decode_der(_Certificate, certificate.public_bytes(Encoding.DER))
    inner, outer = parts.tbs_certificate.signature, parts.algorithm
    return (
        (inner.tag_bytes, inner.data) == (outer.tag_bytes, outer.data)
        and not parts.signature.padding_bits()
        and is_signed(
            certificate.tbs_certificate_bytes,
            certificate.signature,
            certificate.signature_algorithm_oid,
            key,
        )
    )


def _curve(algorithm: GostKeyAlgorithm) -> Curve:
    parameters = algorithm.parameters
    curve = KEY_ALGORITHMS.get((algorithm.algorithm, parameters.curve, parameters.digest))
    if curve is None:
        raise UnsupportedAlgorithm("the certificate's key is on a curve that is not accepted")
    return curve
