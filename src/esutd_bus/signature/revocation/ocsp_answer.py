"""What an OCSP responder answers about one certificate (RFC 6960, 3.2 and 4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.x509 import ocsp
from cryptography.x509.oid import OCSPExtensionOID

from esutd_bus.signature.certificates import public_key
from esutd_bus.signature.revocation.cert_id import HASHES, CertId
from esutd_bus.signature.revocation.entries import Entry
from esutd_bus.signature.revocation.period import Period
from esutd_bus.signature.revocation.problem import NotBelieved, Problem
from esutd_bus.signature.revocation.responder import responder_of
from esutd_bus.signature.revocation.unreadable import UNREADABLE
from esutd_bus.signature.x509_signature import is_signed, require_plain

_PROCESSED: Final = frozenset({OCSPExtensionOID.NONCE})


@asn1.sequence
class _ResponseBytes:
    kind: x509.ObjectIdentifier
    response: bytes


@asn1.sequence
class _OcspResponse:
    """RFC 6960, 4.2.1; a successful one."""

    status: asn1.TLV
    content: Annotated[_ResponseBytes, asn1.Explicit(0)]


@dataclass(frozen=True, slots=True, eq=False)
class OcspAnswer:
    """An answer that somebody with the right to give it has signed."""

    entry: Entry | None
    """When and why the certificate was revoked; none when it was not."""

    is_known: bool
    """False: the responder says that it does not know the certificate (RFC 6960, 2.2)."""

    period: Period
    produced_at: datetime
    responder: x509.Certificate
    """Whose key signed: the issuer's own certificate, or one that the issuer has given for this."""


def read_ocsp_answer(
    der: bytes,
    serial: int,
    issuer: x509.Certificate,
    *,
    lifetime: timedelta,
    nonce: bytes | None = None,
    may_lack_nonce: bool = False,
) -> OcspAnswer:
    """The answer about a certificate from its DER, if it holds.

    Args:
        der: the responder's octets.
        serial: of the certificate that the answer must be about.
        issuer: who has issued that certificate.
        lifetime: how long an answer speaks that does not say so itself.
        nonce: what the answer must give back; None where that was checked before.
        may_lack_nonce: an answer without any is taken too; one with another never is.

    Raises:
        NotBelieved: it does not hold. How old it is, is not judged (`OcspAnswer.period`).
    """
    try:
        answer = ocsp.load_der_ocsp_response(der)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise NotBelieved(Problem.NO_ANSWER, f"the responder says {answer.response_status.name.lower()}")
        require_plain(asn1.decode_der(_OcspResponse, der).content.response)
        _require_nonce(answer, nonce, may_lack_nonce)
        return _judged(answer, serial, issuer, lifetime)
    except UnsupportedAlgorithm as error:
        raise NotBelieved(Problem.ALGORITHM, str(error)) from error
    except UNREADABLE as error:
        raise NotBelieved(Problem.UNREADABLE, "no OCSP answer about one certificate") from error


def _judged(
    answer: ocsp.OCSPResponse,
    serial: int,
    issuer: x509.Certificate,
    lifetime: timedelta,
) -> OcspAnswer:
    _require_processed(answer)
    algorithm = HASHES.get(answer.hash_algorithm.name)
    if algorithm is None or not CertId.of(serial, issuer, algorithm).is_in(answer):
        raise NotBelieved(Problem.CERTIFICATE, "the answer is about another certificate")
    responder = responder_of(answer, issuer)
    if not is_signed(
        answer.tbs_response_bytes, answer.signature, answer.signature_algorithm_oid, public_key(responder)
    ):
        raise NotBelieved(Problem.SIGNATURE, "the signature is not the responder's")
    this_update = answer.this_update_utc
    return OcspAnswer(
        entry=_entry(answer),
        is_known=answer.certificate_status is not ocsp.OCSPCertStatus.UNKNOWN,
        period=Period.of(this_update, answer.next_update_utc or this_update + lifetime),
        produced_at=answer.produced_at_utc,
        responder=responder,
    )


def _require_processed(answer: ocsp.OCSPResponse) -> None:
    for extension in (*answer.extensions, *answer.single_extensions):
        if extension.critical and extension.oid not in _PROCESSED:
            told = extension.oid.dotted_string
            raise NotBelieved(Problem.EXTENSION, f"the critical extension {told} is not processed")


def _require_nonce(answer: ocsp.OCSPResponse, nonce: bytes | None, may_be_absent: bool) -> None:
    """RFC 9654, 2.1."""
    given = next(
        (one.value.nonce for one in answer.extensions if isinstance(one.value, x509.OCSPNonce)), None
    )
    if nonce is None or given == nonce or (given is None and may_be_absent):
        return
    raise NotBelieved(Problem.NONCE, "the answer does not give the request's nonce back")


def _entry(answer: ocsp.OCSPResponse) -> Entry | None:
    if answer.revocation_time_utc is None:
        return None
    return Entry(answer.revocation_time_utc, answer.revocation_reason or x509.ReasonFlags.unspecified)
