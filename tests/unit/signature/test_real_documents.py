"""Documents that the national authority's own tools have signed, verified with its test authorities."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from esutd_bus.lockstep import at_once
from esutd_bus.signature.evidence import Evidence
from esutd_bus.signature.place import in_document
from esutd_bus.signature.reason import Refusal
from esutd_bus.signature.report import SignatureRefused
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.envelope import SoapError, open_document

AUTHORITIES = ("nca_rsa_test.crt", "nca_gost_test.crt", "nca_gost2015_test.cer")
ONE, TWO = "one_signer_rsa.xml", "two_signers_rsa_gost2015.xml"
RSA_WAS_VALID = datetime(2021, 6, 1, tzinfo=UTC)
GOST_WAS_VALID = datetime(2022, 9, 1, tzinfo=UTC)
INSTANTS = {ONE: (RSA_WAS_VALID,), TWO: (GOST_WAS_VALID, RSA_WAS_VALID)}
"""Document → an instant at which each signer's certificate was valid, the last signer's first. Those of the second
document never were at once."""


@pytest.fixture(scope="module")
def verifier(real_certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    folder = tmp_path_factory.mktemp("authorities")
    for name in AUTHORITIES:
        shutil.copy(real_certificates / name, folder)
    return Verifier(TrustStore.from_directory(folder))


def verified_each(verifier: Verifier, raw: bytes, instants: Sequence[datetime]) -> list[bytes]:
    """What was signed, after each signature of a document was verified at an instant of its own.

    Raises as the verifier does: SoapError, Refusal.
    """
    places = in_document(open_document(raw)).signatures
    signed = []
    for place, instant in zip(places, instants, strict=True):
        signed_info = place.signature[0]
        evidence = Evidence(place)
        at_once(verifier._verify_signature(place, evidence, instant))
        assert evidence.signer is not None
        # Still in its document, which the signature is not.
        signed += [canonical(signed_info), canonical(place.signed), evidence.signer.fingerprint.encode()]
    return signed


def canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def test_its_one_signature_verifies(verifier: Verifier, real_certificates: Path) -> None:
    message = verifier.verify_document((real_certificates / ONE).read_bytes(), RSA_WAS_VALID)
    assert etree.tostring(message.payload) == b"<a><b>test</b></a>"
    # The authority's invented person, whose check digit is wrong on purpose: whose number it is, others judge.
    assert (message.signer.iin, message.signer.bin) == ("123456789011", None)
    (report,) = message.report.signatures
    assert report.signature_algorithm == "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


def test_each_of_two_signatures_verifies(verifier: Verifier, real_certificates: Path) -> None:
    """RSA, and GOST 34.10-2015 of 512 bits over it."""
    raw = (real_certificates / TWO).read_bytes()
    *_, payload, _ = verified_each(verifier, raw, INSTANTS[TWO])
    assert payload == b"<a><b>test</b></a>"

    with pytest.raises(SignatureRefused) as refused:
        verifier.verify_document(raw, GOST_WAS_VALID)
    last, first = refused.value.report.signatures
    assert (last.valid, last.position, last.signature_algorithm) == (
        True,
        "a/Signature[2]",
        "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34102015-gostr34112015-512",
    )
    assert (first.valid, first.reason, first.position) == (False, "expired", "a/Signature[1]")


@pytest.mark.parametrize("name", [ONE, TWO])
def test_today_they_are_expired(
    name: str, verifier: Verifier, real_certificates: Path, now: datetime
) -> None:
    with pytest.raises(SignatureRefused) as refused:
        verifier.verify_document((real_certificates / name).read_bytes(), now)
    assert refused.value.report.reason == "expired"


@pytest.mark.parametrize("name", [ONE, TWO])
@pytest.mark.parametrize("flip", [0x01, 0x20])
def test_a_flipped_byte_is_refused_or_changes_nothing(
    name: str, flip: int, verifier: Verifier, real_certificates: Path
) -> None:
    """Each byte in turn. What still verifies has the same canonical octets, the same signers."""
    raw = (real_certificates / name).read_bytes()
    signed = verified_each(verifier, raw, INSTANTS[name])
    accepted = 0
    for position, byte in enumerate(raw):
        changed = raw[:position] + bytes([byte ^ flip]) + raw[position + 1 :]
        try:
            found = verified_each(verifier, changed, INSTANTS[name])
        except (SoapError, Refusal, ValueError):
            continue
        assert found == signed, position
        accepted += 1
    # White space inside of tags and of base64, quotes of the declaration: nothing that is signed.
    assert accepted < len(raw) / 50
