"""The document signature of a simulated registry's answer: as it should be, spoiled on purpose, or left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lxml import etree

from esutd_bus.signature.signing import sign_document
from esutd_bus.testbed.xml import local_name, parse

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from esutd_bus.signature.keys import SigningKey

_HERE = "here"

Spoiling = Literal["absent", "wrong"]


def signed_document(document: bytes, key: SigningKey | None, spoiling: Spoiling | None = None) -> bytes:
    """The document signed; a wrong signature is one of another document."""
    if key is None or spoiling == "absent":
        return document
    signed = sign_document(document, key)
    if spoiling == "wrong":
        root = parse(signed)
        root.set("changed", "after it was signed")
        return etree.tostring(root)
    return signed


def sign_data(envelope: Element, key: SigningKey | None, spoiling: Spoiling | None = None) -> Element:
    """The envelope with the element `data` of its answer signed as a document of its own."""
    if key is None:
        return envelope
    data = next(part for part in envelope.iter("*") if local_name(part) == "data")
    alone = parse(etree.tostring(data))
    # What the envelope declares and the data do not use is not part of them.
    kept = [str(value).partition(":")[0] for part in alone.iter("*") for value in part.attrib.values()]
    etree.cleanup_namespaces(alone, keep_ns_prefixes=kept)
    signed = signed_document(etree.tostring(alone), key, spoiling)
    # As text: lxml would leave out what an element around it declares too, and a signed document declares it itself.
    holder = data.getparent()
    if holder is not None:
        holder.replace(data, etree.Element(_HERE))
    return parse(etree.tostring(envelope).replace(f"<{_HERE}/>".encode(), signed))
