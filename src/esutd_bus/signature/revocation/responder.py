"""Who may answer for an authority: itself, or whom it has given a certificate for that (RFC 6960, 4.2.2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from esutd_bus.signature.certificates import PROCESSED_EXTENSIONS
from esutd_bus.signature.reason import Refusal
from esutd_bus.signature.revocation.cert_id import digest
from esutd_bus.signature.revocation.problem import NotBelieved, Problem
from esutd_bus.signature.revocation.raw_certificate import extensions_but_nocheck, key_octets
from esutd_bus.signature.trust import is_issued_by
from esutd_bus.signature.x509_signature import require_plain

if TYPE_CHECKING:
    from cryptography.x509 import ocsp

_MAX_CERTIFICATES: Final = 4
"""An answer brings the responder's certificate along, perhaps with those above it."""


def responder_of(answer: ocsp.OCSPResponse, issuer: x509.Certificate) -> x509.Certificate:
    """The certificate of whoever signed an answer about one of the issuer's certificates.

    Raises `NotBelieved` where that is neither the issuer nor somebody whom the issuer has certified for it, then
    in force; ValueError and UnsupportedAlgorithm where something cannot be read.
    """
    if _is_named(issuer, answer):
        return issuer
    named = [one for one in answer.certificates[:_MAX_CERTIFICATES] if _is_named(one, answer)]
    if not named:
        raise NotBelieved(Problem.RESPONDER, "the responder's certificate is not in the answer")
    responder = named[0]
    _require_delegated(responder, issuer)
    produced_at = answer.produced_at_utc
    if not responder.not_valid_before_utc <= produced_at <= responder.not_valid_after_utc:
        raise NotBelieved(Problem.RESPONDER, "the responder's certificate was not in force")
    return responder


def _is_named(certificate: x509.Certificate, answer: ocsp.OCSPResponse) -> bool:
    """By its subject, or by the SHA-1 of its key (RFC 6960, 4.2.1)."""
    if answer.responder_name is not None:
        return certificate.subject == answer.responder_name
    return digest(key_octets(certificate), hashes.SHA1()) == answer.responder_key_hash  # noqa: S303  # RFC 6960 has no other


def _require_delegated(responder: x509.Certificate, issuer: x509.Certificate) -> None:
    """RFC 6960, 4.2.2.2: issued by that very authority, for signing OCSP answers."""
    require_plain(responder.public_bytes(Encoding.DER))
    try:
        issued = is_issued_by(responder, issuer)
    except Refusal as refusal:
        raise NotBelieved(Problem.RESPONDER, refusal.detail) from refusal
    if not issued:
        raise NotBelieved(
            Problem.RESPONDER, "the authority in question has not issued the responder's certificate"
        )
    purposes: x509.ExtendedKeyUsage | None = None
    for extension in extensions_but_nocheck(responder):
        match extension.value:
            case x509.ExtendedKeyUsage() as value:
                purposes = value
            case x509.KeyUsage() as value if not (value.digital_signature or value.content_commitment):
                raise NotBelieved(Problem.RESPONDER, "the responder's key is not for signing")
            case _ if extension.critical and extension.oid not in PROCESSED_EXTENSIONS:
                told = extension.oid.dotted_string
                raise NotBelieved(
                    Problem.EXTENSION, f"the responder's critical extension {told} is not processed"
                )
    if purposes is None or ExtendedKeyUsageOID.OCSP_SIGNING not in purposes:
        raise NotBelieved(Problem.RESPONDER, "the responder's certificate is not for signing OCSP answers")
