"""Forgeries of the profile `document`."""

from __future__ import annotations

import copy
from functools import partial

from changes import (
    DIGEST_VALUE,
    REFERENCE,
    SIGNED_INFO,
    TRANSFORM,
    append,
    edit_text,
    key_info_holds,
    move,
    put,
    remove,
    split,
    transforms_are,
)
from forgery import EXCLUSIVE, NS, Change, Forgery, Message, parse
from lxml import etree

_DSIG = NS["ds"]
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_ENVELOPED = f"{_DSIG}enveloped-signature"
_PAYLOAD = "//soap:Body/*"
_SIGNATURE = "//ds:Signature"

_Forgery = partial(Forgery, profile="document", key_info="X509Data")


def _first(message: Message) -> None:
    message.payload.insert(0, message.signature)


def _copies(number: int, where: int) -> Change:
    def change(message: Message) -> None:
        signature = message.signature
        for _ in range(number):
            message.payload.insert(where, copy.deepcopy(signature))

    return change


def _enveloping(message: Message) -> None:
    """The signature becomes the payload, and what it signed its ds:Object."""
    body, payload, signature = message.body, message.payload, message.signature
    body.append(signature)
    holder = etree.SubElement(signature, f"{{{_DSIG}}}Object")
    holder.append(payload)


def _wrapped(message: Message) -> None:
    """The signed document becomes a part of an evil one that ends with its signature."""
    body, payload, signature = message.body, message.payload, message.signature
    evil = etree.SubElement(body, payload.tag, nsmap={"m": payload.nsmap["m"]})
    evil.append(parse('<m:number xmlns:m="urn:esutd-bus:contracts:v1">666</m:number>'))
    evil.append(payload)
    evil.append(signature)


def _leaning(message: Message) -> None:
    declaration = ' xmlns:m="urn:esutd-bus:contracts:v1"'
    message.rewrite((declaration, ""), ("<soap:Envelope", f"<soap:Envelope{declaration}"))


def _attribute_leaning(message: Message) -> None:
    message.payload[0].set(f"{{{NS['soap']}}}encodingStyle", "urn:none")


def _relative_namespace(message: Message) -> None:
    message.payload.insert(0, etree.fromstring('<x xmlns="relative"/>'))


def _change(message: Message) -> None:
    message.payload[0].text = "666"


def _change_and_digest(message: Message) -> None:
    _change(message)
    message.digest_document()


def _swap_certificate(message: Message) -> None:
    message.at("//ds:X509Certificate").text = message.other_certificate


def _tail(text: str) -> Change:
    return lambda message: setattr(message.signature, "tail", text)


def _twice_identified(message: Message) -> None:
    for element in list(message.payload)[:2]:
        element.set("id", "x")


PLACES = (
    _Forgery("document: no signature", "absent", remove(_SIGNATURE), sealed=False),
    _Forgery("document: signature before the end", "misplaced", _first),
    _Forgery("document: signature inside of an element", "misplaced", move(_SIGNATURE, "//soap:Body/*/*[1]")),
    _Forgery("document: element behind the signature", "misplaced", append(_PAYLOAD, "<soap:x/>"), sealed=False),
    _Forgery("document: second signature at the beginning", "misplaced", _copies(1, 0), sealed=False),
    _Forgery("document: signature in the Body, not in its payload", "misplaced",
             move(_SIGNATURE, "//soap:Body"), sealed=False),
    _Forgery("document: nine signatures", "several-signatures", _copies(8, -1), sealed=False),
    _Forgery("document: enveloping instead of enveloped", "misplaced", _enveloping, sealed=False),
    _Forgery("document: signed document inside of an evil one", "digest-mismatch", _wrapped, sealed=False),
    _Forgery("document: an identifier twice", "duplicate-id", _twice_identified),
)  # fmt: skip

NAMESPACES = (
    _Forgery("document: names declared on the Envelope", "namespace-context", _leaning, sealed=False),
    _Forgery("document: attribute's prefix declared on the Envelope", "namespace-context", _attribute_leaning,
             sealed=False),
    _Forgery("document: namespace name that is relative", "canonicalization", _relative_namespace, sealed=False),
    _Forgery("document: prefix more on the root", "signature-mismatch",
             lambda message: message.rewrite(("<m:RegisterContract ", '<m:RegisterContract xmlns:evil="urn:evil" ')),
             sealed=False),
)  # fmt: skip

REFERENCES = (
    *(
        _Forgery(f"document: reference to {name}", "reference-target", put(REFERENCE, "URI", uri))
        for name, uri in (
            ("nothing at all", None),
            ("an identifier", "#x"),
            ("the root by XPointer", "#xpointer(/)"),
            ("a file", "file:///etc/passwd"),
            ("an address", "http://localhost/"),
            ("white space", " "),
        )
    ),
    _Forgery("document: two references", "several-references",
             lambda message: message.at(SIGNED_INFO).append(copy.deepcopy(message.at(REFERENCE)))),
)  # fmt: skip

TRANSFORMS = (
    *(
        _Forgery(f"document: transforms {name}", "transform", transforms_are(*algorithms))
        for name, algorithms in (
            ("none", ()),
            ("enveloped alone", (_ENVELOPED,)),
            ("inclusive form alone", (_C14N,)),
            ("in another order", (_C14N, _ENVELOPED)),
            ("enveloped twice", (_ENVELOPED, _ENVELOPED, _C14N)),
            ("exclusive form", (_ENVELOPED, EXCLUSIVE)),
            ("form 1.1", (_ENVELOPED, "http://www.w3.org/2006/12/xml-c14n11")),
            ("XPath in between", (_ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116", _C14N)),
            ("XSLT at the end", (_ENVELOPED, _C14N, "http://www.w3.org/TR/1999/REC-xslt-19991116")),
            ("base64", (_ENVELOPED, f"{_DSIG}base64")),
        )
    ),
    _Forgery("document: no Transforms", "transform", remove("//ds:Transforms")),
    _Forgery("document: parameter of a transform", "structure", append(f"{TRANSFORM}[1]", "<ds:XPath>1</ds:XPath>")),
    _Forgery("document: attribute of a transform", "structure", put(f"{TRANSFORM}[2]", "Other", "1")),
)  # fmt: skip

ALGORITHMS = (
    *(
        _Forgery(f"document: SignedInfo by {uri}", "canonicalization",
             put("//ds:CanonicalizationMethod", "Algorithm", uri))
        for uri in (EXCLUSIVE, "http://www.w3.org/2006/12/xml-c14n11", "")
    ),
    _Forgery("document: parameter of SignedInfo's form", "structure",
             append("//ds:CanonicalizationMethod", "<ds:Other/>")),
    _Forgery("document: RSA with SHA-1", "weak-digest", put("//ds:SignatureMethod", "Algorithm", f"{_DSIG}rsa-sha1")),
    _Forgery("document: HMAC", "symmetric-algorithm", put("//ds:SignatureMethod", "Algorithm", f"{_DSIG}hmac-sha1")),
    _Forgery("document: digest by SHA-1", "weak-digest", put("//ds:DigestMethod", "Algorithm", f"{_DSIG}sha1")),
)  # fmt: skip

STRUCTURES = (
    _Forgery("document: ds:Object", "structure", append(_SIGNATURE, "<ds:Object>x</ds:Object>"), sealed=False),
    _Forgery("document: decoy digest", "structure", append(REFERENCE, "<ds:DigestValue>AAAA</ds:DigestValue>")),
    _Forgery("document: comment splits DigestValue", "structure", split(DIGEST_VALUE, etree.Comment("x"))),
    _Forgery("document: comment in SignedInfo", "structure",
             lambda message: message.at(SIGNED_INFO).append(etree.Comment("x"))),
)  # fmt: skip

KEY_INFOS = (
    _Forgery("document: certificate by name", "key-info",
             key_info_holds("<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>C=KZ</ds:X509IssuerName>"
                            "<ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>")),
    _Forgery("document: certificate as wsse has it", "key-info",
             key_info_holds("<wsse:SecurityTokenReference><ds:X509Data><ds:X509Certificate>{0}</ds:X509Certificate>"
                            "</ds:X509Data></wsse:SecurityTokenReference>")),
    _Forgery("document: bare public key", "key-info", key_info_holds("<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>")),
)  # fmt: skip

VALUES = (
    _Forgery("document: changed", "digest-mismatch", _change, sealed=False),
    _Forgery("document: changed, and the key's owner signs another digest", "digest-mismatch", _change),
    _Forgery("document: changed with its digest", "signature-mismatch", _change_and_digest, sealed=False),
    _Forgery("document: element more", "digest-mismatch",
             lambda message: message.payload.insert(0, parse("<soap:x xmlns:soap='urn:x'/>")), sealed=False),
    _Forgery("document: attribute more", "digest-mismatch", put(_PAYLOAD, "evil", "1"), sealed=False),
    _Forgery("document: text behind the signature", "digest-mismatch", _tail("666"), sealed=False),
    _Forgery("document: white space behind the signature", "digest-mismatch", _tail(" "), sealed=False),
    _Forgery("document: instruction in it", "digest-mismatch",
             lambda message: message.payload.insert(0, etree.ProcessingInstruction("x")), sealed=False),
    _Forgery("document: signature cut", "signature-mismatch",
             edit_text("//ds:SignatureValue", lambda text: text[:340]), sealed=False),
    _Forgery("document: certificate of another", "signature-mismatch", _swap_certificate),
    _Forgery("document: xml:lang on its root", "signature-mismatch",
             put(_PAYLOAD, "{http://www.w3.org/XML/1998/namespace}lang", "kk"), sealed=False),
)  # fmt: skip

ALL = (
    *PLACES,
    *NAMESPACES,
    *REFERENCES,
    *TRANSFORMS,
    *ALGORITHMS,
    *STRUCTURES,
    *KEY_INFOS,
    *VALUES,
)
