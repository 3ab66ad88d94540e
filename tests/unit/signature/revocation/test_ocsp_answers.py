"""OCSP answers: what they tell, and each reason for not believing them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ReasonFlags, ocsp
from hypothesis import given
from hypothesis import strategies as st
from issuing import usage
from listing import HOUR, KINDS, NOW, OCSP_SIGNING, STRICT, ask, certified, revoking
from test_revocation_lists import load

from esutd_bus.signature.revocation.cert_id import HASHES, CertId
from esutd_bus.signature.revocation.ocsp_answer import OcspAnswer, read_ocsp_answer
from esutd_bus.signature.revocation.ocsp_request import OcspRequest
from esutd_bus.signature.revocation.problem import NotBelieved, Problem
from esutd_bus.testbed.authority import Authority
from esutd_bus.testbed.gost_ca import sign_ocsp_response
from esutd_bus.testbed.revoking import RevokingAuthority

LIFETIME = timedelta(hours=1)

KZ_ANSWERS = [
    ("ocsp_response_individual_sign_2004.bin", "nca_rsa_test.crt", None, None),
    ("ocsp_response_ceo_sign_2004_revoked.bin", "nca_gost_test.crt", datetime(2022, 1, 18, 6, 30, 55, tzinfo=UTC),
     ReasonFlags.superseded),
    ("ocsp_response_ceo_2015_revoked.bin", "nca_gost2015_test.cer", datetime(2022, 7, 27, 10, 25, 30, tzinfo=UTC),
     ReasonFlags.certificate_hold),
    # For a certificate that was never issued (RFC 6960, 2.2).
    ("ocsp_response_individual_2015.bin", "nca_gost2015_test.cer", datetime(1970, 1, 1, tzinfo=UTC),
     ReasonFlags.certificate_hold),
]  # fmt: skip
real_answers = pytest.mark.parametrize(("name", "issuer", "revoked_at", "reason"), KZ_ANSWERS)
kinds = pytest.mark.parametrize("kind", KINDS)


def read(der: bytes, serial: int, issuer: x509.Certificate, nonce: bytes | None = None) -> OcspAnswer:
    return read_ocsp_answer(der, serial, issuer, lifetime=LIFETIME, nonce=nonce)


def refusal(der: bytes, serial: int, issuer: x509.Certificate, nonce: bytes | None = None) -> Problem:
    with pytest.raises(NotBelieved) as refused:
        read(der, serial, issuer, nonce)
    assert refused.value.detail
    return refused.value.problem


class TestTheNationalAuthoritysAnswers:
    """Two of its responders have an empty `nocheck`, for which `cryptography` reads none of their extensions."""

    @real_answers
    def test_they_hold(
        self,
        real_certificates: Path,
        name: str,
        issuer: str,
        revoked_at: datetime | None,
        reason: ReasonFlags | None,
    ) -> None:
        octets = (real_certificates / name).read_bytes()
        raw = ocsp.load_der_ocsp_response(octets)
        nonce = raw.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
        found = read(octets, raw.serial_number, load(real_certificates / issuer), nonce)
        assert found.is_known
        assert (found.entry and found.entry.revoked_at, found.entry and found.entry.reason) == (
            revoked_at,
            reason,
        )

        assert raw.next_update_utc is None  # so it speaks for as long as it is configured
        assert found.period.next_update - found.period.this_update == LIFETIME
        assert found.period.failing(found.produced_at, STRICT) is None
        with pytest.raises(NotBelieved, match="stale"):
            found.period.require(datetime.now(UTC), STRICT)

    @real_answers
    def test_no_octet_may_change(
        self, real_certificates: Path, name: str, issuer: str, revoked_at: object, reason: object
    ) -> None:
        del revoked_at, reason
        octets, authority = (real_certificates / name).read_bytes(), load(real_certificates / issuer)
        raw = ocsp.load_der_ocsp_response(octets)
        nonce = raw.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
        for place in range(len(octets)):
            changed = bytearray(octets)
            changed[place] ^= 1 << place % 8
            refusal(bytes(changed), raw.serial_number, authority, nonce)

    def test_what_one_authority_answers_is_not_about_anothers_certificates(
        self, real_certificates: Path
    ) -> None:
        octets = (real_certificates / "ocsp_response_individual_sign_2004.bin").read_bytes()
        serial = ocsp.load_der_ocsp_response(octets).serial_number
        other = load(real_certificates / "nca_gost_test.crt")
        assert refusal(octets, serial, other) is Problem.CERTIFICATE


class Asked:
    """An authority, one of its certificates, and a request about it."""

    def __init__(self, kind: str = "ec", hash_name: str = "sha256") -> None:
        self.authority: RevokingAuthority = revoking(kind)
        self.issuer = self.authority.certificate
        self.certificate = self.authority.certify("asked about").certificate
        self.serial = self.certificate.serial_number
        self.request = OcspRequest.about(CertId.of(self.serial, self.issuer, HASHES[hash_name]))

    def answer(self, **how: object) -> bytes:
        given = {"nonce": self.request.nonce, **how}
        return self.authority.answer(ask(self.request.der), **given)  # type: ignore[arg-type]

    def by(self, signer: Authority) -> bytes:
        return self.answer(signer=signer)

    def read(self, der: bytes) -> OcspAnswer:
        return read(der, self.serial, self.issuer, self.request.nonce)

    def refusal(self, der: bytes) -> Problem:
        return refusal(der, self.serial, self.issuer, self.request.nonce)


@kinds
@pytest.mark.parametrize("hash_name", HASHES)
def test_what_an_answer_tells(kind: str, hash_name: str) -> None:
    asked = Asked(kind, hash_name)
    good = asked.read(asked.answer())
    assert (good.entry, good.is_known) == (None, True)
    assert good.period.next_update - good.period.this_update == asked.authority.lasting

    at = NOW - timedelta(days=2)
    asked.authority.revoke(asked.certificate, ReasonFlags.key_compromise, at)
    revoked = asked.read(asked.answer())
    assert revoked.entry is not None
    assert (revoked.entry.revoked_at, revoked.entry.reason) == (at, ReasonFlags.key_compromise)

    asked.authority.unknown.add(asked.serial)
    unknown = asked.read(asked.answer())
    assert (unknown.entry, unknown.is_known) == (None, False)


@kinds
def test_an_authority_may_answer_by_itself(kind: str) -> None:
    asked = Asked(kind)
    assert asked.read(asked.by(asked.authority.authority)).responder == asked.issuer


def test_a_request_names_the_certificate_and_brings_32_fresh_octets() -> None:
    asked, again = Asked(), Asked()
    request = ask(asked.request.der)
    assert request.serial_number == asked.serial
    assert request.hash_algorithm.name == "sha256"
    assert request.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == asked.request.nonce
    assert len(asked.request.nonce) == 32
    assert asked.request.nonce != again.request.nonce


def test_a_certificate_is_named_as_the_library_names_it() -> None:
    asked = Asked()
    expected = (
        ocsp.OCSPRequestBuilder()
        .add_certificate(asked.certificate, asked.issuer, hashes.SHA256())
        .add_extension(x509.OCSPNonce(asked.request.nonce), critical=False)
        .build()
    )
    assert asked.request.der == expected.public_bytes(Encoding.DER)


class TestTheRightToAnswer:
    """RFC 6960, 4.2.2.2."""

    @kinds
    def test_a_certificate_for_something_else(self, kind: str) -> None:
        asked = Asked(kind)
        for extensions in ((), (x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]),)):
            assert asked.refusal(asked.by(asked.authority.certify("other", *extensions))) is Problem.RESPONDER

    @kinds
    def test_a_key_that_is_not_for_signing(self, kind: str) -> None:
        asked = Asked(kind)
        for usages, problem in ((("key_encipherment",), Problem.RESPONDER), (("digital_signature",), None),
                                (("content_commitment",), None)):  # fmt: skip
            der = asked.by(asked.authority.certify("responder", OCSP_SIGNING, usage(*usages)))
            if problem is None:
                asked.read(der)
            else:
                assert asked.refusal(der) is problem

    @pytest.mark.parametrize("days", [(-9, -1), (1, 9)], ids=["ended", "not yet begun"])
    def test_a_certificate_that_was_not_in_force(self, days: tuple[int, int]) -> None:
        asked = Asked()
        assert (
            asked.refusal(asked.by(asked.authority.certify("r", OCSP_SIGNING, days=days)))
            is Problem.RESPONDER
        )

    @kinds
    def test_whom_another_authority_has_certified(self, kind: str) -> None:
        asked = Asked(kind)
        other = certified(kind, "namesake")
        namesake = RevokingAuthority(other, other, {}, now=NOW)
        assert asked.refusal(asked.by(namesake.certify("r", OCSP_SIGNING))) is Problem.RESPONDER

    def test_whom_the_authority_above_has_certified(self) -> None:
        """It may answer for those that it has issued itself, not for those below."""
        asked = Asked()
        above = certified("rsa")
        responder = RevokingAuthority(above, above, {}, now=NOW).certify("r", OCSP_SIGNING)
        assert asked.refusal(asked.by(responder)) is Problem.RESPONDER

    def test_a_responder_that_does_not_bring_its_certificate(self) -> None:
        asked = Asked()
        stranger = certified("ec", "stranger")
        builder = ocsp.OCSPResponseBuilder().add_response(
            asked.certificate,
            asked.issuer,
            hashes.SHA256(),
            ocsp.OCSPCertStatus.GOOD,
            NOW,
            NOW + HOUR,
            None,
            None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, stranger.certificate)
        der = builder.sign(stranger.key, hashes.SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]
        assert refusal(der, asked.serial, asked.issuer) is Problem.RESPONDER

    def test_a_responder_whose_extensions_must_be_understood(self) -> None:
        asked = Asked()
        strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
        for critical in (True, False):
            responder = _with_extension(asked.authority, strange, critical=critical)
            if critical:
                assert asked.refusal(asked.by(responder)) is Problem.EXTENSION
            else:
                asked.read(asked.by(responder))


def _with_extension(
    authority: RevokingAuthority, extension: x509.ExtensionType, *, critical: bool
) -> Authority:
    plain = authority.certify("responder", OCSP_SIGNING)
    builder = (
        x509.CertificateBuilder()
        .issuer_name(plain.certificate.issuer)
        .subject_name(plain.certificate.subject)
        .public_key(plain.certificate.public_key())
        .serial_number(8)
        .not_valid_before(plain.certificate.not_valid_before_utc)
        .not_valid_after(plain.certificate.not_valid_after_utc)
        .add_extension(OCSP_SIGNING, critical=False)
        .add_extension(extension, critical)
    )
    return Authority(builder.sign(authority.authority.key, hashes.SHA256()), plain.key)  # type: ignore[arg-type]


class TestNotBelieved:
    @kinds
    def test_a_changed_signature(self, kind: str) -> None:
        asked = Asked(kind)
        der = asked.answer()
        signature = ocsp.load_der_ocsp_response(der).signature
        other = bytes((*signature[:-1], signature[-1] ^ 1))
        assert asked.refusal(der.replace(signature, other)) in {Problem.SIGNATURE, Problem.UNREADABLE}

    def test_another_certificate(self) -> None:
        asked, other = Asked(), Asked()
        assert refusal(other.answer(), asked.serial, asked.issuer) is Problem.CERTIFICATE

    @pytest.mark.parametrize("nonce", [None, bytes(32), b"short"], ids=["none", "another", "a part"])
    def test_another_nonce(self, nonce: bytes | None) -> None:
        asked = Asked()
        assert asked.refusal(asked.answer(nonce=nonce)) is Problem.NONCE

    def test_a_missing_nonce_may_be_tolerated_another_never(self) -> None:
        asked = Asked()

        def tolerant(der: bytes) -> OcspAnswer:
            nonce = asked.request.nonce
            return read_ocsp_answer(
                der, asked.serial, asked.issuer, lifetime=LIFETIME, nonce=nonce, may_lack_nonce=True
            )

        tolerant(asked.answer(nonce=None))
        with pytest.raises(NotBelieved, match="nonce"):
            tolerant(asked.answer(nonce=bytes(32)))

    @pytest.mark.parametrize("status", [one for one in ocsp.OCSPResponseStatus if one.value])
    def test_no_answer(self, status: ocsp.OCSPResponseStatus) -> None:
        der = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
        assert refusal(der, 7, certified("ec").certificate) is Problem.NO_ANSWER

    @pytest.mark.parametrize(
        "octets", [b"", b"<html>", b"\x30\x03\x0a\x01\x00"], ids=["nothing", "page", "empty"]
    )
    def test_no_ocsp(self, octets: bytes) -> None:
        assert refusal(octets, 7, certified("ec").certificate) is Problem.UNREADABLE

    def test_a_weak_digest(self) -> None:
        """SHA-224 stands for SHA-1, which the library no longer signs with."""
        asked = Asked()
        assert refusal(signed_over(asked, hashes.SHA224()), asked.serial, asked.issuer) is Problem.ALGORITHM
        read(signed_over(asked, hashes.SHA384()), asked.serial, asked.issuer)

    def test_a_name_by_a_hash_that_is_not_known(self) -> None:
        asked = Asked()
        der = signed_over(asked, hashes.SHA256(), named_by=hashes.SHA224())
        assert refusal(der, asked.serial, asked.issuer) is Problem.CERTIFICATE

    @pytest.mark.parametrize("kind", ["ec", "gost"])
    def test_an_extension_that_must_be_understood(self, kind: str) -> None:
        asked = Asked(kind)
        strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
        for critical in (True, False):
            der = signed_over(
                asked, hashes.SHA256(), lambda b, critical=critical: b.add_extension(strange, critical)
            )
            if critical:
                assert refusal(der, asked.serial, asked.issuer) is Problem.EXTENSION
            else:
                read(der, asked.serial, asked.issuer)


def signed_over(
    asked: Asked,
    digest: hashes.HashAlgorithm,
    more: Callable[[ocsp.OCSPResponseBuilder], ocsp.OCSPResponseBuilder] = lambda builder: builder,
    named_by: hashes.HashAlgorithm | None = None,
) -> bytes:
    """A good answer of the authority's own, by these algorithms."""
    name = CertId.of(asked.serial, asked.issuer, named_by or hashes.SHA256())
    builder = more(
        ocsp.OCSPResponseBuilder().add_response_by_hash(
            name.issuer_name_hash, name.issuer_key_hash, name.serial, name.hash, ocsp.OCSPCertStatus.GOOD,
            NOW, NOW + HOUR, None, None,
        )
    )  # fmt: skip
    authority = asked.authority.authority
    if asked.issuer.subject == certified("gost").certificate.subject:
        return sign_ocsp_response(builder, authority.certificate, authority.key)  # type: ignore[arg-type]
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, authority.certificate)
    return builder.sign(authority.key, digest).public_bytes(Encoding.DER)  # type: ignore[arg-type]


ASKED = Asked()
ANSWER = ASKED.answer()


@given(place=st.integers(0), octets=st.binary(max_size=8), length=st.integers(0, 8))
def test_whatever_is_changed_it_is_refused_in_our_own_words(place: int, octets: bytes, length: int) -> None:
    start = place % (len(ANSWER) + 1)
    changed = ANSWER[:start] + octets + ANSWER[start + length :]
    if changed != ANSWER:
        assert ASKED.refusal(changed) in Problem
