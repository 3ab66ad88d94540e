"""What the profile `document` lends itself to: an enveloped signature, co-signatures, a document in an envelope."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from forgery import EXCLUSIVE, NS, parse
from lxml import etree

from esutd_bus.signature.signing import sign_document, sign_wsse
from support.attacks.attack import Attack, Bearer, Forge, Recipe, each, evil_copy, rewritten
from support.messages import COMMON, CONTRACTS

_SIGNATURE = f"{{{NS['ds']}}}Signature"
_ENVELOPED = f"{NS['ds']}enveloped-signature"
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_C14N11 = "http://www.w3.org/2006/12/xml-c14n11"
_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_XPATH_FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
_XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"


# The signed payload goes elsewhere, an evil one takes its place.


@dataclass(frozen=True)
class Place:
    """Where the signed payload goes, its signature still at its end."""

    name: str
    put: Callable[[Bearer, etree._Element, etree._Element], object]
    """(message, signed payload, evil one): the signed one is nowhere yet, the evil one in its place."""
    code: str = "SCSE001"
    reason: str | None = None


PLACES = (
    Place("the evil payload's beginning", lambda _, signed, evil: evil.insert(0, signed)),
    Place("the evil payload's end", lambda _, signed, evil: evil.append(signed)),
    Place("a leaf of the evil payload", lambda _, signed, evil: evil[0][0].append(signed)),
    Place("the Header", lambda message, signed, _: _headed(message).append(signed)),
    Place("the Body beside it", lambda message, signed, _: message.body.append(signed), "ESB002",
          "the Body holds 2 elements, not one"),
    Place("nowhere", lambda *_: None),
)  # fmt: skip

Bear = Callable[[etree._Element, etree._Element], object]
"""(signed payload, evil payload): which of them bears the signature."""


def _moved(signed: etree._Element, evil: etree._Element) -> None:
    evil.append(signed[-1])


def _copied(signed: etree._Element, evil: etree._Element) -> None:
    evil.append(copy.deepcopy(signed[-1]))


def _in_an_object(signed: etree._Element, evil: etree._Element) -> None:
    """The evil one's signature holds the signed one."""
    evil.append(copy.deepcopy(signed[-1]))
    holder = parse("<ds:Object/>")
    evil[-1].append(holder)
    holder.append(copy.deepcopy(signed))


BEARINGS: tuple[tuple[str, Bear, str], ...] = (
    ("the signature stays with it", lambda *_: None, "misplaced"),
    ("the signature moves to the evil one", _moved, "digest-mismatch"),
    ("the signature is with both", _copied, "digest-mismatch"),
    ("the signature is with both, the signed one in it", _in_an_object, "structure"),
)


def _headed(message: Bearer) -> etree._Element:
    header = etree.Element(f"{{{NS['soap']}}}Header")
    message.root.insert(0, header)
    return header


def _wrapped(place: Place, name: str, bear: Bear, reason: str) -> Recipe:
    def change(message: Bearer) -> None:
        signed = message.payload
        evil = evil_copy(signed)
        evil.remove(evil[-1])
        message.body.replace(signed, evil)
        place.put(message, signed, evil)
        bear(signed, evil)

    if place.name == "nowhere" and reason == "misplaced":
        reason = "absent"
    return Recipe(
        f"wrapping: signed payload into {place.name}, {name}", place.reason or reason, change, code=place.code
    )


WRAPPINGS = tuple(_wrapped(place, *bearing) for place in PLACES for bearing in BEARINGS)


# The signature's place at the end of the document.


def _into(path: str) -> Callable[[Bearer], object]:
    return lambda message: message.at(path).append(message.signature)


def _to_header(message: Bearer) -> None:
    signature = message.signature
    _headed(message).append(signature)


def _to_security(message: Bearer) -> None:
    signature = message.signature
    security = parse("<wsse:Security/>")
    security.append(signature)
    _headed(message).append(security)


POSITIONS = (
    Recipe("signature at the beginning of the document", "misplaced",
           lambda message: message.payload.insert(0, message.signature)),
    Recipe("signature before the last element", "misplaced",
           lambda message: message.payload.insert(len(message.payload) - 2, message.signature)),
    Recipe("an element behind the signature", "misplaced", lambda message: message.payload.append(parse("<x/>"))),
    Recipe("text behind the signature", "digest-mismatch",
           lambda message: setattr(message.signature, "tail", "evil")),
    Recipe("an instruction behind the signature", "digest-mismatch",
           lambda message: message.payload.append(etree.ProcessingInstruction("x", "y"))),
    Recipe("signature in the contract", "misplaced", _into("//*[local-name()='contract']")),
    Recipe("signature in the Header", "canonicalization", _to_header),
    Recipe("signature in a security header", "canonicalization", _to_security),
    Recipe("signature removed", "absent", lambda message: message.payload.remove(message.signature)),
    Recipe("a second signature at the beginning", "misplaced",
           lambda message: message.payload.insert(0, copy.deepcopy(message.signature))),
    Recipe("the signature twice", "digest-mismatch",
           lambda message: message.payload.append(copy.deepcopy(message.signature))),
)  # fmt: skip


# Transforms and forms that are not the profile's, each really computed and signed by the key's owner.


def _transforms(name: str, *algorithms: str) -> Recipe:
    def change(message: Bearer) -> None:
        message.at("//ds:Transforms")[:] = [
            parse(f'<ds:Transform Algorithm="{algorithm}"/>') for algorithm in algorithms
        ]
        message.digest()
        message.seal()

    return Recipe(f"transforms: {name}", "transform", change)


def _form(name: str, algorithm: str, **how: bool) -> Recipe:
    def change(message: Bearer) -> None:
        message.at("//ds:CanonicalizationMethod").set("Algorithm", algorithm)
        octets = etree.tostring(message.at("//ds:SignedInfo"), method="c14n", **how)
        message.write("//ds:SignatureValue", message.employer.sign(octets, message.employer.algorithm))

    return Recipe(f"SignedInfo by {name}, really signed", "canonicalization", change)


FORMS = (
    _transforms("none"),
    _transforms("the enveloped signature alone", _ENVELOPED),
    _transforms("the canonical form alone", _C14N),
    _transforms("in the other order", _C14N, _ENVELOPED),
    _transforms("the enveloped signature twice", _ENVELOPED, _ENVELOPED, _C14N),
    _transforms("two canonical forms", _ENVELOPED, _C14N, _C14N),
    _transforms("the exclusive form", _ENVELOPED, EXCLUSIVE),
    _transforms("the form of Canonical XML 1.1", _ENVELOPED, _C14N11),
    _transforms("an XPath besides", _ENVELOPED, _XPATH, _C14N),
    _transforms("an XPath in place of the enveloped signature", _XPATH, _C14N),
    _transforms("an XPath filter besides", _ENVELOPED, _XPATH_FILTER, _C14N),
    _transforms("an XSLT besides", _ENVELOPED, _XSLT, _C14N),
    _transforms("base64 besides", _ENVELOPED, f"{NS['ds']}base64", _C14N),
    _form("the exclusive form", EXCLUSIVE, exclusive=True),
    _form("the exclusive form with comments", f"{EXCLUSIVE}WithComments", exclusive=True, with_comments=True),
    _form("Canonical XML 1.1", _C14N11),
    _form("an empty name", ""),
)

OF_BODY_FORMS = (
    _form("the inclusive form", _C14N),
    _form("the inclusive form with comments", f"{_C14N}#WithComments"),
    _form("the exclusive form with comments", f"{EXCLUSIVE}WithComments", exclusive=True, with_comments=True),
    _form("Canonical XML 1.1", _C14N11),
)
"""The same game with the profiles that sign the Body."""


# Co-signatures: each later one covers those before it.

Signatures = Sequence[etree._Element]


def _co_signed(
    name: str, reason: str, edit: Callable[[etree._Element, Signatures], object], code: str = "SCSE001",
    signers: tuple[str, ...] = ("individual", "employer"),
) -> Attack:  # fmt: skip
    """`edit`: what is done to the payload and its signatures, in the document's order."""

    def make(forge: Forge) -> bytes:
        raw = forge.self_contained
        for signer in signers:
            raw = sign_document(raw, forge.ca.identity(signer))
        root = etree.fromstring(raw)
        payload = root[-1][0]
        edit(payload, payload.findall(_SIGNATURE))
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    return Attack(f"document: co-signatures: {name}", make, reason, code)


def _other_value(signature: etree._Element) -> None:
    signature[1].text = "AAAA"


CO_SIGNATURES = (
    _co_signed("exchanged", "digest-mismatch", lambda payload, signatures: payload.append(signatures[0])),
    _co_signed("the first one changed", "digest-mismatch", lambda _, signatures: _other_value(signatures[0])),
    _co_signed("the first one removed", "digest-mismatch", lambda payload, signatures: payload.remove(signatures[0])),
    _co_signed("the last one removed", "", lambda payload, signatures: payload.remove(signatures[1]), "SCSE046"),
    _co_signed("the last one changed", "signature-mismatch", lambda _, signatures: _other_value(signatures[1])),
    _co_signed("the last one twice", "digest-mismatch",
               lambda payload, signatures: payload.append(copy.deepcopy(signatures[1]))),
    _co_signed("a copy of the last one before it", "digest-mismatch",
               lambda _, signatures: signatures[0].addnext(copy.deepcopy(signatures[1]))),
    _co_signed("the payload changed", "digest-mismatch", lambda payload, _: setattr(payload[0][0], "text", "x")),
    _co_signed("the last one is somebody else's", "", lambda *_: None, "SCSE046", ("employer", "other-employer")),
    _co_signed("the last one is an expired key's", "expired", lambda *_: None, signers=("employer", "expired")),
    _co_signed("nine", "several-signatures", lambda *_: None, signers=("individual",) * 8 + ("employer",)),
    _co_signed("the first one is an expired key's", "expired", lambda *_: None, signers=("expired", "employer")),
    _co_signed("the first one is a stranger's", "untrusted", lambda *_: None, signers=("stranger", "employer")),
)  # fmt: skip


def _stale(forge: Forge) -> bytes:
    """The first signer's key is good, and another payload is what he signed."""
    first = sign_document(forge.self_contained, forge.ca.identity("individual"))
    root = etree.fromstring(first)
    payload = root[-1][0]
    signature = payload[-1]
    evil = evil_copy(payload)
    evil.replace(evil[-1], signature)
    root[-1].replace(payload, evil)
    return sign_document(etree.tostring(root), forge.ca.identity("employer"))


def _signature_among_the_content(forge: Forge) -> bytes:
    """What the signer signs has a ds:Signature among its elements, which nobody verifies."""
    root = etree.fromstring(forge.self_contained)
    root[-1][0].insert(0, parse("<ds:Signature/>"))
    return sign_document(etree.tostring(root), forge.ca.identity("employer"))


# A document inside a signed envelope.


def _both(name: str, reason: str, edit: Callable[[bytes, Forge], bytes], code: str = "SCSE001") -> Attack:
    def make(forge: Forge) -> bytes:
        employer = forge.ca.identity("employer")
        return edit(sign_wsse(sign_document(forge.self_contained, employer), employer), forge)

    return Attack(f"document in wsse: {name}", make, reason, code)


def _without(tag: str) -> Callable[[bytes, Forge], bytes]:
    def edit(raw: bytes, _: Forge) -> bytes:
        root = etree.fromstring(raw)
        for element in root[-1].iter(tag):
            element.getparent().remove(element)
        return etree.tostring(root)

    return edit


def _broken_document(_: bytes, forge: Forge) -> bytes:
    """The transport's signature holds; the document's is over another payload."""
    message = forge.message(profile="document")
    payload = message.payload
    message.body.replace(payload, evil_copy(payload))
    return sign_wsse(message.octets(), forge.ca.identity("employer"))


def _broken_transport(raw: bytes, _: Forge) -> bytes:
    root = etree.fromstring(raw)
    _other_value(root[0][0][0])
    return etree.tostring(root)


def _of_a_stranger(_: bytes, forge: Forge) -> bytes:
    return sign_wsse(forge.signed(profile="document"), forge.ca.identity("stranger"))


BOTH = (
    _both("the document's signature removed", "digest-mismatch", _without(_SIGNATURE)),
    _both("the document's signature over another payload", "digest-mismatch", _broken_document),
    _both("the envelope's signature changed", "signature-mismatch", _broken_transport),
    _both("the envelope's signature is a stranger's", "untrusted", _of_a_stranger),
)


# What a document leans on.


def _declared_outside(raw: bytes) -> bytes:
    declaration = f' xmlns:c="{COMMON}"'.encode()
    return raw.replace(declaration, b"").replace(b"<soap:Envelope", b"<soap:Envelope" + declaration)


CONTEXT = (
    rewritten("a namespace declared on the Envelope", "namespace-context", _declared_outside, "document"),
    rewritten("a namespace declared and not used", "signature-mismatch",
              lambda raw: raw.replace(b"<m:RegisterContract ", b'<m:RegisterContract xmlns:x="urn:x" '), "document"),
    rewritten("a declared namespace taken away", "namespace-context",
              lambda raw: raw.replace(f' xmlns:c="{COMMON}"'.encode(), b"").replace(
                  b"<soap:Body>", f'<soap:Body xmlns:c="{COMMON}">'.encode()), "document"),
    rewritten("another default namespace", "signature-mismatch",
              lambda raw: raw.replace(b"<m:RegisterContract ", b'<m:RegisterContract xmlns="urn:x" '), "document"),
    rewritten("the payload's prefix renamed", "signature-mismatch",
              lambda raw: raw.replace(b"xmlns:m=", b"xmlns:w1=").replace(b"<m:", b"<w1:").replace(b"</m:", b"</w1:"),
              "document"),
    rewritten("the payload's prefix bound to another namespace", "{urn:another}RegisterContract",
              lambda raw: raw.replace(CONTRACTS.encode(), b"urn:another"), "document", code="ESB003"),
)  # fmt: skip


# One profile's signature in another one's place.


def _straight(message: Bearer) -> None:
    signature = message.signature
    message.header.remove(message.security)
    message.header.append(signature)


def _secured(message: Bearer) -> None:
    signature = message.signature
    security = parse("<wsse:Security/>")
    message.header.append(security)
    security.append(signature)


def _enveloped(message: Bearer) -> None:
    message.payload.append(message.signature)
    message.root.remove(message.header)


BETWEEN = (
    *each(
        Recipe("its signature straight in the Header", "reference-target", _straight),
        Recipe("its signature at the payload's end", "namespace-context", _enveloped),
        profiles=("wsse",),
    ),
    *each(
        Recipe("its signature in a security header", "reference-target", _secured),
        Recipe("its signature at the payload's end", "namespace-context", _enveloped),
        Recipe("a security header beside it", "misplaced",
               lambda message: message.header.append(parse("<wsse:Security/>"))),
        profiles=("header",),
    ),
)  # fmt: skip

DOCUMENTS = (
    *each(*WRAPPINGS, *POSITIONS, *FORMS, profiles=("document",)),
    *each(*OF_BODY_FORMS, profiles=("wsse", "header")),
    *CO_SIGNATURES,
    Attack("document: a signature among the signed content", _signature_among_the_content, "misplaced"),
    Attack("document: co-signatures: the first one is over another payload", _stale, "digest-mismatch"),
    *BOTH,
    *CONTEXT,
    *BETWEEN,
)
