"""Keys of every kind with certificates of their own, for the files of these tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from esutd_bus.signature.gost.algorithms import GOST_SIGNATURES
from esutd_bus.signature.gost.keys import GostPrivateKey
from esutd_bus.signature.pkcs12.private_key import PrivateKey
from esutd_bus.testbed.gost_ca import sign_certificate

GOST_KINDS = {algorithm.curve.name: algorithm for algorithm in GOST_SIGNATURES}
BULK = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("2.16.840.1.113730.1.13"), b"\x04\x82\x04\x00" + bytes(1024)
)
"""Makes certificates as long as real ones are: BouncyCastle writes longer strings than 1000 octets in pieces."""

KINDS = ("rsa", "ec", *GOST_KINDS)


@cache
def pair(kind: str, name: str = "holder") -> tuple[PrivateKey, x509.Certificate]:
    """A key of a kind, and a certificate that it has signed itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        subject, subject, None, x509.random_serial_number(), now, now + timedelta(days=1)
    ).add_extension(BULK, critical=False)
    if kind in GOST_KINDS:
        key = GostPrivateKey.generate(GOST_KINDS[kind].curve)
        return key, sign_certificate(builder, key.public_key, key)
    other = (
        rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    )
    return other, builder.public_key(other.public_key()).sign(other, hashes.SHA256())


def gost_pair(kind: str, name: str = "holder") -> tuple[GostPrivateKey, x509.Certificate]:
    """The same for a kind that is known to be GOST."""
    key, certificate = pair(kind, name)
    assert isinstance(key, GostPrivateKey)
    return key, certificate
