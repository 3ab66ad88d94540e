"""The places of signatures: found by going where the profiles point, never by searching.

Signature wrapping works on verifiers that find a signature, or what it refers to, by name or by Id wherever
it stands. Here each step down is to the only child of that name, and the element that is signed is the one
that is processed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from esutd_bus.signature import names
from esutd_bus.signature.own_document import last_signatures, own_document, require_root_alone
from esutd_bus.signature.profile import DOCUMENT, HEADER, WSSE
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.structure import XML_SPACE, local_name
from esutd_bus.soap.envelope import children

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lxml.etree import _Element as Element

    from esutd_bus.signature.profile import Profile
    from esutd_bus.soap.envelope import Envelope

MAX_CO_SIGNATURES: Final = 8
"""Document signatures that one message may bear."""

_TO_US: Final = frozenset({"", names.ACTOR_NEXT})
"""Values of `soap:actor` that address a header block to this service (SOAP 1.1, 4.2.2)."""

_IDENTIFIERS: Final = frozenset({"Id", "ID", "id", "AssertionID"})
_NO_IDENTIFIERS: Final = frozenset({"Algorithm", "URI", "ValueType", "EncodingType"})
"""What most attributes of a signature are called."""


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

    nodes: Iterable[Element]
    """Every element of what came, with whatever stands between them."""

    payload: Element
    """What is handed on. Signatures of the profile `document` stand in it until they are verified."""

    signatures: tuple[Place, ...]
    """In the order in which they are verified: the transport's, then the document's, the last one first."""


def in_envelope(envelope: Envelope, payload: Element) -> Places:
    """The signatures of a message whose payload stands in the Body, or in a text there, then as another document.

    Refuses an absent, misplaced or ambiguous one.
    """
    nodes: Iterable[Element] = envelope.nodes
    if payload is not envelope.payload and payload.getroottree().getroot() is not envelope.root:
        require_root_alone(payload)
        nodes = (*nodes, *payload.iter())
    transport = _transport(envelope)
    document = _document(payload)
    if transport is None and not document:
        raise _no_signature(envelope.root, "there is no signature addressed to this service")
    handed_on = document[0].signed if document else payload
    return Places(nodes, handed_on, document if transport is None else (transport, *document))


def in_element(element: Element) -> Places:
    """The signatures of an element that is a document in itself, inside of another one."""
    signatures = _document(element)
    if not signatures:
        raise _no_signature(element, "the document does not end with a ds:Signature")
    return Places(signatures[0].signed.iter(), signatures[0].signed, signatures)


def in_document(root: Element) -> Places:
    """The signatures of a document."""
    require_root_alone(root)
    return in_element(root)


def require_unique_identifiers(nodes: Iterable[Element]) -> None:
    """Refuse a document in which an identifier occurs twice, whatever its attribute is called.

    An identifier is every attribute that some verifier takes for one, in whatever namespace (`wsu:Id`, `xml:id`).
    """
    identifiers: list[str | None] = []
    for node in nodes:
        attributes: list[str] = node.keys()  # type: ignore[assignment]  # parsed names are no bytes
        if attributes:
            for name in attributes:
                if name not in _NO_IDENTIFIERS and name.rpartition("}")[2] in _IDENTIFIERS:
                    identifiers.append(node.get(name))  # noqa: PERF401  # a comprehension is a call for each node
    if len(set(identifiers)) != len(identifiers):
        raise Refusal(Reason.DUPLICATE_ID, "an identifier occurs twice in the document")


def _transport(envelope: Envelope) -> Place | None:
    """The header's signature, by the one profile that the header shows."""
    tags = [child.tag for child in children(envelope.root)]
    if names.HEADER not in tags:
        return None
    if tags.count(names.HEADER) > 1:
        raise Refusal(Reason.SEVERAL_SECURITY_HEADERS, "the message has several soap:Header")
    straight, securities = _blocks(envelope.root[tags.index(names.HEADER)])
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
        return _in_header(envelope, tags, WSSE, signature, companions)
    if len(straight) > 1:
        raise Refusal(Reason.SEVERAL_SIGNATURES, "the soap:Header holds several ds:Signature")
    if straight:
        return _in_header(envelope, tags, HEADER, straight[0], {})
    return None


def _blocks(header: Element) -> tuple[list[Element], list[Element]]:
    """(the signatures that stand straight in a header, the security headers in it that are addressed to us)."""
    straight, securities = [], []
    for block in children(header):
        tag = block.tag
        if tag == names.SIGNATURE:
            straight.append(block)
        elif tag == names.SECURITY and block.get(names.ACTOR, "").strip(XML_SPACE) in _TO_US:
            securities.append(block)
    return straight, securities


def _secured(security: Element, profile: Profile) -> tuple[Element | None, Mapping[str, Element]]:
    """(the signature, what stands beside it) of a security header that holds nothing else."""
    signature = None
    companions: dict[str, Element] = {}
    for child in children(security):
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
    envelope: Envelope,
    tags: list[str],
    profile: Profile,
    signature: Element,
    companions: Mapping[str, Element],
) -> Place:
    """`tags`: of the Envelope's children."""
    body = envelope.body
    if tags.count(names.BODY) != 1:
        raise Refusal(Reason.REFERENCE_TARGET, "the message must have exactly one Body")
    if envelope.root[tags.index(names.BODY)] is not body or envelope.payload.getparent() is not body:
        raise Refusal(Reason.REFERENCE_TARGET, "the element that is processed is not the one that is signed")
    position, signed_path = _PATHS[profile]
    return Place(profile, position, signature, body, signed_path, companions)


def _document(element: Element) -> tuple[Place, ...]:
    """The places of an element's document signatures, the last one first: they must end it."""
    found = [child.tag for child in children(element)].count(names.SIGNATURE)
    if not found:
        return ()
    if len(last_signatures(element)) != found:
        # Whoever reads it later would take it for one that was verified.
        raise Refusal(Reason.MISPLACED, "a ds:Signature stands before the end of the document")
    if found > MAX_CO_SIGNATURES:
        raise Refusal(Reason.SEVERAL_SIGNATURES, f"more than {MAX_CO_SIGNATURES} signatures of one document")
    root = own_document(element)
    name = local_name(root)
    places = [
        Place(DOCUMENT, f"{name}/Signature[{number}]", signature, root, name, {})
        for number, signature in enumerate(last_signatures(root), start=1)
    ]
    return tuple(reversed(places))


def _path(*tags: str) -> str:
    return "/".join(tag.rpartition("}")[2] for tag in (names.ENVELOPE, *tags))


_PATHS: Final = {
    profile: (_path(*profile.holder, names.SIGNATURE), _path(names.BODY)) for profile in (WSSE, HEADER)
}
"""Profile of a header's signature → where that stands, and what it signs."""


def _no_signature(root: Element, detail: str) -> Refusal:
    """Tell a message without a signature from one that bears it elsewhere; nothing found here is used."""
    elsewhere = next(root.iter(names.SIGNATURE), None) is not None
    return Refusal(Reason.MISPLACED if elsewhere else Reason.ABSENT, detail)
