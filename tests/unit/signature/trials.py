"""Trials: attacks that do not come over HTTP as they are, each made against a verifier itself.

A room of envelopes that lets everything through, documents that are no envelopes, certificates known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.serialization import Encoding
from forgery import NS, parse
from lxml import etree

from esutd_bus.signature.known import CertificateIndex
from esutd_bus.signature.revocation.knowledge import RevocationKnowledge
from esutd_bus.signature.revocation.period import Tolerance
from esutd_bus.signature.revocation.revocation import Revocation
from esutd_bus.signature.signing import sign_document, sign_header, sign_wsse
from esutd_bus.signature.verifier import VerifiedMessage, Verifier
from esutd_bus.soap.envelope import TAG_LIMIT, Envelope, open_envelope
from support.attacks.attack import Forge, evil_copy

_BODY = f"{{{NS['soap']}}}Body"


@dataclass(frozen=True)
class Trial:
    name: str
    reason: str
    make: Callable[[Forge, Verifier], VerifiedMessage]


def _opened(forge: Forge) -> Envelope:
    return open_envelope(forge.signed())


def _second_body(forge: Forge, verifier: Verifier) -> VerifiedMessage:
    """Two Bodies; the first one, which is signed, is processed."""
    good = _opened(forge)
    etree.SubElement(etree.SubElement(good.root, _BODY), "evil")
    return verifier.verify(good, forge.now)


def _other_body(forge: Forge, verifier: Verifier) -> VerifiedMessage:
    """What is handed on as the Body is not what is signed."""
    good = _opened(forge)
    return verifier.verify(good._replace(body=etree.Element(_BODY)), forge.now)


def _other_payload(forge: Forge, verifier: Verifier) -> VerifiedMessage:
    """What is handed on as the payload does not stand in what is signed."""
    good = _opened(forge)
    return verifier.verify(good._replace(payload=evil_copy(good.payload)), forge.now)


def _body_elsewhere(forge: Forge, verifier: Verifier) -> VerifiedMessage:
    """What is handed on is what was signed, and does not stand where the Body stands."""
    good = _opened(forge)
    etree.SubElement(good.root, _BODY).append(evil_copy(good.payload))
    good.header.append(good.body)
    return verifier.verify(good, forge.now)


def _second_header(forge: Forge, verifier: Verifier) -> VerifiedMessage:
    good = _opened(forge)
    good.root.insert(1, parse("<soap:Header/>"))
    return verifier.verify(good, forge.now)


def _document(forge: Forge) -> bytes:
    payload = etree.fromstring(forge.self_contained)[-1][0]
    return sign_document(etree.tostring(payload), forge.ca.identity("employer"))


def _unsigned_document(forge: Forge, verifier: Verifier) -> VerifiedMessage:
    return verifier.verify_document(etree.tostring(etree.fromstring(forge.self_contained)[-1][0]), forge.now)


def _instruction_before(forge: Forge, verifier: Verifier) -> VerifiedMessage:
    """An instruction outside of the root: a reference to the whole document signs it, a reader skips it."""
    return verifier.verify_document(b"<?x y?>" + _document(forge), forge.now)


def _document_type(forge: Forge, verifier: Verifier) -> VerifiedMessage:
    return verifier.verify_document(b"<!DOCTYPE x>" + _document(forge), forge.now)


def _half_a_pair(forge: Forge, verifier: Verifier) -> VerifiedMessage:
    """A document as text, as it travels on the bus, with characters that are none of Unicode's."""
    return verifier.verify_document(_document(forge).decode() + "\ud800", forge.now)


def _very_many_tags(forge: Forge, verifier: Verifier) -> VerifiedMessage:
    """Elements without number, which cost more memory than they take in the bytes."""
    root = etree.fromstring(forge.unsigned)
    for _ in range(TAG_LIMIT):
        etree.SubElement(root[-1][0], "x")
    signed = sign_wsse(etree.tostring(root), forge.ca.identity("employer"))
    return verifier.verify(open_envelope(signed), forge.now)


def _profile_not_accepted(forge: Forge, verifier: Verifier) -> VerifiedMessage:
    signed = sign_header(forge.unsigned, forge.ca.identity("employer"))
    return verifier.verify(open_envelope(signed), forge.now, {"wsse", "document"})


def _other_issuer(forge: Forge, verifier: Verifier) -> VerifiedMessage:
    """The number of a certificate that is known, and the name of somebody else as its issuer."""
    signed = forge.signed(key_info="X509IssuerSerial")
    issuer = forge.ca.identity("employer").certificate.issuer.rfc4514_string().encode()
    assert signed.count(issuer) == 1
    return verifier.verify(open_envelope(signed.replace(issuer, b"CN=SOMEBODY ELSE,C=KZ")), forge.now)


def _required_to_be_known(forge: Forge, verifier: Verifier) -> VerifiedMessage:
    """Nobody has told whether the certificate was revoked, and it must be known."""
    knowledge = RevocationKnowledge(Tolerance(), answer_lifetime=timedelta(hours=1))
    strict = Verifier(verifier._trust, revocation=Revocation(knowledge, required=True))
    return strict.verify(_opened(forge), forge.now)


def known(forge: Forge) -> CertificateIndex:
    """What a verifier knows of a forger's victims."""
    return CertificateIndex([forge.ca.identity("employer").certificate.public_bytes(Encoding.DER)])


TRIALS = (
    Trial(
        "a certificate of which nothing is known, and must be", "revocation-unknown", _required_to_be_known
    ),
    Trial("two Bodies, the signed one is processed", "reference-target", _second_body),
    Trial("another Body is processed", "reference-target", _other_body),
    Trial("another payload is processed", "reference-target", _other_payload),
    Trial("the signed Body is processed elsewhere", "reference-target", _body_elsewhere),
    Trial("two Headers", "several-security-headers", _second_header),
    Trial("a document without signature", "absent", _unsigned_document),
    Trial("an instruction before the document", "structure", _instruction_before),
    Trial("a document type before the document", "unreadable", _document_type),
    Trial("half a pair behind the document", "unreadable", _half_a_pair),
    Trial("very many tags", "ESB001", _very_many_tags),
    Trial("a profile that is not accepted", "profile", _profile_not_accepted),
    Trial(
        "another issuer's name with the number of a known certificate", "certificate-unknown", _other_issuer
    ),
)
