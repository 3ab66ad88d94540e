"""Verdicts agree with xmlsec's and signxml's over good and mutated messages, or differ for a reason told here.

We may be stricter, for one of the reasons below. That we take what they refuse is told message by message.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random

import pytest
from envelopes import ENVELOPES
from lxml import etree
from opinions import OPINIONS, canonical

from esutd_bus.signature.report import SignatureRefused
from esutd_bus.signature.signing import NotSignableError, sign
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.envelope import SoapError, open_envelope
from esutd_bus.testbed.test_ca import TestCa
from support.mutations import MOVES, change_tree, edit_text, flip, remove_attribute, set_attribute

pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number", "ignore:Attribute's length must be")

SIGNERS = ("employer", "ec-employer")
"""RSA and EC."""

OF_EACH_KIND = 8
"""Mutated messages from one good one, by each of the kinds."""

KINDS: dict[str, Callable[[Random, bytes], bytes]] = {
    "a bit": flip,
    "a move": lambda random, raw: change_tree(random, raw, MOVES),
    "an attribute or a text": lambda random, raw: change_tree(
        random, raw, (set_attribute, remove_attribute, edit_text)
    ),
}

PINNED = "they are given the signer's certificate, and do not look at the message's"
ENVELOPE = "they know signatures, and no envelopes"
SHAPE = "they pass over what they do not know, in the signature and in base64"
DECOY = "they look at one signature, and pass over another beside it"
ADDRESSED = "they do not know to whom a header block is addressed"
PROCESSED = "signxml hands on what was signed wherever it stands; here it must be what is processed"

STRICTER: dict[tuple[str, str], str] = {
    **{
        (who, reason): PINNED
        for who in OPINIONS
        for reason in (
            "key-info",
            "certificate-malformed",
            "untrusted",
            "algorithm",
            "weak-key",
            "weak-digest",
            "key-usage",
            "critical-extension",
            "subject-without-bin-or-iin",
            "expired",
            "not-yet-valid",
        )
    },
    **{(who, code): ENVELOPE for who in OPINIONS for code in ("ESB001", "ESB002")},
    **{(who, "structure"): SHAPE for who in OPINIONS},
    **{
        (who, reason): DECOY
        for who in OPINIONS
        for reason in ("several-signatures", "several-security-headers")
    },
    **{(who, "misplaced"): ADDRESSED for who in OPINIONS},
    ("xmlsec", "duplicate-id"): "xmlsec is told of attributes called Id, and takes the first of two",
    ("signxml", "duplicate-id"): "signxml looks for one attribute alone",
    ("signxml", "reference-target"): PROCESSED,
    ("xmlsec", "namespace-context"): "they are given the payload with what it leans on",
    ("signxml", "namespace-context"): "they are given the payload with what it leans on",
}
"""(who, why we refuse) → why they may take it."""


@dataclass(frozen=True)
class Looser:
    """Why somebody may refuse what we take."""

    who: str
    why: str
    applies: Callable[[bytes, str], bool]
    """(message, profile)."""


def _some(path: str) -> Callable[[bytes, str], bool]:
    names = {"ds": "http://www.w3.org/2000/09/xmldsig#", "soap": "http://schemas.xmlsoap.org/soap/envelope/"}
    return lambda raw, _: bool(etree.fromstring(raw).xpath(path, namespaces=names))


def _of_document(path: str) -> Callable[[bytes, str], bool]:
    some = _some(path)
    return lambda raw, profile: profile == "document" and some(raw, profile)


LOOSER = (
    Looser(
        "xmlsec",
        "it gives a document no form that has a relative namespace name anywhere, unsigned parts included",
        lambda raw, _: any(
            uri and ":" not in uri
            for element in etree.fromstring(raw).iter(etree.Element)
            for uri in element.nsmap.values()
        ),
    ),
    Looser(
        "signxml",
        "it judges Signature by a schema, where Id must be a name (xs:ID); no Reference is to these here",
        lambda raw, _: any(
            not value.isidentifier()
            for value in etree.fromstring(raw).xpath(
                "//*[namespace-uri()='http://www.w3.org/2000/09/xmldsig#']/@Id"
            )
        ),
    ),
    Looser(
        "signxml",
        "it cuts the Signature out of the document, and xml:… of the elements above are lost to SignedInfo's form",
        _of_document("/soap:Envelope/soap:Body/*/@xml:*"),
    ),
    Looser(
        "signxml",
        "it counts comments, which a Reference to the whole document leaves out (XMLDSig 4.4.3.3)",
        _of_document("/soap:Envelope/soap:Body/*//comment()"),
    ),
    Looser(
        "signxml",
        "it writes the tree in ASCII, where a name with other letters has no form",
        lambda raw, _: any(
            not name.isascii()
            for element in etree.fromstring(raw).iter(etree.Element)
            for name in map(str, (element.tag, *element.attrib, *element.nsmap))
        ),
    ),
)


@dataclass(frozen=True)
class Sample:
    name: str
    profile: str
    signer: str
    raw: bytes


def corpus(ca: TestCa) -> Iterator[Sample]:
    """The good messages, and what seeded chance makes of each."""
    for profile in ("wsse", "header", "document"):
        for signer in SIGNERS:
            for name, envelope in ENVELOPES.items():
                try:
                    good = sign(envelope, ca.identity(signer), profile)
                except NotSignableError:
                    continue  # a payload that leans on its Envelope is no document
                label = f"{profile} by {signer}, {name}"
                yield Sample(label, profile, signer, good)
                for kind, mutate in KINDS.items():
                    random = Random(f"{label} {kind}")
                    for number in range(OF_EACH_KIND):
                        yield Sample(f"{label}, {kind}, {number}", profile, signer, mutate(random, good))


@pytest.fixture(scope="module")
def verifier(trust: TrustStore) -> Verifier:
    return Verifier(trust)


def ours(verifier: Verifier, raw: bytes, now: datetime) -> tuple[bytes | None, str]:
    """(what was signed, in exclusive canonical form, or None; why it is refused)."""
    try:
        envelope = open_envelope(raw)
        message = verifier.verify(envelope, now)
    except SoapError as error:
        return None, error.code
    except SignatureRefused as refused:
        return None, str(refused.report.reason)
    return canonical(message.payload if message.profiles == ("document",) else envelope.body), ""


def test_verdicts_agree_or_differ_for_a_reason_told(
    ca: TestCa, verifier: Verifier, now: datetime, record_property: Callable[[str, object], None]
) -> None:
    counts: Counter[str] = Counter()
    unexplained = []
    for sample in corpus(ca):
        counts["messages"] += 1
        signed, why = ours(verifier, sample.raw, now)
        for who, opinion in OPINIONS.items():
            theirs = opinion(sample.raw, sample.profile, ca.identity(sample.signer).certificate)
            if theirs == signed:
                counts[f"{who} agrees to {'take' if signed else 'refuse'}"] += 1
            elif signed is None and (who, why) in STRICTER:
                counts[f"{who} takes, we refuse: {STRICTER[who, why]}"] += 1
            elif theirs is None and (because := looser(who, sample)):
                counts[f"{who} refuses, we take: {because}"] += 1
            else:
                unexplained.append((who, why, theirs is not None, sample))
    for what, count in sorted(counts.items()):
        record_property(what, count)
        sys.stdout.write(f"{count:6} {what}\n")
    assert unexplained == []
    assert counts["messages"] >= 2000
    for who in OPINIONS:
        assert counts[f"{who} agrees to take"] >= 200
        assert counts[f"{who} agrees to refuse"] >= 1000


def looser(who: str, sample: Sample) -> str | None:
    """Why somebody may refuse what we take, if it is told."""
    told = (one.why for one in LOOSER if one.who == who and one.applies(sample.raw, sample.profile))
    return next(told, None)
