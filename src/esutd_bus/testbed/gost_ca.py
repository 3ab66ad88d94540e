"""GOST certificates, revocation lists and OCSP answers for tests, shaped like the national authority's.

`cryptography` builds everything but cannot sign with GOST. So a builder signs with a stand-in first; then the
stand-in's key, algorithm and signature are replaced, and the signed part is signed anew.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from esutd_bus.signature.gost.algorithms import algorithm_of
from esutd_bus.signature.gost.certificates import (
    KEY_ALGORITHMS,
    GostKeyAlgorithm,
    GostKeyInfo,
    GostKeyParameters,
)
from esutd_bus.signature.gost.keys import GostPrivateKey, GostPublicKey


@asn1.sequence
class _SignatureAlgorithm:
    """`AlgorithmIdentifier` of a signature: the authority gives it a NULL."""

    algorithm: x509.ObjectIdentifier
    parameters: asn1.Null


@asn1.sequence
class _Signed:
    """`SIGNED{…}`: a certificate or a revocation list (RFC 5280, 4.1 and 5.1)."""

    data: asn1.TLV
    algorithm: asn1.TLV
    signature: asn1.BitString


@asn1.sequence
class _TbsCertificate:
    """RFC 5280, 4.1; version 3."""

    version: Annotated[int, asn1.Explicit(0)]
    serial: int
    signature: asn1.TLV
    issuer: asn1.TLV
    validity: asn1.TLV
    subject: asn1.TLV
    key_info: asn1.TLV
    extensions: Annotated[list[asn1.TLV] | None, asn1.Explicit(3)]


@asn1.sequence
class _TbsCertList:
    """RFC 5280, 5.1; version 2."""

    version: int
    signature: asn1.TLV
    issuer: asn1.TLV
    this_update: asn1.TLV
    next_update: asn1.TLV
    revoked: list[asn1.TLV] | None
    extensions: Annotated[list[asn1.TLV] | None, asn1.Explicit(0)]


@asn1.sequence
class _BasicOcspResponse:
    """RFC 6960, 4.2.1."""

    data: asn1.TLV
    algorithm: asn1.TLV
    signature: asn1.BitString
    certificates: Annotated[list[asn1.TLV] | None, asn1.Explicit(0)]


@asn1.sequence
class _ResponseBytes:
    """RFC 6960, 4.2.1."""

    kind: x509.ObjectIdentifier
    response: bytes


@asn1.sequence
class _OcspResponse:
    """RFC 6960, 4.2.1; a successful one."""

    status: asn1.TLV
    content: Annotated[_ResponseBytes, asn1.Explicit(0)]


def key_info(key: GostPublicKey) -> bytes:
    """The key as `SubjectPublicKeyInfo`, DER."""
    algorithm, curve, digest = next(names for names, one in KEY_ALGORITHMS.items() if one is key.curve)
    return asn1.encode_der(
        GostKeyInfo(
            algorithm=GostKeyAlgorithm(
                algorithm=algorithm, parameters=GostKeyParameters(curve=curve, digest=digest)
            ),
            key=asn1.BitString(data=asn1.encode_der(key.to_octets()), padding_bits=0),
        )
    )


def sign_certificate(
    builder: x509.CertificateBuilder, key: GostPublicKey, issuer_key: GostPrivateKey
) -> x509.Certificate:
    """The certificate of a builder that was given no key yet, for a GOST key and signed with one."""
    template = builder.public_key(_stand_in().public_key()).sign(_stand_in(), hashes.SHA256())
    tbs = replace(
        asn1.decode_der(_TbsCertificate, template.tbs_certificate_bytes),
        signature=_algorithm(issuer_key),
        key_info=_tlv(key_info(key)),
    )
    return x509.load_der_x509_certificate(_signed(asn1.encode_der(tbs), issuer_key))


def sign_revocation_list(
    builder: x509.CertificateRevocationListBuilder, issuer_key: GostPrivateKey
) -> x509.CertificateRevocationList:
    """The builder's list, signed with a GOST key."""
    template = builder.sign(_stand_in(), hashes.SHA256())
    tbs = replace(
        asn1.decode_der(_TbsCertList, template.tbs_certlist_bytes), signature=_algorithm(issuer_key)
    )
    return x509.load_der_x509_crl(_signed(asn1.encode_der(tbs), issuer_key))


def sign_ocsp_response(
    builder: ocsp.OCSPResponseBuilder, responder: x509.Certificate, responder_key: GostPrivateKey
) -> bytes:
    """The answer, DER, of a builder that was given no responder yet, signed with a GOST key.

    It names the responder by its subject, and brings the responder's certificate along.
    """
    validity = responder.not_valid_before_utc, responder.not_valid_after_utc
    namesake = x509.CertificateBuilder(
        responder.issuer, responder.subject, _stand_in().public_key(), responder.serial_number, *validity
    ).sign(_stand_in(), hashes.SHA256())
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, namesake).certificates([responder])
    template = builder.sign(_stand_in(), hashes.SHA256()).public_bytes(Encoding.DER)
    outer = asn1.decode_der(_OcspResponse, template)
    basic = asn1.decode_der(_BasicOcspResponse, outer.content.response)
    data = asn1.encode_der(basic.data)
    resigned = replace(basic, algorithm=_algorithm(responder_key), signature=_signature(data, responder_key))
    content = _ResponseBytes(kind=outer.content.kind, response=asn1.encode_der(resigned))
    return asn1.encode_der(replace(outer, content=content))


def _signed(data: bytes, key: GostPrivateKey) -> bytes:
    signed = _Signed(data=_tlv(data), algorithm=_algorithm(key), signature=_signature(data, key))
    return asn1.encode_der(signed)


def _signature(data: bytes, key: GostPrivateKey) -> asn1.BitString:
    return asn1.BitString(data=algorithm_of(key.public_key).sign(key, data), padding_bits=0)


def _algorithm(key: GostPrivateKey) -> asn1.TLV:
    oid = algorithm_of(key.public_key).oid
    return _tlv(asn1.encode_der(_SignatureAlgorithm(algorithm=oid, parameters=asn1.Null())))


def _tlv(der: bytes) -> asn1.TLV:
    return asn1.decode_der(asn1.TLV, der)


@cache
def _stand_in() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())
