"""Authorities that revoke, for single tests; and lists and answers with one thing made otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from issuing import issue, usage

from esutd_bus.signature.gost.algorithms import GOST_2015_512
from esutd_bus.signature.gost.keys import GostPrivateKey
from esutd_bus.signature.pkcs12.private_key import PrivateKey
from esutd_bus.signature.revocation.period import Tolerance
from esutd_bus.testbed.authority import Authority
from esutd_bus.testbed.gost_ca import sign_revocation_list
from esutd_bus.testbed.revoking import RevokingAuthority

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
STRICT = Tolerance()
KINDS = ("rsa", "ec", "gost")
OCSP_SIGNING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])


@cache
def own_key(kind: str, label: str = "authority") -> PrivateKey:
    del label
    if kind == "gost":
        return GostPrivateKey.generate(GOST_2015_512.curve)
    return rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())


@cache
def certified(kind: str, label: str = "authority", *usages: str) -> Authority:
    """An authority that issued itself, of a name with its kind in it."""
    extensions = (
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (usage(*(usages or ("key_cert_sign", "crl_sign"))), True),
    )
    issued = issue(f"Authority ({kind})", own_key=own_key(kind, label), extensions=extensions)
    return Authority(issued.certificate, own_key(kind, label))


def revoking(kind: str = "ec") -> RevokingAuthority:
    """A fresh one of them, with a responder that it has certified."""
    authority = certified(kind)
    itself = RevokingAuthority(authority, authority, {}, now=NOW)
    return RevokingAuthority(
        authority, itself.certify("Responder", OCSP_SIGNING, x509.OCSPNoCheck()), {}, now=NOW
    )


def crl(
    authority: Authority,
    *,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = ((x509.CRLNumber(1), False),),
    entries: Sequence[tuple[int, Sequence[tuple[x509.ExtensionType, bool]]]] = (),
    this_update: datetime = NOW,
    next_update: datetime = NOW + HOUR,
    digest: hashes.HashAlgorithm | None = None,
) -> bytes:
    """A list with these extensions, and entries (serial number, extensions)."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(this_update)
        .next_update(next_update)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    for serial, more in entries:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - HOUR)
        for extension, critical in more:
            entry = entry.add_extension(extension, critical)
        builder = builder.add_revoked_certificate(entry.build())
    if isinstance(authority.key, GostPrivateKey):
        return sign_revocation_list(builder, authority.key).public_bytes(Encoding.DER)
    return builder.sign(authority.key, digest or hashes.SHA256()).public_bytes(Encoding.DER)


def ask(der: bytes) -> ocsp.OCSPRequest:
    """A request as a responder reads it."""
    return ocsp.load_der_ocsp_request(der)
