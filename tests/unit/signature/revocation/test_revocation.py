"""What is known of a path's certificates, and what the policy makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ReasonFlags
from forgery import PLAIN
from issuing import twin
from listing import HOUR, NOW, OCSP_SIGNING, ask, certified, revoking
from structlog.testing import capture_logs

from esutd_bus.signature.certificates import identity
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.report import SignatureRefused
from esutd_bus.signature.revocation.cert_id import CertId
from esutd_bus.signature.revocation.knowledge import RevocationKnowledge, StoredAnswer
from esutd_bus.signature.revocation.ocsp_request import OcspRequest
from esutd_bus.signature.revocation.period import Tolerance
from esutd_bus.signature.revocation.revocation import Revocation
from esutd_bus.signature.revocation.revocation_list import read_revocation_list
from esutd_bus.signature.revocation.revocation_status import RevocationStatus, State
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.signature.trust import TrustPath, TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.envelope import open_envelope
from esutd_bus.testbed.authority import Authority
from esutd_bus.testbed.revoking import RevokingAuthority
from esutd_bus.testbed.test_ca import TestCa

GRACE = timedelta(hours=2)
LIST, RESPONDER = "http://crl.example.kz/a.crl", "http://ocsp.example.kz/"
GOOD, REVOKED, UNKNOWN = State


class Known:
    """An authority with one certificate, and what is known of that."""

    def __init__(self) -> None:
        self.authority: RevokingAuthority = revoking()
        self.certificate = self.authority.certify("signer").certificate
        self.knowledge = RevocationKnowledge(Tolerance(grace=GRACE), answer_lifetime=HOUR)

    def list_of(self, at: datetime = NOW) -> None:
        """A list issued at a moment; it lasts for an hour."""
        issue = self.authority.whole
        self.authority.issue()
        issue = type(issue)(
            issue.number,
            self.authority.whole.revoked,
            this_update=at,
            next_update=at + self.authority.lasting,
        )
        found = read_revocation_list(self.authority.sign_list(issue), [self.authority.certificate])
        self.knowledge.replace_lists({LIST: found})

    def answer_of(self, at: datetime = NOW, signer: Authority | None = None) -> None:
        """An answer given at a moment; it lasts for an hour."""
        name = CertId.of(self.certificate.serial_number, self.authority.certificate, hashes.SHA256())
        request = ask(OcspRequest.about(name).der)
        der = self.authority.answer(request, nonce=None, this_update=at, signer=signer)
        self.keep(der)

    def keep(self, der: bytes) -> None:
        self.knowledge.keep_answers({identity(self.certificate): StoredAnswer(der, RESPONDER)})

    def revoke(self, at: datetime = NOW - HOUR) -> None:
        self.authority.revoke(self.certificate, ReasonFlags.key_compromise, at)

    def status(self, now: datetime = NOW) -> RevocationStatus:
        return self.knowledge.known(self.certificate, self.authority.certificate).status(now)


@pytest.fixture
def known() -> Known:
    return Known()


def test_of_whom_nobody_tells_nothing_is_known(known: Known) -> None:
    assert known.status() == RevocationStatus("CN=signer", UNKNOWN)


def test_a_list_tells_who_was_revoked_and_who_was_not(known: Known) -> None:
    known.list_of()
    assert known.status() == RevocationStatus("CN=signer", GOOD, LIST, NOW, NOW + HOUR)
    known.revoke()
    known.list_of()
    expected = RevocationStatus("CN=signer", REVOKED, LIST, NOW, NOW + HOUR, NOW - HOUR, "keyCompromise")
    assert known.status() == expected
    assert expected.to_dict() == {
        "subject": "CN=signer",
        "state": "revoked",
        "source": LIST,
        "as_of": NOW.isoformat(),
        "due": (NOW + HOUR).isoformat(),
        "revoked_at": (NOW - HOUR).isoformat(),
        "reason": "keyCompromise",
    }


def test_so_does_a_responder(known: Known) -> None:
    known.answer_of()
    assert known.status() == RevocationStatus("CN=signer", GOOD, RESPONDER, NOW, NOW + HOUR)
    known.revoke()
    known.answer_of()
    assert (known.status().state, known.status().source) == (REVOKED, RESPONDER)


def test_a_certificate_rewritten_around_what_is_signed_is_no_other(known: Known) -> None:
    known.revoke()
    known.answer_of()
    known.certificate = x509.load_der_x509_certificate(twin(known.certificate))
    assert known.status().state is REVOKED


def test_who_will_be_revoked_is_not_revoked_yet(known: Known) -> None:
    known.revoke(NOW + timedelta(minutes=30))
    known.list_of()
    known.answer_of()
    assert known.status(NOW + timedelta(minutes=29)).state is GOOD
    assert known.status(NOW + timedelta(minutes=30)).state is REVOKED


@pytest.mark.parametrize("source", ["list_of", "answer_of"])
def test_a_good_word_counts_until_the_grace_period_is_over(known: Known, source: str) -> None:
    getattr(known, source)()
    assert known.status(NOW + HOUR + GRACE).state is GOOD
    late = known.status(NOW + HOUR + GRACE + timedelta(seconds=1))
    assert (late.state, late.as_of, late.due) == (UNKNOWN, NOW, NOW + HOUR)
    assert known.status(NOW - timedelta(minutes=6)).state is UNKNOWN


@pytest.mark.parametrize("source", ["list_of", "answer_of"])
def test_a_bad_word_counts_for_ever(known: Known, source: str) -> None:
    """Else a thief of keys would only have to keep newer lists away for some days."""
    known.revoke()
    getattr(known, source)()
    assert known.status(NOW + timedelta(days=3000)).state is REVOKED


@pytest.mark.parametrize("newer", ["list_of", "answer_of"])
def test_of_two_sources_the_one_that_says_revoked_is_believed(known: Known, newer: str) -> None:
    older = {"list_of": "answer_of", "answer_of": "list_of"}[newer]
    known.revoke()
    getattr(known, older)(NOW - timedelta(minutes=10))
    known.authority.release(known.certificate)
    getattr(known, newer)(NOW)
    assert known.status().state is REVOKED


def test_of_two_good_words_the_newer_is_told(known: Known) -> None:
    known.list_of(NOW - timedelta(minutes=10))
    known.answer_of(NOW)
    assert known.status().source == RESPONDER
    known.answer_of(NOW - timedelta(minutes=20))
    assert known.status().source == LIST


def test_a_stale_answer_leaves_the_word_to_the_list(known: Known) -> None:
    known.answer_of(NOW - timedelta(days=9))
    known.list_of()
    assert known.status().source == LIST


def test_a_responder_that_knows_nothing_tells_nothing(known: Known) -> None:
    known.authority.unknown.add(known.certificate.serial_number)
    known.answer_of()
    assert known.status().state is UNKNOWN
    known.list_of()
    assert known.status().state is GOOD


def test_a_responder_that_was_revoked_itself_is_not_believed(known: Known) -> None:
    responder = known.authority.certify("responder", OCSP_SIGNING, x509.OCSPNoCheck())
    known.answer_of(signer=responder)
    assert known.status().state is GOOD
    known.authority.revoke(responder.certificate)
    known.list_of(NOW - timedelta(days=30))
    assert known.status().state is UNKNOWN


def test_an_answer_that_does_not_hold_tells_nothing(known: Known) -> None:
    known.answer_of(signer=known.authority.certify("no responder"))
    with capture_logs() as logged:
        assert known.status().state is UNKNOWN
        assert known.status().state is UNKNOWN
    assert [entry["source"] for entry in logged] == [RESPONDER]  # it is read once
    known.answer_of()
    assert known.status().state is GOOD


def test_a_list_tells_of_its_own_authoritys_certificates_alone(known: Known) -> None:
    """Another authority may have given the same serial number, and even bear the same name."""
    known.revoke()
    known.list_of()
    for kind, label in (("gost", "authority"), ("ec", "namesake")):
        other = certified(kind, label).certificate
        assert known.knowledge.known(known.certificate, other).status(NOW).state is UNKNOWN


def test_a_list_tells_of_the_certificates_of_its_scope_alone(known: Known) -> None:
    builder = (
        x509.CertificateRevocationListBuilder(known.authority.certificate.subject, NOW, NOW + HOUR)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(
            x509.IssuingDistributionPoint(
                full_name=None, relative_name=None, only_contains_user_certs=False, only_contains_ca_certs=True,
                only_some_reasons=None, indirect_crl=False, only_contains_attribute_certs=False,
            ),
            critical=True,
        )
    )  # fmt: skip
    key = known.authority.authority.key
    der = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]
    known.knowledge.replace_lists({LIST: read_revocation_list(der, [known.authority.certificate])})
    assert known.status().state is UNKNOWN


def path_of(known: Known, now: datetime = NOW) -> tuple[TrustPath, RevokingAuthority]:
    """signer ← authority ← root; and the root."""
    root = certified("rsa")
    above = RevokingAuthority(root, root, {}, now=now)
    validity = (NOW - HOUR, NOW + HOUR)
    certificates = (known.certificate, known.authority.certificate, root.certificate)
    return TrustPath(certificates, (validity,) * 3), above


def lists_of(known: Known, *authorities: RevokingAuthority) -> None:
    """The newest list of each."""
    for authority in authorities:
        authority.issue()
    known.knowledge.replace_lists(
        {
            authority.certificate.subject.rfc4514_string(): read_revocation_list(
                # As of the moment that these tests take for now: they may be run long after it was noted.
                authority.sign_list(replace(authority.whole, this_update=NOW, next_update=NOW + HOUR)),
                [authority.certificate],
            )
            for authority in authorities
        }
    )


def verdict(revocation: Revocation, path: TrustPath, now: datetime = NOW) -> Reason | None:
    try:
        revocation.require_good(revocation.judge(path, now))
    except Refusal as refusal:
        return refusal.reason
    return None


class TestThePolicy:
    """Over a path of three: the signer, an authority, the root, which is trusted by configuration."""

    @pytest.fixture
    def path(self, known: Known) -> TrustPath:
        path, self.root = path_of(known)
        return path

    @pytest.fixture
    def strict(self, known: Known) -> Revocation:
        return Revocation(known.knowledge, required=True)

    @pytest.fixture
    def lenient(self, known: Known) -> Revocation:
        return Revocation(known.knowledge, required=False)

    def test_each_certificate_but_the_topmost_is_judged(
        self, known: Known, path: TrustPath, strict: Revocation
    ) -> None:
        lists_of(known, known.authority, self.root)
        statuses = strict.judge(path, NOW)
        assert [(status.subject, status.state) for status in statuses] == [
            ("CN=signer", GOOD),
            ("CN=Authority (ec)", GOOD),
        ]
        assert verdict(strict, path) is None

    def test_what_is_not_known_is_refused_where_it_is_required(
        self, known: Known, path: TrustPath, strict: Revocation, lenient: Revocation
    ) -> None:
        for known_of in ((), (known.authority,), (self.root,)):
            lists_of(known, *known_of)
            assert verdict(strict, path) is Reason.REVOCATION_UNKNOWN
            assert verdict(lenient, path) is None
            assert UNKNOWN in {status.state for status in lenient.judge(path, NOW)}
        lists_of(known, known.authority, self.root)
        assert verdict(strict, path) is None

    def test_a_revoked_signer_is_refused_by_both(
        self, known: Known, path: TrustPath, strict: Revocation, lenient: Revocation
    ) -> None:
        known.revoke()
        lists_of(known, known.authority, self.root)
        assert verdict(strict, path) is verdict(lenient, path) is Reason.REVOKED

    def test_a_revoked_authority_is_refused_by_both(
        self, known: Known, path: TrustPath, strict: Revocation, lenient: Revocation
    ) -> None:
        self.root.revoke(known.authority.certificate, ReasonFlags.ca_compromise, NOW - HOUR)
        lists_of(known, known.authority, self.root)
        assert verdict(strict, path) is verdict(lenient, path) is Reason.REVOKED
        with pytest.raises(Refusal) as refused:
            lenient.require_good(lenient.judge(path, NOW))
        assert "an authority's certificate was revoked" in refused.value.detail
        assert "cACompromise" in refused.value.detail

    def test_what_changes_is_noticed_and_so_is_time(
        self, known: Known, path: TrustPath, strict: Revocation
    ) -> None:
        assert verdict(strict, path) is Reason.REVOCATION_UNKNOWN
        lists_of(known, known.authority, self.root)
        assert verdict(strict, path) is None
        assert verdict(strict, path, NOW + timedelta(days=9)) is Reason.REVOCATION_UNKNOWN
        known.revoke()
        known.answer_of()
        assert verdict(strict, path) is Reason.REVOKED

    def test_whoever_is_judged_is_told_once_an_hour(self, known: Known, path: TrustPath) -> None:
        seen: list[tuple[x509.Certificate, x509.Certificate]] = []
        revocation = Revocation(known.knowledge, required=False, seen=lambda *pair: seen.append(pair))
        for _ in range(3):
            revocation.judge(path, NOW)
        assert seen == [path.certificates[:2], path.certificates[1:]]
        revocation.judge(path, NOW + timedelta(minutes=61))
        assert len(seen) == 4


class TestTheVerifier:
    def report(self, ca: TestCa, trust: TrustStore, revocation: Revocation, name: str, now: datetime) -> Any:
        verifier = Verifier(trust, revocation=revocation)
        try:
            return verifier.verify(open_envelope(sign_wsse(PLAIN, ca.identity(name))), now).report.to_dict()
        except SignatureRefused as refused:
            return refused.report.to_dict()

    @pytest.mark.parametrize(("name", "authorities"), [("employer", 2), ("gost-employer", 1)])
    def test_the_report_tells_what_is_known(
        self,
        ca: TestCa,
        trust: TrustStore,
        revocation: Revocation,
        now: datetime,
        name: str,
        authorities: int,
    ) -> None:
        told = self.report(ca, trust, revocation, name, now)
        (signature,) = told["signatures"]
        assert told["valid"]
        assert [status["state"] for status in signature["revocation"]] == ["good"] * authorities
        assert signature["revocation"][0]["source"].endswith("authority.crl")
        names = [check["name"] for check in signature["checks"]]
        assert names.index("revocation") == names.index("validity") + 1

    @pytest.mark.parametrize("name", ["revoked", "gost-revoked"])
    def test_a_revoked_certificates_report(
        self, ca: TestCa, trust: TrustStore, revocation: Revocation, now: datetime, name: str
    ) -> None:
        told = self.report(ca, trust, revocation, name, now)
        (signature,) = told["signatures"]
        assert (told["valid"], told["reason"]) == (False, "revoked")
        assert signature["checks"][-1] == {"name": "revocation", "ok": False}
        assert signature["revocation"][0]["reason"] == "keyCompromise"
        assert "отозван" in told["explanation"]["ru"]

    def test_before_it_was_revoked_it_was_good(
        self, ca: TestCa, trust: TrustStore, revocation: Revocation, now: datetime
    ) -> None:
        lenient = Revocation(revocation._knowledge, required=False)
        assert self.report(ca, trust, lenient, "revoked", now - timedelta(days=31))["valid"]

    def test_where_nobody_asks_nothing_is_told(self, ca: TestCa, trust: TrustStore, now: datetime) -> None:
        report = Verifier(trust).verify(open_envelope(sign_wsse(PLAIN, ca.identity("revoked"))), now).report
        assert report.to_dict()["signatures"][0]["revocation"] == []
