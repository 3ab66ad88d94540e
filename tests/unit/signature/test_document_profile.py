"""Signed documents: what is signed, by whom, and what is handed on."""

from __future__ import annotations

from datetime import datetime

import pytest
from cryptography.hazmat.primitives import hashes
from documents import DOCUMENTS
from envelopes import ENVELOPES
from forgery import NS, PLAIN, Message, Verify, parse
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from esutd_bus.signature.layout import NotSignableError
from esutd_bus.signature.payload import payload_digest
from esutd_bus.signature.place import MAX_CO_SIGNATURES
from esutd_bus.signature.reason import Reason
from esutd_bus.signature.report import SignatureRefused
from esutd_bus.signature.signing import sign_document, sign_header, sign_wsse
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import VerifiedMessage, Verifier
from esutd_bus.soap.envelope import open_envelope
from esutd_bus.testbed.test_ca import TestCa

LEANING = {
    "prefix of the payload declared on the Envelope",
    "names in values",
    "wsu prefix that means another thing",
    "attributes in disorder",
    "prefix declared anew inside",
}
"""Envelopes whose payload is no document of its own."""

BOTH_KINDS = {
    **{f"document: {name}": raw for name, raw in DOCUMENTS.items()},
    **{f"envelope: {name}": raw for name, raw in ENVELOPES.items() if name not in LEANING},
}
IDENTITIES = ("employer", "ec-employer", "gost-employer", "gost-2004-employer")

every_document = pytest.mark.parametrize("document", BOTH_KINDS.values(), ids=BOTH_KINDS.keys())


@pytest.fixture(scope="module")
def verifier(trust: TrustStore) -> Verifier:
    return Verifier(trust)


@pytest.fixture(scope="module")
def verify_any(verifier: Verifier, now: datetime) -> Verify:
    """Of an envelope or of a document."""

    def verify(raw: bytes) -> VerifiedMessage:
        if NS["soap"].encode() in raw.replace(b"\0", b""):
            return verifier.verify(open_envelope(raw), now)
        return verifier.verify_document(raw, now)

    return verify


def reason_of(refused: pytest.ExceptionInfo[SignatureRefused]) -> Reason | None:
    return refused.value.report.reason


@every_document
def test_a_signed_document_verifies(document: bytes, ca: TestCa, verify_any: Verify) -> None:
    raw = sign_document(document, ca.identity("employer"))
    message = verify_any(raw)
    assert message.raw is raw
    assert (message.signer.employer_id, message.system, message.cosigners) == ("990440000385", None, ())
    assert message.profiles == ("document",)


@every_document
def test_signatures_are_taken_off_and_nothing_else(document: bytes, ca: TestCa, verify_any: Verify) -> None:
    """What is handed on says what was there before anybody signed it; it is complete in itself."""
    once = sign_document(document, ca.identity("individual"))
    message = verify_any(sign_document(once, ca.identity("employer")))
    root = etree.fromstring(document)
    payload = (
        next(root.find("soap:Body", NS).iterchildren("*"))
        if b"Body" in document.replace(b"\0", b"")
        else root
    )
    assert message.payload.getparent() is None
    assert canonical(message.payload) == canonical(payload)


def canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def test_no_signature_of_the_payload_is_passed_over(ca: TestCa, verify: Verify) -> None:
    """The schema leaves room for any element of XMLDSig: one that ends the payload must not hide a signature."""
    unread = f'<d:Signature xmlns:d="{NS["ds"]}"/><d:Object xmlns:d="{NS["ds"]}"/></m:RegisterContract>'
    envelope = PLAIN.replace(b"</m:RegisterContract>", unread.encode())
    with pytest.raises(SignatureRefused) as refused:
        verify(sign_wsse(envelope, ca.identity("employer")))
    assert reason_of(refused) == Reason.MISPLACED


@every_document
@pytest.mark.parametrize("identity", IDENTITIES)
def test_every_kind_of_key_signs_documents(
    document: bytes, identity: str, ca: TestCa, verify_any: Verify
) -> None:
    signer = ca.identity(identity)
    (report,) = verify_any(sign_document(document, signer)).report.signatures
    assert report.signature_algorithm == signer.algorithm.identifier
    assert report.reference == ""
    assert report.canonicalization == "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


@every_document
def test_beside_the_signature_every_octet_is_as_it_was(document: bytes, ca: TestCa) -> None:
    signed = sign_document(document, ca.identity("employer"))
    remaining = iter(document)
    missing = next(remaining)
    for octet in signed:
        if octet == missing:
            missing = next(remaining, -1)
    assert missing == -1


@pytest.mark.parametrize("name", sorted(LEANING))
def test_a_payload_that_leans_on_the_envelope_is_not_signed(name: str, ca: TestCa) -> None:
    with pytest.raises(NotSignableError, match="does not declare namespaces it uses"):
        sign_document(ENVELOPES[name], ca.identity("employer"))


def test_a_prefix_that_only_a_value_uses_is_no_leaning(ca: TestCa, verify: Verify) -> None:
    """Such a document means nothing by it: who reads it alone does not know the prefix."""
    envelope = f"""<s:Envelope xmlns:s="{NS["soap"]}" xmlns:cs="urn:cs"><s:Body><Op kind="cs:a">cs:b</Op>
        </s:Body></s:Envelope>""".encode()
    payload = verify(sign_document(envelope, ca.identity("employer"))).payload
    assert payload.nsmap == {}


def test_attributes_of_the_envelope_are_not_the_documents(ca: TestCa, verify: Verify) -> None:
    signed = sign_document(PLAIN, ca.identity("employer"))
    around = signed.replace(b"<soap:Body>", b'<soap:Body xml:lang="kk" xml:base="urn:x" xmlns:y="urn:y">')
    assert around != signed
    assert verify(around).signer.bin == "990440000385"


@pytest.mark.parametrize("number", [1, 2, MAX_CO_SIGNATURES])
def test_who_signed_last_speaks(number: int, ca: TestCa, verify: Verify) -> None:
    signers = ["individual", "other-employer", "bus", "employer"] * 2
    document = PLAIN
    for name in signers[-number:]:
        document = sign_document(document, ca.identity(name))
    message = verify(document)
    assert message.signer.bin == "990440000385"
    assert [one.fingerprint for one in message.cosigners] == [
        fingerprint(ca, name) for name in signers[-number:-1]
    ]
    assert [report.position for report in message.report.signatures] == [
        f"RegisterContract/Signature[{place}]" for place in range(number, 0, -1)
    ]


def fingerprint(ca: TestCa, name: str) -> str:
    return ca.identity(name).certificate.fingerprint(hashes.SHA256()).hex()


@pytest.mark.parametrize("sign_around", [sign_wsse, sign_header])
def test_who_signs_around_a_document_is_the_system(
    sign_around: type[sign_wsse], ca: TestCa, verify: Verify
) -> None:
    message = verify(sign_around(sign_document(PLAIN, ca.identity("employer")), ca.identity("bus")))
    assert message.signer.bin == "990440000385"
    assert message.system is not None
    assert message.system.name == "SHEP TESTBED"
    assert message.profiles == ({sign_wsse: "wsse", sign_header: "header"}[sign_around], "document")
    assert [report.signed_node for report in message.report.signatures] == [
        "Envelope/Body",
        "RegisterContract",
    ]


def test_both_signatures_must_hold(ca: TestCa, verify: Verify) -> None:
    signed = sign_wsse(sign_document(PLAIN, ca.identity("expired")), ca.identity("employer"))
    with pytest.raises(SignatureRefused) as refused:
        verify(signed)
    assert reason_of(refused) == "expired"
    assert [(one.profile, one.valid) for one in refused.value.report.signatures] == [
        ("wsse", True),
        ("document", False),
    ]
    signed = sign_wsse(sign_document(PLAIN, ca.identity("employer")), ca.identity("expired"))
    with pytest.raises(SignatureRefused) as refused:
        verify(signed)
    assert [(one.profile, one.valid) for one in refused.value.report.signatures] == [("wsse", False)]


def test_each_co_signature_must_hold(ca: TestCa, verify: Verify) -> None:
    signed = sign_document(sign_document(PLAIN, ca.identity("stranger")), ca.identity("employer"))
    with pytest.raises(SignatureRefused) as refused:
        verify(signed)
    assert reason_of(refused) == "untrusted"
    assert [one.position for one in refused.value.report.signatures if not one.valid] == [
        "RegisterContract/Signature[1]"
    ]


def test_a_later_signature_covers_the_earlier_ones(ca: TestCa, verify: Verify) -> None:
    signed = sign_document(sign_document(PLAIN, ca.identity("individual")), ca.identity("employer"))
    message = Message(etree.fromstring(signed), ca.identity("employer"), ca.identity("individual"))
    first, second = message.payload.findall("ds:Signature", NS)
    for change in (lambda: message.payload.remove(first), lambda: second.addnext(first)):
        change()
        with pytest.raises(SignatureRefused) as refused:
            verify(message.octets())
        assert reason_of(refused) == "digest-mismatch"


def test_a_retry_may_be_signed_in_another_way(ca: TestCa, verify: Verify) -> None:
    employer = ca.identity("employer")
    twice = sign_document(sign_document(PLAIN, ca.identity("individual")), employer)
    ways = (sign_wsse(PLAIN, employer), sign_document(PLAIN, employer), twice, sign_wsse(twice, employer))
    assert len({payload_digest(verify(way).payload) for way in ways}) == 1


@pytest.mark.parametrize("profile", ["wsse", "header", "document"])
def test_a_profile_that_is_not_accepted(profile: str, ca: TestCa, verifier: Verifier, now: datetime) -> None:
    employer = ca.identity("employer")
    around = sign_header if profile == "header" else sign_wsse
    raw = around(sign_document(PLAIN, employer), employer)
    others = {"wsse", "header", "document"} - {profile}
    with pytest.raises(SignatureRefused) as refused:
        verifier.verify(open_envelope(raw), now, others)
    report = refused.value.report
    assert (report.reason, report.checks[-1].name, report.signatures) == ("profile", "profile", ())


def test_a_document_in_characters(ca: TestCa, verifier: Verifier, now: datetime) -> None:
    """As the bus carries it: escaped, with a declaration of an encoding that it no longer has."""
    signed = sign_document(DOCUMENTS["UTF-16"], ca.identity("employer"))
    message = verifier.verify_document(signed.decode("utf-16"), now)
    assert message.payload.text == "Әбу"
    assert message.raw.decode() == signed.decode("utf-16")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "unreadable"),
        ("<a>", "unreadable"),
        ("\ud800", "unreadable"),
        ("<!DOCTYPE a><a/>", "unreadable"),
        ("<a>" * 65 + "</a>" * 65, "unreadable"),
        ("<a/>", "absent"),
        (f'<a><ds:Signature xmlns:ds="{NS["ds"]}"/><b/></a>', "misplaced"),
        (f'<ds:Signature xmlns:ds="{NS["ds"]}"/>', "misplaced"),
        ("<?evil?><a/>", "structure"),
        ("<a/><?evil?>", "structure"),
    ],
)
def test_what_is_no_signed_document(document: str, reason: str, verifier: Verifier, now: datetime) -> None:
    with pytest.raises(SignatureRefused) as refused:
        verifier.verify_document(document, now)
    assert reason_of(refused) == reason


def test_an_instruction_outside_of_the_root_is_refused(ca: TestCa, verifier: Verifier, now: datetime) -> None:
    """It would be signed, and nobody would process it."""
    with pytest.raises(NotSignableError, match="processing instruction"):
        sign_document(b"<?x?><a/>", ca.identity("employer"))
    signed = sign_document(b"<a/>", ca.identity("employer"))
    for raw in (b"<?x?>" + signed, signed + b"<?x?>"):
        with pytest.raises(SignatureRefused) as refused:
            verifier.verify_document(raw, now)
        assert reason_of(refused) == "structure"


def test_a_document_inside_of_another_one(ca: TestCa, verifier: Verifier, now: datetime) -> None:
    """The bus's `data` holds the payload, or is what was signed; white space around it is not the payload's."""
    signed = sign_document(b'<p:Op xmlns:p="urn:p"><p:a/></p:Op>', ca.identity("employer"))
    raw = b"<SendMessage xmlns:x='urn:x'><data>\n " + signed + b"\n</data></SendMessage>"
    message = verifier.verify_element(etree.fromstring(raw)[0][0], raw, now)
    assert (message.payload.tag, len(message.payload), message.raw) == ("{urn:p}Op", 1, raw)

    data = sign_document(b"<data><Op/></data>", ca.identity("employer"))
    assert (
        verifier.verify_element(etree.fromstring(b"<x>" + data + b"</x>")[0], data, now).payload.tag == "data"
    )

    for wrong, reason in (
        (b"<x><data/></x>", "absent"),
        (b"<x><data>" + signed + b"<b/></data></x>", "misplaced"),
    ):
        with pytest.raises(SignatureRefused) as refused:
            verifier.verify_element(etree.fromstring(wrong)[0], wrong, now)
        assert reason_of(refused) == reason


def test_comments_are_not_signed(ca: TestCa, verify_any: Verify) -> None:
    """Nor may they change anything: whoever reads leaves must refuse them there (the schema's room)."""
    signed = sign_document(b"<a><b>test</b></a>", ca.identity("employer"))
    for text in (b"<b>", b"st</b>", b"<ds:Signature ", b"</a>"):
        commented = signed.replace(text, b"<!-- x -->" + text, 1)
        assert commented != signed
        assert verify_any(commented).signer.bin == "990440000385"


def test_a_signature_without_prefixes(ca: TestCa, trust: TrustStore, now: datetime) -> None:
    """As many tools write it, with line ends as `&#13;`."""
    message = Message(etree.fromstring(sign_document(PLAIN, ca.identity("employer"))),
                      ca.identity("employer"), ca.identity("employer"), "document")  # fmt: skip
    text = etree.tostring(message.root, encoding="unicode")
    octets = text[text.index("<ds:Signature ") : text.index("</m:RegisterContract>")]
    plain = octets.replace("<ds:", "<").replace("</ds:", "</").replace("xmlns:ds=", "xmlns=")
    plain = plain.replace("</DigestValue>", "&#13;\n</DigestValue>")
    message.rewrite((octets, plain))
    message.seal()
    assert Verifier(trust).verify(open_envelope(message.octets()), now).profiles == ("document",)


@pytest.mark.parametrize("body", ["", "<a/><b/>"])
def test_an_envelope_with_no_one_payload_is_not_signed(body: str, ca: TestCa) -> None:
    envelope = f'<s:Envelope xmlns:s="{NS["soap"]}"><s:Body>{body}</s:Body></s:Envelope>'.encode()
    with pytest.raises(NotSignableError, match="not one to be signed"):
        sign_document(envelope, ca.identity("employer"))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_changed_octet_passes_unseen(
    data: st.DataObject, ca: TestCa, verifier: Verifier, now: datetime
) -> None:
    """Whatever octet of a signed document is changed, it is refused, or what was signed is as it was."""
    document = b"<m:Op xmlns:m='urn:m' a='1'>\n <m:b>text &amp; &#13;</m:b><!-- c --></m:Op>"
    raw = sign_document(document, ca.identity("employer").key)
    signed = canonical(verifier.verify_document(raw, now).payload)
    position = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:position] + bytes([data.draw(st.integers(0, 255))]) + raw[position + 1 :]
    try:
        message = verifier.verify_document(changed, now)
    except SignatureRefused:
        return
    assert canonical(message.payload) == signed
    assert message.signer.bin == "990440000385"


def test_of_security_headers_only_signed_ones_are_taken(ca: TestCa, verify: Verify) -> None:
    """A security header for this service that signs nothing is not passed over because a document is signed."""
    root = etree.fromstring(sign_document(PLAIN, ca.identity("employer")))
    root.insert(0, parse("<soap:Header><wsse:Security><wsu:Timestamp/></wsse:Security></soap:Header>"))
    with pytest.raises(SignatureRefused) as refused:
        verify(etree.tostring(root))
    assert reason_of(refused) == "misplaced"
