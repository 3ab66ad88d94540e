"""What an authority of the test CA tells of revocation: lists, deltas, OCSP answers. All of it is signed for real."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from esutd_bus.signature.gost.keys import GostPrivateKey
from esutd_bus.signature.revocation.cert_id import HASHES, CertId
from esutd_bus.testbed.authority import Authority
from esutd_bus.testbed.gost_ca import sign_certificate, sign_ocsp_response, sign_revocation_list

LASTING: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Revoked:
    """When and why."""

    at: datetime
    reason: x509.ReasonFlags = x509.ReasonFlags.key_compromise


@dataclass(frozen=True, slots=True)
class Issue:
    """One list as it is issued."""

    number: int
    revoked: Mapping[int, Revoked]
    this_update: datetime
    next_update: datetime
    base_number: int | None = None
    """Of a delta."""


class RevokingAuthority:
    """One authority: whom it has revoked, what is on its newest whole list, and what came after it."""

    def __init__(
        self,
        authority: Authority,
        responder: Authority,
        revoked: Mapping[int, Revoked],
        *,
        lasting: timedelta = LASTING,
        now: datetime | None = None,
    ) -> None:
        self.authority = authority
        self.responder = responder
        """Whose key signs OCSP answers: the authority's own, or one that it has certified."""
        self.lasting = lasting
        self.unknown: set[int] = set()
        """Serial numbers that the responder has never heard of."""
        self._revoked = dict(revoked)
        self._signed: dict[int, tuple[Issue, bytes]] = {}
        self._changes = 0
        self.whole = self._issue(1, now)
        self.delta = self._delta()

    @property
    def certificate(self) -> x509.Certificate:
        """The authority's own."""
        return self.authority.certificate

    def revoke(
        self,
        certificate: x509.Certificate,
        reason: x509.ReasonFlags = x509.ReasonFlags.key_compromise,
        at: datetime | None = None,
    ) -> None:
        """From now on the responder and the next delta say so; the whole list does after `issue`."""
        self._revoked[certificate.serial_number] = Revoked(at or datetime.now(UTC), reason)
        self._changed()

    def release(self, certificate: x509.Certificate) -> None:
        """Take back that a certificate was put on hold."""
        del self._revoked[certificate.serial_number]
        self._changed()

    def issue(self) -> None:
        """The next whole list, with everything up to now."""
        self.whole = self._issue(self.delta.number + 1)
        self._changes = 0
        self.delta = self._delta()

    def sign_list(self, issue: Issue) -> bytes:
        """A list in DER; an issue is signed once, as GOST signatures differ from each other."""
        if self._signed.get(id(issue), (None, b""))[0] is not issue:
            self._signed[id(issue)] = issue, self._sign_list(issue)
        return self._signed[id(issue)][1]

    def _sign_list(self, issue: Issue) -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(issue.this_update)
            .next_update(issue.next_update)
            .add_extension(x509.CRLNumber(issue.number), critical=False)
        )
        if issue.base_number is not None:
            builder = builder.add_extension(x509.DeltaCRLIndicator(issue.base_number), critical=True)
        for serial, revoked in issue.revoked.items():
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(serial)
                .revocation_date(revoked.at)
                .add_extension(x509.CRLReason(revoked.reason), critical=False)
                .build()
            )
        key = self.authority.key
        if isinstance(key, GostPrivateKey):
            return sign_revocation_list(builder, key).public_bytes(Encoding.DER)
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)

    def certify(
        self,
        subject: str | x509.Name,
        *extensions: x509.ExtensionType,
        now: datetime | None = None,
        days: tuple[int, int] = (-1, 1),
    ) -> Authority:
        """A fresh key with a certificate of this authority's, with these extensions alone; a `str` is a common name."""
        now = now or datetime.now(UTC)
        if isinstance(subject, str):
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
        builder = x509.CertificateBuilder(
            self.certificate.subject,
            subject,
            serial_number=x509.random_serial_number(),
            not_valid_before=now + timedelta(days=days[0]),
            not_valid_after=now + timedelta(days=days[1]),
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        issuer_key = self.authority.key
        if isinstance(issuer_key, GostPrivateKey):
            own = GostPrivateKey.generate(issuer_key.curve)
            return Authority(sign_certificate(builder, own.public_key, issuer_key), own)
        key = ec.generate_private_key(ec.SECP256R1())
        return Authority(builder.public_key(key.public_key()).sign(issuer_key, hashes.SHA256()), key)

    def is_asked(self, request: ocsp.OCSPRequest) -> bool:
        """Whether a request is about a certificate of this authority."""
        asked = CertId.of(request.serial_number, self.certificate, HASHES[request.hash_algorithm.name])
        return (asked.issuer_name_hash, asked.issuer_key_hash) == (
            request.issuer_name_hash,
            request.issuer_key_hash,
        )

    def answer(
        self,
        request: ocsp.OCSPRequest,
        *,
        nonce: bytes | None,
        signer: Authority | None = None,
        this_update: datetime | None = None,
    ) -> bytes:
        """An OCSP answer in DER; `signer` in place of the responder."""
        now = this_update or datetime.now(UTC)
        serial, revoked = request.serial_number, self._revoked.get(request.serial_number)
        status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
        if serial in self.unknown:
            status, revoked = ocsp.OCSPCertStatus.UNKNOWN, None
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            request.issuer_name_hash,
            request.issuer_key_hash,
            serial,
            request.hash_algorithm,
            status,
            now,
            now + self.lasting,
            revoked.at if revoked else None,
            revoked.reason if revoked else None,
        )
        if nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        signer = signer or self.responder
        if isinstance(signer.key, GostPrivateKey):
            return sign_ocsp_response(builder, signer.certificate, signer.key)
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        if signer is not self.authority:
            builder = builder.certificates([signer.certificate])
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _changed(self) -> None:
        self._changes += 1
        self.delta = self._delta()

    def _issue(self, number: int, now: datetime | None = None) -> Issue:
        now = now or datetime.now(UTC)
        return Issue(number, dict(self._revoked), now, now + self.lasting)

    def _delta(self) -> Issue:
        """What has changed since the whole list (RFC 5280, 5.2.4)."""
        before = self.whole.revoked
        changed = {serial: one for serial, one in self._revoked.items() if before.get(serial) != one}
        released = {
            serial: replace(one, reason=x509.ReasonFlags.remove_from_crl)
            for serial, one in before.items()
            if serial not in self._revoked
        }
        issue = self._issue(self.whole.number + 1 + self._changes)
        return replace(issue, revoked={**changed, **released}, base_number=self.whole.number)
