"""The closed list of GOST signatures: each binds one curve and one hash to their names in XML and in X.509.

The XML names are the authority's own (`urn:…:pkigovkz:…`), or those its tools borrowed from XMLDSig's space.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from cryptography.x509 import ObjectIdentifier

from esutd_bus.signature.gost.curves import CRYPTOPRO_A, TC26_256_A, TC26_512_A, Curve
from esutd_bus.signature.gost.hashes import GOST_34_311_95, STREEBOG_256, STREEBOG_512, GostHash
from esutd_bus.signature.gost.keys import GostPublicKey
from esutd_bus.signature.gost.signature import sign, verify

if TYPE_CHECKING:
    from collections.abc import Mapping

_PKIGOVKZ: Final = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
_XMLDSIG_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"


@dataclass(frozen=True, slots=True)
class GostSignature:
    """One way to sign octets with a GOST key (a `signature.algorithms.SignatureAlgorithm`)."""

    identifier: str
    """SignatureMethod's Algorithm."""

    digest_method: str
    """DigestMethod's Algorithm in what it signs: that of its own hash."""

    oid: ObjectIdentifier
    """What a certificate, a revocation list or an OCSP answer calls it."""

    curve: Curve
    hash: GostHash

    def fits(self, public_key: Any) -> bool:
        """GOST keys on this curve."""
        return isinstance(public_key, GostPublicKey) and public_key.curve is self.curve

    def verify(self, public_key: Any, signature: bytes, data: bytes) -> bool:
        """Whether the signature holds."""
        return verify(public_key, signature, self.hash(data))

    def sign(self, private_key: Any, data: bytes) -> bytes:
        """r‖s. Not constant-time."""
        return sign(private_key, self.hash(data))


GOST_2015_512: Final = GostSignature(
    f"{_PKIGOVKZ}gostr34102015-gostr34112015-512",
    f"{_PKIGOVKZ}gostr34112015-512",
    ObjectIdentifier("1.2.398.3.10.1.1.2.3.2"),
    TC26_512_A,
    STREEBOG_512,
)
GOST_2015_256: Final = GostSignature(
    f"{_PKIGOVKZ}gostr34102015-gostr34112015-256",
    f"{_PKIGOVKZ}gostr34112015-256",
    ObjectIdentifier("1.2.398.3.10.1.1.2.3.1"),
    TC26_256_A,
    STREEBOG_256,
)
GOST_2004: Final = GostSignature(
    f"{_XMLDSIG_MORE}gost34310-gost34311",
    f"{_XMLDSIG_MORE}gost34311",
    ObjectIdentifier("1.2.398.3.10.1.1.1.2"),
    CRYPTOPRO_A,
    GOST_34_311_95,
)

GOST_SIGNATURES: Final = (GOST_2015_512, GOST_2015_256, GOST_2004)
"""All there are; the authority has issued with the first alone since 28.04.2024."""

GOST_DIGESTS: Final[Mapping[str, GostHash]] = MappingProxyType(
    {algorithm.digest_method: algorithm.hash for algorithm in GOST_SIGNATURES}
)
"""DigestMethod → its function."""


def algorithm_of(key: GostPublicKey) -> GostSignature:
    """The one way to sign with a key."""
    return next(algorithm for algorithm in GOST_SIGNATURES if algorithm.fits(key))
