"""The verifier refuses each forgery, for the reason it deserves."""

from __future__ import annotations

from datetime import datetime

import forgeries
import forgeries_document
import forgeries_header
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from forgery import NS, PLAIN, Forgery, Message, Verify
from lxml import etree

from esutd_bus.signature.known import CertificateIndex
from esutd_bus.signature.reason import Reason
from esutd_bus.signature.report import MessageReport, SignatureRefused
from esutd_bus.signature.signing import sign, sign_wsse
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.envelope import Envelope
from esutd_bus.testbed.test_ca import TestCa

ALL = (*forgeries.ALL, *forgeries_header.ALL, *forgeries_document.ALL)

BY_IDENTITY = {
    "expired": "expired",
    "not-yet-valid": "not-yet-valid",
    "authentication-key": "key-usage",
    "revoked": "revoked",
    "gost-revoked": "revoked",
    "stranger": "untrusted",
    "gost-stranger": "untrusted",
    "self-signed": "untrusted",
    "no-identifiers": "subject-without-bin-or-iin",
    "two-identifiers": "subject-without-bin-or-iin",
    "weak-key": "weak-key",
}
ELSEWHERE = {"unreadable", "critical-extension", "profile", "revocation-unknown"}
"""Reasons that forging does not provoke; shown in test_inspection, test_certificates, test_profiles and
test_revocation.
"""


def opened(root: etree._Element) -> Envelope:
    """The envelope as a room of envelopes that lets everything through would hand it on."""
    body = root.findall("soap:Body", NS)[-1]
    nodes = list(root.iter())
    return Envelope(root, root.find("soap:Header", NS), body, body[0], etree.tostring(root), nodes)


def refusal(trust: TrustStore, now: datetime, envelope: Envelope) -> SignatureRefused:
    with pytest.raises(SignatureRefused) as refused:
        Verifier(trust).verify(envelope, now)
    return refused.value


def assert_last_check_failed(report: MessageReport) -> None:
    """All that was looked at held, but for what was looked at last; and nobody is said to have signed that."""
    held = [report.checks, *(signature.checks for signature in report.signatures)]
    oks = [check.ok for checks in held for check in checks]
    assert oks == [True] * (len(oks) - 1) + [False]
    assert not report.signatures or report.signatures[-1].signer is None


@pytest.mark.parametrize("forgery", ALL, ids=lambda forgery: forgery.name)
def test_a_forgery_is_refused(forgery: Forgery, ca: TestCa, trust: TrustStore, now: datetime) -> None:
    employer = ca.identity("employer")
    raw = sign(PLAIN, employer, forgery.profile, forgery.key_info)
    message = Message(etree.fromstring(raw), employer, ca.identity("other-employer"), forgery.profile)
    verifier = Verifier(trust, known=CertificateIndex([employer.certificate.public_bytes(Encoding.DER)]))
    verifier.verify(opened(message.root), now)  # it is good before it is forged

    forgery.change(message)
    if forgery.sealed:
        message.seal()

    with pytest.raises(SignatureRefused) as refused:
        verifier.verify(opened(message.root), now)
    report = refused.value.report
    assert (report.reason, report.valid) == (forgery.reason, False), report.detail
    assert_last_check_failed(report)


@pytest.mark.parametrize(("identity", "reason"), BY_IDENTITY.items())
def test_an_identity_with_a_flaw_is_refused(identity: str, reason: str, ca: TestCa, verify: Verify) -> None:
    with pytest.raises(SignatureRefused) as refused:
        verify(sign_wsse(PLAIN, ca.identity(identity)))
    assert refused.value.report.reason == reason
    assert refused.value.report.signatures[0].certificate is not None


def test_every_flawed_identity_is_tried(ca: TestCa) -> None:
    assert {name for name in ca.names() if ca.identity(name).wrong} == set(BY_IDENTITY)


def test_every_reason_is_provoked() -> None:
    provoked = {forgery.reason for forgery in ALL} | set(BY_IDENTITY.values()) | ELSEWHERE
    assert provoked == {str(reason) for reason in Reason}


def test_a_body_that_is_not_the_processed_one_is_refused(
    ca: TestCa, trust: TrustStore, now: datetime
) -> None:
    """Whoever opens envelopes wrongly gets nothing verified."""
    root = etree.fromstring(sign_wsse(PLAIN, ca.identity("employer")))
    good, evil = opened(root), etree.fromstring("<evil/>")
    for envelope in (
        good._replace(payload=evil),
        good._replace(body=evil),
    ):
        refused = refusal(trust, now, envelope)
        assert refused.report.reason == Reason.REFERENCE_TARGET


def test_a_second_body_is_refused_whichever_is_processed(
    ca: TestCa, trust: TrustStore, now: datetime
) -> None:
    root = etree.fromstring(sign_wsse(PLAIN, ca.identity("employer")))
    good = opened(root)
    etree.SubElement(etree.SubElement(root, good.body.tag), "evil")
    for envelope in (good, opened(root)):
        assert refusal(trust, now, envelope).report.reason == Reason.REFERENCE_TARGET
