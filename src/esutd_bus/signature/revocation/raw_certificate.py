"""What `cryptography` does not tell of a certificate: its key's octets, and the extensions beside a broken one."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID


@asn1.sequence
class _Extension:
    identifier: x509.ObjectIdentifier
    critical: Annotated[bool, asn1.Default(False)]
    value: bytes


@asn1.sequence
class _KeyInfo:
    algorithm: asn1.TLV
    key: asn1.BitString


@asn1.sequence
class _TbsCertificate:
    """RFC 5280, 4.1."""

    version: Annotated[int, asn1.Explicit(0), asn1.Default(0)]
    serial: int
    signature: asn1.TLV
    issuer: asn1.TLV
    validity: asn1.TLV
    subject: asn1.TLV
    key_info: _KeyInfo
    issuer_unique_id: Annotated[asn1.BitString | None, asn1.Implicit(1)]
    subject_unique_id: Annotated[asn1.BitString | None, asn1.Implicit(2)]
    extensions: Annotated[list[_Extension] | None, asn1.Explicit(3)]


@asn1.sequence
class _Certificate:
    tbs: _TbsCertificate
    algorithm: asn1.TLV
    signature: asn1.BitString


def key_octets(certificate: x509.Certificate) -> bytes:
    """The subjectPublicKey's octets, which OCSP's names of keys are hashes of (RFC 6960, 4.1.1). Raises ValueError."""
    return asn1.decode_der(_TbsCertificate, certificate.tbs_certificate_bytes).key_info.key.as_bytes()


def extensions_but_nocheck(certificate: x509.Certificate) -> x509.Extensions:
    """All extensions but `id-pkix-ocsp-nocheck`. Raises ValueError, DuplicateExtension.

    In certificates of the national authority's responders it has no octets, not even the NULL that it must hold (RFC
    6960, 4.2.2.2.1), and `cryptography` then reads none of the extensions. So it is taken out of a copy, which
    nobody's signature covers any more.
    """
    whole = asn1.decode_der(_Certificate, certificate.public_bytes(Encoding.DER))
    kept = [one for one in whole.tbs.extensions or () if one.identifier != ExtensionOID.OCSP_NO_CHECK]
    copy = replace(whole, tbs=replace(whole.tbs, extensions=kept or None))
    return x509.load_der_x509_certificate(asn1.encode_der(copy)).extensions
