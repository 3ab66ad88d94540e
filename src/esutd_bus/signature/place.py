"""The places of signatures: found by going where the profiles point, never by searching.

Signature wrapping works on verifiers that find a signature, or what it refers to, by name or by Id wherever
it stands. Here each step down is to the only child of that name, and the element that is signed is the one
that is processed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

from lxml import etree

from esutd_bus.signature import names
from esutd_bus.signature.own_document import last_signatures, own_document, require_root_alone
from esutd_bus.signature.profile import DOCUMENT, HEADER, WSSE
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.structure import XML_SPACE, local_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import _Element as Element

    from esutd_bus.signature.profile import Profile
    from esutd_bus.soap.envelope import Envelope

MAX_CO_SIGNATURES: Final = 8
"""Document signatures that one message may bear."""

_TO_US: Final = frozenset({"", names.ACTOR_NEXT})
"""Values of `soap:actor` that address a header block to this service (SOAP 1.1, 4.2.2)."""

_identifiers = etree.XPath(
    "//@*[contains(' Id ID id AssertionID ', concat(' ', local-name(), ' '))]",
    smart_strings=False,
)
"""Every attribute that some verifier takes for an identifier, in whatever namespace (`wsu:Id`, `xml:id`).

One path with a predicate: libxml2 joins the results of `a|b` in quadratic time.
"""


class Place(NamedTuple):
    """Where one signature's parts stand in one message."""

    profile: Profile
    position: str
    """Path of the `ds:Signature` below the document, without prefixes."""

    signature: Element
    """The `ds:Signature`."""

    signed: Element
    """The element that must be signed: the very one that is processed."""

    signed_path: str
    """Path of that element below the document, without prefixes."""

    companions: Mapping[str, Element]
    """What stands beside the signature and belongs to it, by tag."""


class Places(NamedTuple):
    """All signatures of one message, and what they are about."""

    root: Element
    """The root of what came."""

    payload: Element
    """What is handed on. Signatures of the profile `document` stand in it until they are verified."""

    signatures: tuple[Place, ...]
    """In the order in which they are verified: the transport's, then the document's, the last one first."""


def in_envelope(envelope: Envelope) -> Places:
    """The signatures of a message. Refuses an absent, misplaced or ambiguous one."""
    transport = _transport(envelope)
    document = _document(envelope.payload)
    if transport is None and not document:
        raise _no_signature(envelope.root, "there is no signature addressed to this service")
    payload = document[0].signed if document else envelope.payload
    return Places(envelope.root, payload, document if transport is None else (transport, *document))


def in_element(element: Element) -> Places:
    """The signatures of an element that is a document in itself, inside of another one."""
    signatures = _document(element)
    if not signatures:
        raise _no_signature(element, "the document does not end with a ds:Signature")
    return Places(signatures[0].signed, signatures[0].signed, signatures)


def in_document(root: Element) -> Places:
    """The signatures of a document."""
    require_root_alone(root)
    return in_element(root)


def require_unique_identifiers(root: Element) -> None:
    """Refuse a document in which an identifier occurs twice, whatever its attribute is called."""
    identifiers = cast("list[str]", _identifiers(root))
    if len(set(identifiers)) != len(identifiers):
        raise Refusal(Reason.DUPLICATE_ID, "an identifier occurs twice in the document")


def _transport(envelope: Envelope) -> Place | None:
    """The header's signature, by the one profile that the header shows."""
    headers = [child for child in envelope.root if child.tag == names.HEADER]
    if len(headers) > 1:
        raise Refusal(Reason.SEVERAL_SECURITY_HEADERS, "the message has several soap:Header")
    if not headers:
        return None
    straight, securities = _blocks(headers[0])
    if len(securities) > 1:
        raise Refusal(Reason.SEVERAL_SECURITY_HEADERS, "several wsse:Security are addressed to this service")
    if securities:
        signature, companions = _secured(securities[0], WSSE)
        if signature is None:
            raise _no_signature(envelope.root, "the security header holds no ds:Signature")
        if straight:
            raise Refusal(
                Reason.SEVERAL_SIGNATURES, "a second ds:Signature stands straight in the soap:Header"
            )
        return _in_header(envelope, WSSE, signature, companions)
    if len(straight) > 1:
        raise Refusal(Reason.SEVERAL_SIGNATURES, "the soap:Header holds several ds:Signature")
    if straight:
        return _in_header(envelope, HEADER, straight[0], {})
    return None


def _blocks(header: Element) -> tuple[list[Element], list[Element]]:
    """(the signatures that stand straight in a header, the security headers in it that are addressed to us)."""
    straight, securities = [], []
    for block in header:
        if block.tag == names.SIGNATURE:
            straight.append(block)
        elif block.tag == names.SECURITY and block.get(names.ACTOR, "").strip(XML_SPACE) in _TO_US:
            securities.append(block)
    return straight, securities


def _secured(security: Element, profile: Profile) -> tuple[Element | None, Mapping[str, Element]]:
    """(the signature, what stands beside it) of a security header that holds nothing else."""
    signature = None
    companions: dict[str, Element] = {}
    for child in security:
        tag = child.tag
        if tag == names.SIGNATURE:
            if signature is not None:
                raise Refusal(Reason.SEVERAL_SIGNATURES, "the security header holds several ds:Signature")
            signature = child
        elif tag in profile.companions and tag not in companions:
            companions[tag] = child
        elif isinstance(tag, str):  # a comment or an instruction has none, and says nothing
            raise Refusal(Reason.STRUCTURE, f"the security header holds {tag}, which is not served there")
    return signature, companions


def _in_header(
    envelope: Envelope, profile: Profile, signature: Element, companions: Mapping[str, Element]
) -> Place:
    position, signed_path = _PATHS[profile]
    return Place(profile, position, signature, _signed(envelope, profile), signed_path, companions)


def _signed(envelope: Envelope, profile: Profile) -> Element:
    element = envelope.root
    for tag in profile.signed:
        children = [child for child in element if child.tag == tag]
        if len(children) != 1:
            raise Refusal(Reason.REFERENCE_TARGET, f"the message must have exactly one {tag}")
        element = children[0]
    if element is not envelope.body or envelope.payload.getparent() is not element:
        raise Refusal(Reason.REFERENCE_TARGET, "the element that is processed is not the one that is signed")
    return element


def _document(element: Element) -> tuple[Place, ...]:
    """The places of an element's document signatures, the last one first; none where it does not end with one."""
    last = next(element.iterchildren(etree.Element, reversed=True), None)
    if last is None or last.tag != names.SIGNATURE:
        if next(element.iterchildren(names.SIGNATURE), None) is not None:
            # Whoever reads it later would take it for one that was verified.
            raise Refusal(Reason.MISPLACED, "a ds:Signature stands before the end of the document")
        return ()
    root = own_document(element)
    signatures = last_signatures(root)
    if len(signatures) > MAX_CO_SIGNATURES:
        raise Refusal(Reason.SEVERAL_SIGNATURES, f"more than {MAX_CO_SIGNATURES} signatures of one document")
    if len(signatures) != sum(1 for _ in root.iterchildren(names.SIGNATURE)):
        raise Refusal(Reason.MISPLACED, "a ds:Signature stands before the end of the document")
    name = local_name(root)
    places = [
        Place(DOCUMENT, f"{name}/Signature[{number}]", signature, root, name, {})
        for number, signature in enumerate(signatures, start=1)
    ]
    return tuple(reversed(places))


def _path(*tags: str) -> str:
    return "/".join(tag.rpartition("}")[2] for tag in (names.ENVELOPE, *tags))


_PATHS: Final = {
    profile: (_path(*profile.holder, names.SIGNATURE), _path(*profile.signed)) for profile in (WSSE, HEADER)
}
"""Profile of a header's signature → where that stands, and what it signs."""


def _no_signature(root: Element, detail: str) -> Refusal:
    """Tell a message without a signature from one that bears it elsewhere; nothing found here is used."""
    elsewhere = next(root.iter(names.SIGNATURE), None) is not None
    return Refusal(Reason.MISPLACED if elsewhere else Reason.ABSENT, detail)
