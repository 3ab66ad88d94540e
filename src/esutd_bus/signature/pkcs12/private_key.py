"""PKCS#8 (RFC 5208, 5): which key it is, and which certificate is the key's.

RSA and EC keys are `cryptography`'s. For what stands inside a GOST key the authority publishes no form, and libraries
differ: the number alone or within an OCTET STRING, its least octet first (RFC 9215, 4.3) or last; an INTEGER; an
`ECPrivateKey` (RFC 5915, 3), as BouncyCastle wrote them once. Each is tried, and the right one is known by its public
key, which the certificate tells: a number that was read wrongly never signs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key
from gmpy2 import mpz

from esutd_bus.signature.certificates import public_key
from esutd_bus.signature.gost.certificates import KEY_ALGORITHMS
from esutd_bus.signature.gost.keys import GostPrivateKey, GostPublicKey
from esutd_bus.signature.pkcs12.ber import sequence_of
from esutd_bus.signature.pkcs12.encryption import Pkcs12Error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from esutd_bus.signature.pkcs12.container import Container

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | GostPrivateKey

MAX_KEY_OCTETS: Final = 5120
"""Of a key. An RSA key of 8192 bits takes 4 700, and seconds to be examined: a longer one would hold up the start."""

_OCTET_STRING: Final = b"\x04"
_INTEGER: Final = b"\x02"
_SEQUENCE: Final = b"\x30"
_GOST: Final = frozenset(names[0] for names in KEY_ALGORITHMS)


@asn1.sequence
class _PrivateKeyInfo:
    """RFC 5208, 5."""

    version: int
    algorithm: list[asn1.TLV]
    key: bytes
    attributes: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(0)]


def only_key(container: Container) -> tuple[PrivateKey, x509.Certificate]:
    """The one key of a file, and the certificate that is the key's. Raises `Pkcs12Error`."""
    if len(container.keys) > 1:
        raise Pkcs12Error("holds several private keys; one is expected")
    if not container.keys:
        raise Pkcs12Error("holds no private key")
    if not container.certificates:
        raise Pkcs12Error("holds no certificate")
    kind, octets = _told(container.keys[0])
    key = None if kind in _GOST else _of_cryptography(container.keys[0])
    for certificate in container.certificates:
        try:
            public = public_key(certificate)
        except (ValueError, UnsupportedAlgorithm):
            continue
        if key is not None and key.public_key() == public:
            return key, certificate
        if key is None and isinstance(public, GostPublicKey) and (found := _gost_key(octets, public)):
            return found, certificate
    raise Pkcs12Error("none of its certificates is that of its private key")


def _told(pkcs8: bytes) -> tuple[x509.ObjectIdentifier, bytes]:
    """(the key's algorithm, the octets inside)."""
    if len(pkcs8) > MAX_KEY_OCTETS:
        raise Pkcs12Error(f"its private key is larger than {MAX_KEY_OCTETS} octets")
    try:
        info = asn1.decode_der(_PrivateKeyInfo, pkcs8)
        return info.algorithm[0].parse(x509.ObjectIdentifier), info.key
    except (ValueError, IndexError) as error:
        raise Pkcs12Error("its private key is malformed") from error


def _of_cryptography(pkcs8: bytes) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    try:
        key = load_der_private_key(pkcs8, None)
    except (ValueError, TypeError) as error:
        raise Pkcs12Error("its private key is malformed") from error
    except UnsupportedAlgorithm:
        key = None
    if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return key
    raise Pkcs12Error("its private key is neither RSA, elliptic curve nor GOST")


def _gost_key(octets: bytes, public: GostPublicKey) -> GostPrivateKey | None:
    """The key with that public key, if that is what the octets hold in one of the forms."""
    for number in dict.fromkeys(_numbers(octets)):
        if 0 < number < public.curve.q:
            key = GostPrivateKey(public.curve, mpz(number))
            if key.public_key == public:
                return key
    return None


def _numbers(octets: bytes) -> Iterator[int]:
    yield from _in_both_orders(octets)
    try:
        if octets.startswith(_SEQUENCE):
            _, octets, *_ = sequence_of(octets)
        inner = asn1.decode_der(asn1.TLV, octets)
        if inner.tag_bytes == _OCTET_STRING:
            yield from _in_both_orders(inner.parse(bytes))
        elif inner.tag_bytes == _INTEGER:
            yield inner.parse(int)
    except ValueError:
        return  # there is nothing inside


def _in_both_orders(octets: bytes) -> Iterator[int]:
    yield int.from_bytes(octets, "little")
    yield int.from_bytes(octets, "big")
