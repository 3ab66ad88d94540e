"""Certificates for single tests, issued by authorities of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from esutd_bus.signature.gost.curves import Curve
from esutd_bus.signature.gost.keys import GostPrivateKey
from esutd_bus.testbed.gost_ca import sign_certificate

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | GostPrivateKey
NOW = datetime.now(UTC)


@cache
def key(label: str = "shared", curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    del label
    return ec.generate_private_key(curve())


@cache
def gost_key(label: str, curve: Curve) -> GostPrivateKey:
    del label
    return GostPrivateKey.generate(curve)


def usage(*wanted: str) -> x509.KeyUsage:
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(**{name: name in wanted for name in every})


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def name(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    """A name in UTF-8 strings, whatever the attribute's own kind of string is."""
    return x509.Name([x509.NameAttribute(oid, value, _ASN1Type.UTF8String) for oid, value in attributes])


EMPLOYER = name(
    (NameOID.COMMON_NAME, "АХМЕТОВ АЙДАР"),
    (NameOID.SERIAL_NUMBER, "IIN850315100105"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "BIN990440000385"),
)


def issue(
    subject: str | x509.Name,
    issuer: Issued | None = None,
    *,
    own_key: Key | None = None,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    days: tuple[int, int] = (-10, 10),
    digest: hashes.HashAlgorithm | None = None,
) -> Issued:
    """A certificate; self-signed without an issuer."""
    if isinstance(subject, str):
        own_key = own_key or key(subject)
        subject = name((NameOID.COMMON_NAME, subject))
    own_key = own_key or key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    issuer_key = issuer.key if issuer else own_key
    if isinstance(own_key, GostPrivateKey):
        assert isinstance(issuer_key, GostPrivateKey)
        return Issued(sign_certificate(builder, own_key.public_key, issuer_key), own_key)
    assert not isinstance(issuer_key, GostPrivateKey)
    signed = builder.public_key(own_key.public_key()).sign(issuer_key, digest or hashes.SHA256())
    return Issued(signed, own_key)


def authority(
    subject: str,
    issuer: Issued | None = None,
    *,
    own_key: Key | None = None,
    path_length: int | None = None,
    days: tuple[int, int] = (-10, 10),
) -> Issued:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    extensions = ((constraints, True), (usage("key_cert_sign"), True))
    return issue(subject, issuer, own_key=own_key, extensions=extensions, days=days)


def employer(
    issuer: Issued,
    *more: tuple[x509.ExtensionType, bool],
    own_key: Key | None = None,
    days: tuple[int, int] = (-10, 10),
    digest: hashes.HashAlgorithm | None = None,
) -> Issued:
    extensions = ((usage("content_commitment"), True), *more)
    return issue(EMPLOYER, issuer, own_key=own_key, extensions=extensions, days=days, digest=digest)


def of_an_unknown_kind(gost: Issued) -> bytes:
    """A certificate's DER whose key, of 34.10-2015/512, is called something nobody knows."""
    known, unknown = bytes.fromhex("06092a830e030a01010202"), bytes.fromhex("06092a830e030a01010209")
    assert gost.der.count(known) == 1
    return gost.der.replace(known, unknown)


P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ECDSA_WITH_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
"""As an AlgorithmIdentifier, DER (RFC 5758, 3.2)."""


def twin(certificate: x509.Certificate) -> bytes:
    """The same certificate in other octets: of an ECDSA signature (r, s) on P-256 the twin (r, n - s) holds as well."""
    r, s = decode_dss_signature(certificate.signature)
    value = b"\0" + encode_dss_signature(r, P256_ORDER - s)
    return _tlv(0x30, certificate.tbs_certificate_bytes + _ECDSA_WITH_SHA256 + _tlv(0x03, value))


def _tlv(tag: int, content: bytes) -> bytes:
    """DER of less than 64 KiB."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes(1 if size < 0x100 else 2, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
