"""Signing adds, and rewrites nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from envelopes import ENVELOPES
from forgery import NS, PLAIN, Verify
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from esutd_bus.signature.canonical import exclusive
from esutd_bus.signature.layout import NotSignableError
from esutd_bus.signature.signing import sign_document, sign_wsse
from esutd_bus.testbed.test_ca import TestCa

every_envelope = pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=ENVELOPES.keys())


@every_envelope
def test_beside_the_additions_every_octet_is_as_it_was(envelope: bytes, ca: TestCa) -> None:
    signed = sign_wsse(envelope, ca.identity("employer"))
    remaining = iter(envelope)
    missing = next(remaining)
    for octet in signed:
        if octet == missing:
            missing = next(remaining, -1)
    # An empty Header tag opens: its slash moves into an end tag, where it is found again.
    assert missing == -1


@every_envelope
def test_the_bodys_canonical_form_gains_an_identifier_and_nothing_else(envelope: bytes, ca: TestCa) -> None:
    before, after = (
        etree.fromstring(one) for one in (envelope, sign_wsse(envelope, ca.identity("employer")))
    )
    body = after.find("soap:Body", NS)
    unsigned = before.find("soap:Body", NS)
    assert body is not None
    assert unsigned is not None
    identifier = f"{{{NS['wsu']}}}Id"
    if unsigned.get(identifier) is None:
        del body.attrib[identifier]
    else:
        assert body.get(identifier) == unsigned.get(identifier)
    assert exclusive(body) == exclusive(unsigned)


@every_envelope
def test_signed_info_stands_in_the_document_as_it_was_signed(envelope: bytes, ca: TestCa) -> None:
    signed = sign_wsse(envelope, ca.identity("employer"))
    signed_info = etree.fromstring(signed).find(".//ds:SignedInfo", NS)
    assert signed_info is not None
    encoding = {b"\xff\xfe": "utf-16", b"\0<": "utf-16-be"}.get(signed[:2], "utf-8")
    assert exclusive(signed_info).decode() in signed.decode(encoding)


@pytest.mark.parametrize(("asked", "written"), [(True, "1"), (False, "0")])
def test_must_understand(asked: bool, written: str, ca: TestCa) -> None:
    root = etree.fromstring(sign_wsse(PLAIN, ca.service_key, must_understand=asked))
    security = root.find("soap:Header/wsse:Security", NS)
    assert security is not None
    assert security.get(f"{{{NS['soap']}}}mustUnderstand") == written


def test_a_timestamp_is_written_in_utc(ca: TestCa) -> None:
    created = datetime(2024, 5, 1, 10, tzinfo=UTC)
    raw = sign_wsse(PLAIN, ca.service_key, timestamp=(created, created + timedelta(minutes=5)))
    root = etree.fromstring(raw)
    assert root.findtext(".//wsu:Created", namespaces=NS) == "2024-05-01T10:00:00Z"
    assert root.findtext(".//wsu:Expires", namespaces=NS) == "2024-05-01T10:05:00Z"


def test_identifiers_are_never_the_same(ca: TestCa) -> None:
    signed = [sign_wsse(PLAIN, ca.service_key, key_info="BinarySecurityToken") for _ in range(2)]
    identifiers = [set(re.findall(rb'wsu:Id="([^"]+)"', one)) for one in signed]
    assert len(identifiers[0]) == 2
    assert not identifiers[0] & identifiers[1]


@pytest.mark.parametrize(
    ("envelope", "complaint"),
    [
        (b"", "not well-formed"),
        (b"<x/>", "one Body"),
        (PLAIN.replace(b"soap:Body", b"soap:Torso"), "one Body"),
        (
            PLAIN.replace(b"schemas.xmlsoap.org/soap/envelope/", b"www.w3.org/2003/05/soap-envelope"),
            "one Body",
        ),
        (PLAIN.replace(b"</soap:Body>", b"</soap:Body><soap:Body/>"), "one Body"),
        (PLAIN.replace(b"?>", b"?><!DOCTYPE x>", 1), "document type"),
        (PLAIN.replace(b"</soap:Envelope>", b""), "not well-formed"),
        (b"<!-- " + PLAIN, "not well-formed"),
        (PLAIN.replace(b"urn:esutd-bus:contracts:v1", b"relative"), "no canonical form"),
        (PLAIN.replace(b"17/2024", b"<x>" * 300 + b"</x>" * 300), "beyond the parser"),
    ],
)
def test_what_cannot_be_signed(envelope: bytes, complaint: str, ca: TestCa) -> None:
    with pytest.raises(NotSignableError, match=complaint):
        sign_wsse(envelope, ca.service_key)


def test_a_signed_envelope_is_not_signed_again(ca: TestCa) -> None:
    with pytest.raises(NotSignableError, match="already"):
        sign_wsse(sign_wsse(PLAIN, ca.service_key), ca.service_key)


TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs", "Cc"))
    | st.sampled_from("\t\n")
)
NAMES = st.sampled_from(["a", "b-1", "Имя", "_x", "ә.b"])


@st.composite
def envelopes(draw: st.DrawFn) -> bytes:
    """Envelopes of any words, in any of the encodings, with any prefixes."""
    prefix = draw(st.sampled_from(["soap", "S", "wsu", "wsse", "ds", "ҰБ", ""]))
    other = draw(st.sampled_from(["m", "wsux", "ds", "soapenv"]).filter(lambda one: one != prefix))
    envelope = etree.Element(f"{{{NS['soap']}}}Envelope", nsmap={prefix or None: NS["soap"], other: "urn:m"})
    if draw(st.booleans()):
        header = etree.SubElement(envelope, f"{{{NS['soap']}}}Header")
        if draw(st.booleans()):
            etree.SubElement(header, "{urn:m}block").text = draw(TEXT)
    payload = etree.SubElement(etree.SubElement(envelope, f"{{{NS['soap']}}}Body"), "{urn:m}Op")
    for name in draw(st.lists(NAMES)):
        child = etree.SubElement(payload, name, {f"{{urn:m}}{draw(NAMES)}": draw(TEXT)})
        child.text, child.tail = draw(TEXT), draw(TEXT)
    return etree.tostring(envelope, encoding=draw(st.sampled_from(["UTF-8", "UTF-16"])))


@settings(max_examples=60, deadline=None)
@given(envelope=envelopes())
def test_whatever_is_signed_verifies(envelope: bytes, ca: TestCa, verify: Verify) -> None:
    verified = verify(sign_wsse(envelope, ca.identity("ec-employer")))
    assert exclusive(verified.payload) == exclusive(etree.fromstring(envelope)[-1][0])


def test_integrators_are_shown_what_is_made(ca: TestCa) -> None:
    """docs/integrators.ru.md shows a signed document, with … for what is new each time."""
    page = (Path(__file__).parents[3] / "docs" / "integrators.ru.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- signed by document -->\n```xml\n(.*?)```", page, re.DOTALL)
    assert shown
    declarations = 'xmlns="urn:esutd-bus:contracts:v1" xmlns:c="urn:esutd-bus:common:v1"'
    document = f"<RegisterContract {declarations}>…</RegisterContract>"
    signed = sign_document(document.encode(), ca.identity("employer")).decode()
    for leaf in ("DigestValue", "SignatureValue", "X509Certificate"):
        signed = re.sub(f"<ds:{leaf}>[^<]+<", f"<ds:{leaf}>…<", signed)
    assert re.sub(r"\n *", "", shown[1]) == signed
