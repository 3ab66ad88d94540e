"""An element as a document of its own: what the profile `document` signs and hands on."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from lxml import etree

from esutd_bus.signature import names
from esutd_bus.signature.reason import Reason, Refusal

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def own_document(element: Element) -> Element:
    """A copy of the element, the root of a new document.

    Refuses one that leans on namespace declarations around it: taken out of there, it would not say the same.
    A prefix that only stands in a value (`xsi:type="p:Name"`) is no leaning: it is simply not declared then.
    """
    root = deepcopy(element)
    # libxml2 declares on the copied root what elements and attributes of the copy lacked.
    lacking = _declared(root).keys() - _declared(element).keys()
    if lacking:
        prefixes = ", ".join(sorted(prefix or "the default one" for prefix in lacking))
        raise Refusal(
            Reason.NAMESPACE_CONTEXT, f"the document does not declare namespaces it uses: {prefixes}"
        )
    return root


def require_root_alone(root: Element) -> None:
    """Refuse a processing instruction outside of the root element: it would be signed and not processed."""
    for before in (True, False):
        if next(root.itersiblings(etree.PI, preceding=before), None) is not None:
            raise Refusal(Reason.STRUCTURE, "a processing instruction stands outside of the root element")


def last_signatures(root: Element) -> list[Element]:
    """The document signatures: what ends the root element's children, in document order."""
    signatures: list[Element] = []
    for child in root.iterchildren(etree.Element, reversed=True):
        if child.tag != names.SIGNATURE:
            break
        signatures.insert(0, child)
    return signatures


def take_off(signature: Element) -> None:
    """Remove a signature from its document, and nothing else (XMLDSig 6.6.4): what stands behind it stays."""
    parent, before = signature.getparent(), signature.getprevious()
    if parent is None:
        raise ValueError("a document's root cannot be taken off")
    if signature.tail:
        if before is None:
            parent.text = (parent.text or "") + signature.tail
        else:
            before.tail = (before.tail or "") + signature.tail
    parent.remove(signature)


def _declared(element: Element) -> dict[str, str]:
    """Prefix → namespace, as the element itself declares them."""
    declared: dict[str, str] = {}
    for event, content in etree.iterwalk(element, events=("start-ns", "start")):
        if event == "start":
            break
        prefix, namespace = content
        declared[prefix] = namespace
    return declared
