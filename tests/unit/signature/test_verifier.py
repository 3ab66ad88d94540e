"""What a verified message is, and the forms of a good signature."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from envelopes import ENVELOPES
from forgery import NS, PLAIN, Message, Verify, parse
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from esutd_bus.signature.known import CertificateIndex
from esutd_bus.signature.report import SignatureRefused
from esutd_bus.signature.role import Role
from esutd_bus.signature.signing import KEY_INFO_FORMS, KeyInfoForm, sign, sign_wsse
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import VerifiedMessage, Verifier
from esutd_bus.soap.envelope import open_envelope
from esutd_bus.testbed.test_ca import TestCa

FORMS = [(profile, form) for profile in ("wsse", "header") for form in KEY_INFO_FORMS[profile]]


@pytest.fixture
def message(ca: TestCa) -> Message:
    employer = ca.identity("employer")
    return Message(etree.fromstring(sign_wsse(PLAIN, employer)), employer, ca.identity("other-employer"))


@pytest.mark.parametrize("identity", ["employer", "ec-employer"])
@pytest.mark.parametrize(("profile", "form"), FORMS)
@pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=ENVELOPES.keys())
def test_a_signed_message_verifies(
    envelope: bytes,
    profile: str,
    form: KeyInfoForm,
    identity: str,
    ca: TestCa,
    trust: TrustStore,
    now: datetime,
) -> None:
    signer = ca.identity(identity)
    raw = sign(envelope, signer, profile, form)
    known = CertificateIndex([signer.certificate.public_bytes(Encoding.DER)])
    verified = Verifier(trust, known=known).verify(open_envelope(raw), now)
    assert verified.raw is raw
    assert verified.profiles == (profile,)
    assert (verified.system, verified.cosigners) == (None, ())
    assert verified.signer.employer_id == "990440000385"
    assert verified.report.valid


def test_the_payload_is_the_signed_node(ca: TestCa, trust: TrustStore, now: datetime) -> None:
    envelope = open_envelope(sign_wsse(PLAIN, ca.identity("employer")))
    verified = Verifier(trust).verify(envelope, now)
    assert verified.payload is envelope.payload
    assert verified.payload.getparent() is envelope.body


def test_the_signer_is_read_from_the_certificate(ca: TestCa, verify: Verify) -> None:
    signer = verify(sign_wsse(PLAIN, ca.identity("employer"))).signer
    assert (signer.bin, signer.iin) == ("990440000385", "850315100105")
    assert signer.roles == {Role.ORGANISATION, Role.FIRST_HEAD}
    assert signer.name == "АХМЕТОВ АЙДАР"
    assert "SERIALNUMBER=IIN850315100105" in signer.subject
    assert signer.iin not in repr(signer)

    trader = verify(sign_wsse(PLAIN, ca.identity("individual-employer"))).signer
    assert (trader.bin, trader.employer_id) == (None, "660501200403")
    assert trader.roles == {Role.INDIVIDUAL}


def test_only_the_verifier_makes_a_verified_message(ca: TestCa, verify: Verify) -> None:
    good = verify(sign_wsse(PLAIN, ca.identity("employer")))
    parts = {part.name: getattr(good, part.name) for part in dataclasses.fields(good)}
    with pytest.raises(TypeError, match="verifier alone"):
        VerifiedMessage(**parts, seal=object())
    with pytest.raises(TypeError):
        VerifiedMessage(**parts)  # type: ignore[call-arg]
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(good, raw=b"")
    with pytest.raises(TypeError, match="verifier alone"):
        dataclasses.replace(good, raw=b"", seal=None)
    for clone in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="neither copied nor pickled"):
            clone(good)
    with pytest.raises(TypeError, match="no subclasses"):
        type("Loose", (VerifiedMessage,), {})
    with pytest.raises(dataclasses.FrozenInstanceError):
        good.raw = b""  # type: ignore[misc]


def test_base64_may_hold_carriage_returns(message: Message, verify: Verify) -> None:
    for path in ("//ds:DigestValue", "//ds:SignatureValue", "//wsse:KeyIdentifier"):
        element = message.at(path)
        element.text = "\r\n " + "\r\n".join(re.findall(".{1,60}", element.text or "")) + "\t\r\n"
    message.seal()
    signature = message.at("//ds:SignatureValue")
    signature.text = "\r\n".join(re.findall(".{1,60}", signature.text or ""))
    raw = message.octets()
    assert b"&#13;" in raw
    assert verify(raw).report.valid


def test_white_space_and_identifiers_between_the_parts(message: Message, verify: Verify) -> None:
    etree.indent(message.signature)
    for number, path in enumerate(("//ds:Signature", "//ds:SignedInfo", "//ds:Reference", "//ds:KeyInfo")):
        message.at(path).set("Id", f"part-{number}")
    message.seal()
    assert verify(message.octets()).report.valid


def test_a_certificate_in_x509_data_inside_the_token_reference(message: Message, verify: Verify) -> None:
    octets = message.at("//wsse:KeyIdentifier").text
    message.at("//wsse:SecurityTokenReference")[:] = [
        parse(f"<ds:X509Data><ds:X509Certificate>{octets}</ds:X509Certificate></ds:X509Data>")
    ]
    assert verify(message.octets()).report.valid


def test_security_headers_for_others_are_left_to_them(message: Message, verify: Verify) -> None:
    header = message.at("//soap:Header")
    header.insert(0, parse('<wsse:Security soap:actor="urn:another"><wsse:UsernameToken/></wsse:Security>'))
    assert verify(message.octets()).report.valid


def test_a_security_header_for_the_next_one_is_ours(message: Message, verify: Verify) -> None:
    message.security.set(f"{{{NS['soap']}}}actor", "http://schemas.xmlsoap.org/soap/actor/next")
    assert verify(message.octets()).report.valid


def test_a_comment_in_the_body_is_not_signed(message: Message, verify: Verify) -> None:
    """The exclusive form leaves comments out: whoever reads leaves must refuse them (the schema's room)."""
    message.body[0][0].insert(0, etree.Comment("x"))
    assert verify(message.octets()).report.valid


@pytest.mark.parametrize("minutes", [-4, 0, 4])
def test_a_timestamp_within_the_clocks_difference(
    minutes: int, ca: TestCa, trust: TrustStore, now: datetime
) -> None:
    created = now + timedelta(minutes=minutes)
    raw = sign_wsse(PLAIN, ca.identity("employer"), timestamp=(created, created + timedelta(seconds=1)))
    assert Verifier(trust).verify(open_envelope(raw), now).report.valid
    strict = Verifier(trust, clock_skew=timedelta())
    if minutes:
        with pytest.raises(SignatureRefused):
            strict.verify(open_envelope(raw), now)


def test_a_timestamp_that_ends_before_it_begins(ca: TestCa, verify: Verify, now: datetime) -> None:
    ahead = now + timedelta(minutes=2)
    with pytest.raises(SignatureRefused) as refused:
        verify(sign_wsse(PLAIN, ca.identity("employer"), timestamp=(ahead, now)))
    assert refused.value.report.reason == "timestamp"


def test_the_certificate_was_valid_when_the_message_was_made(ca: TestCa, trust: TrustStore) -> None:
    """By the message's own word, within the clocks' difference: nobody signs with a key of tomorrow."""
    employer = ca.identity("employer")
    begins = employer.certificate.not_valid_before_utc
    now = begins + timedelta(days=1)

    def verify(created: datetime) -> VerifiedMessage:
        raw = sign_wsse(PLAIN, employer, timestamp=(created, now + timedelta(days=1)))
        return Verifier(trust).verify(open_envelope(raw), now)

    assert verify(begins - timedelta(minutes=4)).report.valid
    with pytest.raises(SignatureRefused) as refused:
        verify(begins - timedelta(minutes=6))
    assert refused.value.report.reason == "not-yet-valid"


def test_validity_is_judged_at_every_use(ca: TestCa, trust: TrustStore, now: datetime) -> None:
    verifier, envelope = Verifier(trust), open_envelope(sign_wsse(PLAIN, ca.identity("employer")))
    assert verifier.verify(envelope, now).report.valid
    for moment, reason in ((timedelta(days=3651), "expired"), (timedelta(days=-3651), "not-yet-valid")):
        with pytest.raises(SignatureRefused) as refused:
            verifier.verify(envelope, now + moment)
        assert refused.value.report.reason == reason
    assert verifier.verify(envelope, now).report.valid


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_changed_octet_passes_unseen(
    data: st.DataObject, ca: TestCa, trust: TrustStore, now: datetime
) -> None:
    """Whatever octet of a signed message is changed, it is refused, or what was signed is as it was."""
    raw = sign_wsse(PLAIN, ca.identity("employer").key)
    good = open_envelope(raw)
    signed = etree.tostring(good.body, method="c14n", exclusive=True)
    position = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:position] + bytes([data.draw(st.integers(0, 255))]) + raw[position + 1 :]
    try:
        envelope = open_envelope(changed)
        verified = Verifier(trust).verify(envelope, now)
    except Exception as error:  # noqa: BLE001  # the point is which kinds there are
        assert type(error).__name__ in {"SoapError", "SignatureRefused"}  # noqa: PT017
        return
    assert etree.tostring(envelope.body, method="c14n", exclusive=True) == signed
    assert verified.signer.bin == "990440000385"
