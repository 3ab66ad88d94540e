"""What the Reference names, identifiers that occur twice, and decoys beside what the signature says."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable

from forgery import NS, canonical, parse
from lxml import etree

from support.attacks.attack import Bearer, Recipe, each

_REFERENCE = "//ds:Reference"
_WSU_ID = f"{{{NS['wsu']}}}Id"
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_DSIG = NS["ds"]

_OF_BODY = ("wsse", "header")
"""The profiles whose Reference is to the Body by its identifier."""

_URIS = {
    "by XPointer to the identifier": "#xpointer(id('{}'))",
    "by XPointer to everything": "#xpointer(/)",
    "in another document": "http://127.0.0.1:1/{0}#{0}",
    "in a document beside": "message.xml#{}",
    "in a file": "file:///etc/passwd",
    "to an attachment": "cid:{}",
    "to data": "data:text/xml,%3Ca/%3E#{}",
    "without its mark": "{}",
    "with a blank before it": " #{}",
    "with a blank behind it": "#{} ",
    "escaped": "#%69%64{}",
    "with two marks": "##{}",
    "to a mark alone": "#",
}
"""The signer's own key signs these: it is the form that is refused. `{}` is the signed element's identifier."""


def _uri(form: str) -> Callable[[Bearer], None]:
    def change(message: Bearer) -> None:
        identifier = message.signed.get(message.identifier)
        message.at(_REFERENCE).set("URI", form.format(identifier or "the-payload"))

    return change


URIS = tuple(
    Recipe(f"reference {name}", "reference-target", _uri(form), sealed=True) for name, form in _URIS.items()
)


def _unnamed(name: str, identifier: str | None, uri: str | None) -> Recipe:
    """The signer's own Reference, to a Body that has no identifier to be named by."""

    def change(message: Bearer) -> None:
        del message.body.attrib[message.identifier]
        if identifier is not None:
            message.body.set(message.identifier, identifier)
        del message.at(_REFERENCE).attrib["URI"]
        if uri is not None:
            message.at(_REFERENCE).set("URI", uri)

    return Recipe(f"reference to a Body {name}", "reference-target", change, sealed=True)


UNNAMED = (
    _unnamed("whose identifier is empty", "", "#"),
    _unnamed("that has no identifier", None, "#"),
    _unnamed("that has no identifier, called None", None, "#None"),
    _unnamed("that has no identifier, by an empty URI", None, ""),
    _unnamed("that has no identifier, by no URI", None, None),
)


def _elsewhere(path: str, attribute: str) -> Recipe:
    """The signer's own Reference, to another part of the message; its digest is that part's."""

    def change(message: Bearer) -> None:
        element = message.at(path)
        element.set(attribute, "another")
        message.at(_REFERENCE).set("URI", "#another")
        message.write("//ds:DigestValue", hashlib.sha256(canonical(element)).digest())
        message.seal()

    local = etree.QName(attribute).localname
    return Recipe(f"reference to {path.rpartition('/')[2]} by {local}", "reference-target", change)


ELSEWHERE = (
    _elsewhere("/soap:Envelope/soap:Body/*", _WSU_ID),
    _elsewhere("/soap:Envelope/soap:Body/*", "ID"),
    _elsewhere("/soap:Envelope/soap:Body/*/*[1]", "ID"),
    _elsewhere("/soap:Envelope", "ID"),
    _elsewhere("//ds:KeyInfo", "Id"),
    _elsewhere("//ds:Signature", "Id"),
)


# Identifiers that occur twice; what bears the second one is not signed.


def _in_header(attribute: str) -> Recipe:
    def change(message: Bearer) -> None:
        block = parse('<w:Block xmlns:w="urn:w"/>')
        block.set(attribute, message.body.get(message.identifier) or "")
        message.header.insert(0, block)

    name = attribute.replace(NS["wsu"], "wsu")
    return Recipe(f"identifier twice, in a header block by {name}", "duplicate-id", change)


def _of_part(path: str, attribute: str) -> Recipe:
    def change(message: Bearer) -> None:
        message.at(path).set(attribute, message.body.get(message.identifier) or "")

    return Recipe(f"identifier twice, at {path.rpartition(':')[2]}", "duplicate-id", change)


IDENTIFIERS = (
    *(
        _in_header(attribute)
        for attribute in (
            _WSU_ID,
            _XML_ID,
            "Id",
            "ID",
            "id",
            "AssertionID",
            "{urn:another}Id",
            "{urn:oasis:names:tc:SAML:1.0:assertion}AssertionID",
        )
    ),
    _of_part("//ds:Signature", "Id"),
    _of_part("//ds:KeyInfo", "Id"),
    _of_part("//soap:Header", "Id"),
)


# Decoys: a reader that takes the first or the last of two, or looks deeper than it should, sees another value.

_REASONS = {"Reference": "several-references", "Transform[last()]": "transform"}


def _twice(path: str, edit: Callable[[etree._Element], object], *, first: bool) -> Recipe:
    """An element and its double side by side; `edit` changes the double."""

    def change(message: Bearer) -> None:
        element = message.at(path)
        parent = element.getparent()
        assert parent is not None
        double = copy.deepcopy(element)
        edit(double)
        parent.insert(parent.index(element) + (not first), double)

    name = path.rpartition(":")[2]
    where = "before" if first else "behind"
    reason = _REASONS.get(name, "structure")
    return Recipe(f"decoy {name.removesuffix('[last()]')} {where} the true one", reason, change)


def _other_text(element: etree._Element) -> None:
    element.text = "AAAA"


def _other_reference(element: etree._Element) -> None:
    element.set("URI", "#another")


def _algorithm(uri: str) -> Callable[[etree._Element], object]:
    return lambda element: element.set("Algorithm", uri)


_DOUBLES: dict[str, Callable[[etree._Element], object]] = {
    "//ds:DigestValue": _other_text,
    "//ds:DigestMethod": _algorithm(f"{_DSIG}sha1"),
    "//ds:SignatureMethod": _algorithm(f"{_DSIG}hmac-sha1"),
    "//ds:CanonicalizationMethod": _algorithm("urn:none"),
    "//ds:Transforms": lambda element: element.clear(),
    "//ds:Transform[last()]": lambda _: None,
    "//ds:SignedInfo": lambda element: _other_reference(element[2]),
    "//ds:SignatureValue": _other_text,
    "//ds:KeyInfo": lambda element: element.clear(),
    "//ds:Reference": _other_reference,
}

DECOYS = tuple(_twice(path, edit, first=first) for path, edit in _DOUBLES.items() for first in (True, False))


def _several(path: str, reason: str, *, first: bool, cleared: bool) -> Recipe:
    def edit(element: etree._Element) -> None:
        if cleared:
            element.clear()
        else:
            _other_reference(element[0][2])

    recipe = _twice(path, edit, first=first)
    return Recipe(f"{recipe.name}{' (empty)' if cleared else ''}", reason, recipe.change)


SECOND_SIGNATURES = tuple(
    _several(path, reason, first=first, cleared=cleared)
    for path, reason, clearings in (
        ("//ds:Signature", "several-signatures", (True, False)),
        ("//wsse:Security", "several-security-headers", (True,)),
    )
    for first in (True, False)
    for cleared in clearings
)


# What is nested in the signature, or stands behind a text that by itself is right.


def _comment() -> etree._Element:
    return etree.Comment("x")


def _behind(path: str, node: Callable[[], etree._Element]) -> Recipe:
    name = path.rpartition(":")[2]
    return Recipe(
        f"{'a comment' if node is _comment else 'an element'} behind the text of {name}",
        "structure",
        lambda message: message.at(path).append(node()),
    )


def _inside_an_object(message: Bearer) -> None:
    """The true signature inside an Object of an evil one."""
    signature = message.signature
    evil = copy.deepcopy(signature)
    _other_reference(evil[0][2])
    parent = signature.getparent()
    assert parent is not None
    parent.replace(signature, evil)
    holder = parse("<ds:Object/>")
    evil.append(holder)
    holder.append(signature)


def _by_manifest(message: Bearer) -> None:
    """The Reference is to a Manifest, whose own references nobody need verify (XMLDSig 5.1)."""
    reference = etree.tostring(message.at(_REFERENCE)).decode()
    message.signature.append(
        parse(f'<ds:Object><ds:Manifest Id="manifest">{reference}</ds:Manifest></ds:Object>')
    )
    own = message.at("//ds:SignedInfo/ds:Reference")
    own.set("URI", "#manifest")
    own.set("Type", f"{_DSIG}Manifest")
    digest = hashlib.sha256(canonical(message.at("//ds:Manifest"))).digest()
    message.write("//ds:SignedInfo/ds:Reference/ds:DigestValue", digest)
    message.seal()


def _appended(name: str, path: str, xml: str, reason: str = "structure") -> Recipe:
    return Recipe(name, reason, lambda message: message.at(path).append(parse(xml)))


NESTED = (
    Recipe("a Reference that says nothing", "transform",
           lambda message: message.at(_REFERENCE).__setitem__(slice(None), [])),
    _behind("//ds:SignatureValue", _comment),
    _behind("//ds:SignatureValue", lambda: parse("<ds:Object/>")),
    Recipe("the true signature inside an Object of an evil one", "structure", _inside_an_object),
    Recipe("reference to a Manifest", "structure", _by_manifest),
    Recipe("a signature inside KeyInfo", "key-info",
           lambda message: message.at("//ds:KeyInfo").insert(0, copy.deepcopy(message.signature))),
    _appended("SignatureProperties in an Object", "//ds:Signature",
              "<ds:Object><ds:SignatureProperties/></ds:Object>"),
    _appended("an Object with an encoding", "//ds:Signature", '<ds:Object Encoding="urn:a">x</ds:Object>'),
)  # fmt: skip

BESIDE = (
    _behind("//wsse:KeyIdentifier", lambda: parse("<ds:X509Certificate/>")),
    _appended("an encrypted key in the security header", "//wsse:Security",
              '<xenc:EncryptedKey xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/>'),
    _appended("an assertion in the security header", "//wsse:Security",
              '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>'),
    _elsewhere("//wsse:SecurityTokenReference", _WSU_ID),
    _of_part("//wsse:SecurityTokenReference", _WSU_ID),
    _of_part("//wsse:KeyIdentifier", _WSU_ID),
)  # fmt: skip

REFERENCES = (
    *each(*URIS, *ELSEWHERE, *DECOYS, *NESTED),
    *each(*UNNAMED, *IDENTIFIERS, profiles=_OF_BODY),
    *each(*SECOND_SIGNATURES, *BESIDE, profiles=("wsse",)),
    *each(*SECOND_SIGNATURES[:4], profiles=("header",)),
)
