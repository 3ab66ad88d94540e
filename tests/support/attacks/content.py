"""What stands inside the signed element: changed after signing, or signed so by its owner to mislead a reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from forgery import NS
from lxml import etree

from support.attacks.attack import PROFILES, Attack, Bearer, Recipe, each, evil_copy
from support.messages import COMMON, CONTRACTS

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XML = "http://www.w3.org/XML/1998/namespace"

Change = Callable[[etree._Element], Any]
"""What is done to one element."""


def leaf(message: Bearer, name: str) -> etree._Element:
    """The first element of the payload with a local name."""
    return next(message.body.iter(f"{{{CONTRACTS}}}{name}", f"{{{COMMON}}}{name}"))


def _at(name: str, change: Change) -> Callable[[Bearer], None]:
    return lambda message: change(leaf(message, name))


def split(node: Any) -> Change:
    """A comment or an instruction into the middle of a text."""

    def change(element: etree._Element) -> None:
        text = element.text or ""
        element.text = text[:4]
        node_here = node()
        element.insert(0, node_here)
        node_here.tail = text[4:]

    return change


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def _nil(element: etree._Element) -> None:
    element.text = None
    element.set(f"{{{_XSI}}}nil", "true")


def _text(text: str) -> Change:
    return lambda element: setattr(element, "text", text)


def _set(attribute: str, value: str) -> Change:
    return lambda element: element.set(attribute, value)


def _to_end(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.append(element)


def _again(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.insert(parent.index(element), evil_copy(element))


def _child(xml: str) -> Change:
    return lambda element: element.append(etree.fromstring(xml))


def _comment() -> etree._Element:
    return etree.Comment("/2024")


def _instruction() -> etree._Element:
    return etree.ProcessingInstruction("x", "y")


_INCLUDE = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'

_CHANGES: tuple[tuple[str, str, Change], ...] = (
    ("another number", "number", _text("ТД-подлог-1")),
    ("a blank before the number", "number", lambda element: setattr(element, "text", f" {element.text}")),
    ("another employer", "bin", _text("940340000421")),
    ("another employee", "iin", _text("780912200200")),
    ("a later day", "startsOn", _text("2031-01-01")),
    ("no post", "establishedPost", _remove),
    ("the number at the end", "number", _to_end),
    ("a second number", "number", _again),
    ("an instruction in the number", "number", split(_instruction)),
    ("xsi:nil at the number", "number", _nil),
    ("xsi:nil, said to be false", "number", _set(f"{{{_XSI}}}nil", "false")),
    ("xsi:type at the number", "number", _set(f"{{{_XSI}}}type", "xs:string")),
    ("xsi:schemaLocation at the contract", "contract", _set(f"{{{_XSI}}}schemaLocation", "urn:a http://a.test/")),
    ("an identifier at the contract", "contract", _set("Id", "contract")),
    ("xml:lang at the contract", "contract", _set(f"{{{_XML}}}lang", "kk")),
    ("xml:base at the contract", "contract", _set(f"{{{_XML}}}base", "http://a.test/")),
    ("href at the contract", "contract", _set("href", "#contract")),
    ("an inclusion in the number", "number", _child(_INCLUDE)),
    ("another operation", "RegisterContract", lambda element: setattr(element, "tag", f"{{{CONTRACTS}}}GetContract")),
)  # fmt: skip

AFTER_SIGNING = tuple(
    Recipe(f"after signing: {name}", "digest-mismatch", _at(where, change))
    for name, where, change in _CHANGES
)

_AT_THE_SIGNED: tuple[tuple[str, Callable[[Bearer], Any]], ...] = (
    ("xml:base", lambda message: message.signed.set(f"{{{_XML}}}base", "http://a.test/")),
    ("xml:space", lambda message: message.signed.set(f"{{{_XML}}}space", "preserve")),
    ("xml:id", lambda message: message.signed.set(f"{{{_XML}}}id", "another")),
    ("an attribute", lambda message: message.signed.set("another", "1")),
    ("a blank", lambda message: setattr(message.signed, "text", " ")),
    ("an instruction", lambda message: message.signed.insert(0, _instruction())),
)


def _at_the_signed(profile: str) -> tuple[Attack, ...]:
    """In the inclusive form SignedInfo too bears what `xml:…` says above it (Canonical XML 1.0, 2.4)."""
    inherited = "signature-mismatch" if profile == "document" else "digest-mismatch"
    return tuple(
        Recipe(
            f"after signing, at the signed element: {name}",
            inherited if name.startswith("xml:") else "digest-mismatch",
            change,
        ).by(profile)
        for name, change in _AT_THE_SIGNED
    )


# A comment is not part of the exclusive form: put into a signed leaf, it leaves the signature as it was. A
# reader that takes the text before it would see another value, so it is refused where leaves are read.

_SPLIT = "text without comments and processing instructions expected"

COMMENTS = tuple(
    Recipe(f"after signing: a comment splits {name}", _SPLIT, _at(name, split(_comment)), code=code)
    for name, code in (
        ("number", "ESB004"),
        ("externalId", "SCSE087"),
        ("bin", "SCSE043"),
        ("iin", "SCSE045"),
        ("positionCode", "ESB004"),
        ("concludedOn", "ESB004"),
        ("requestId", "ESB004"),
    )
)

# What the owner of the key signs himself is refused by the schema: the signature holds.

_ATTRIBUTE = "attributes are not allowed"

BY_THE_OWNER = tuple(
    Recipe(f"signed so: {name}", reason, _at(where, change), sealed=True, code=code)
    for name, where, change, code, reason in (
        ("an instruction in the number", "number", split(_instruction), "ESB004", _SPLIT),
        ("xsi:nil at the number", "number", _nil, "SCSE003", "xsi:nil is not allowed: leave out what is absent"),
        ("xsi:type at the number", "number", _set(f"{{{_XSI}}}type", "xs:string"), "ESB004", _ATTRIBUTE),
        ("xsi:schemaLocation", "contract", _set(f"{{{_XSI}}}schemaLocation", "urn:a http://a.test/"), "ESB004",
         _ATTRIBUTE),
        ("an identifier at the contract", "contract", _set("Id", "contract"), "ESB004", _ATTRIBUTE),
        ("href at the contract", "contract", _set("href", "#contract"), "ESB004", _ATTRIBUTE),
        ("a second number", "number", _again, "ESB004", "at most 1 allowed"),
        ("the number at the end", "number", _to_end, "ESB004", "out of order"),
        ("an inclusion in the number", "number", _child(_INCLUDE), "ESB004", "text expected, not an element"),
        ("an element of another namespace", "contract", _child('<number xmlns="urn:another">1</number>'), "ESB004",
         f"expected in namespace {CONTRACTS}"),
    )
)  # fmt: skip


def _with_evil_payload(message: Bearer) -> None:
    payload = message.payload
    message.body.replace(payload, evil_copy(payload))


def _signature_passed_over(message: Bearer) -> None:
    """Not the last element, so a verifier that looks there alone sees none; a reader sees a signed document."""
    for name in ("Signature", "Object"):
        etree.SubElement(message.payload, f"{{{NS['ds']}}}{name}").text = "AAAA"
    message.digest_body()
    message.seal()


CONTENT = (
    *each(
        Recipe("a document signature that is not the last element", "misplaced", _signature_passed_over),
        profiles=("wsse", "header"),
    ),
    *each(
        *AFTER_SIGNING,
        *COMMENTS,
        *BY_THE_OWNER,
        Recipe("the signature of another message", "digest-mismatch", _with_evil_payload),
    ),
    *(attack for profile in PROFILES for attack in _at_the_signed(profile)),
)
