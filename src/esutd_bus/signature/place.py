"""The place of a signature: found by going where the profile points, never by searching.

Signature wrapping works on verifiers that find a signature, or what it refers to, by name or by Id wherever
it stands. Here each step down is to the only child of that name, and the element that is signed is the one
that is processed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

from lxml import etree

from esutd_bus.signature import names
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.structure import XML_SPACE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import _Element as Element

    from esutd_bus.signature.profile import Profile
    from esutd_bus.soap.envelope import Envelope

_TO_US: Final = frozenset({"", names.ACTOR_NEXT})
"""Values of `soap:actor` that address a header block to this service (SOAP 1.1, 4.2.2)."""

_identifiers = etree.XPath(
    "//@*[local-name()='Id' or local-name()='ID' or local-name()='id' or local-name()='AssertionID']",
    smart_strings=False,
)
"""Every attribute that some verifier takes for an identifier, in whatever namespace (`wsu:Id`, `xml:id`).

One path with a predicate: libxml2 joins the results of `a|b` in quadratic time.
"""


class Place(NamedTuple):
    """Where the profile's parts stand in one message."""

    companions: Mapping[str, Element]
    """What stands beside the signature, by tag."""

    signature: Element
    """The `ds:Signature`."""

    signed: Element
    """The element that must be signed: the very one that is processed."""


def locate(envelope: Envelope, profile: Profile) -> Place:
    """The profile's places in a message. Refuses an absent, misplaced or ambiguous signature."""
    holder = envelope.root
    for tag in profile.holder:
        holder = _only_child_to_us(holder, tag)
    signature = None
    companions: dict[str, Element] = {}
    for child in holder.iterchildren(tag=etree.Element):
        if child.tag == names.SIGNATURE:
            if signature is not None:
                raise Refusal(Reason.SEVERAL_SIGNATURES, "the security header holds several ds:Signature")
            signature = child
        elif child.tag in profile.companions and child.tag not in companions:
            companions[child.tag] = child
        else:
            raise Refusal(
                Reason.STRUCTURE, f"the security header holds {child.tag}, which is not served there"
            )
    if signature is None:
        raise _no_signature(envelope.root, "the security header holds no ds:Signature")
    straight = None if envelope.header is None else envelope.header.find(names.SIGNATURE)
    if straight is not None and straight is not signature:
        raise Refusal(Reason.SEVERAL_SIGNATURES, "a second ds:Signature stands straight in the soap:Header")
    return Place(companions, signature, _signed(envelope, profile))


def require_unique_identifiers(root: Element) -> None:
    """Refuse a document in which an identifier occurs twice, whatever its attribute is called."""
    identifiers = cast("list[str]", _identifiers(root))
    if len(set(identifiers)) != len(identifiers):
        raise Refusal(Reason.DUPLICATE_ID, "an identifier occurs twice in the document")


def _only_child_to_us(parent: Element, tag: str) -> Element:
    found = [
        child for child in parent.iterchildren(tag) if child.get(names.ACTOR, "").strip(XML_SPACE) in _TO_US
    ]
    if not found:
        raise _no_signature(parent.getroottree().getroot(), f"there is no {tag} addressed to this service")
    if len(found) > 1:
        raise Refusal(Reason.SEVERAL_SECURITY_HEADERS, f"several {tag} are addressed to this service")
    return found[0]


def _signed(envelope: Envelope, profile: Profile) -> Element:
    element = envelope.root
    for tag in profile.signed:
        children = list(element.iterchildren(tag))
        if len(children) != 1:
            raise Refusal(Reason.REFERENCE_TARGET, f"the message must have exactly one {tag}")
        element = children[0]
    if element is not envelope.body or envelope.payload.getparent() is not element:
        raise Refusal(Reason.REFERENCE_TARGET, "the element that is processed is not the one that is signed")
    return element


def _no_signature(root: Element, detail: str) -> Refusal:
    """Tell a message without a signature from one that bears it elsewhere; nothing found here is used."""
    elsewhere = next(root.iter(names.SIGNATURE), None) is not None
    return Refusal(Reason.MISPLACED if elsewhere else Reason.ABSENT, detail)
