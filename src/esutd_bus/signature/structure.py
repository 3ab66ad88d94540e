"""The exact shape of XML: what stands where, and nothing else.

A signature is walked by position. Each element is read through one of these functions, so a child, an
attribute, a comment, a processing instruction or a word of text that the reader does not expect is refused
rather than skipped.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Final

from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.soap.envelope import children

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

XML_SPACE: Final = " \t\r\n"
NO_ATTRIBUTES: Final[frozenset[str]] = frozenset()


def only_elements(
    element: Element, attributes: frozenset[str] = NO_ATTRIBUTES, exactly: list[str] | None = None
) -> list[Element]:
    """The children of an element that holds elements alone, bearing no attribute but these.

    `exactly`: the children's tags, where only these may stand there, in this order.
    """
    if (borne := element.keys()) and not attributes.issuperset(borne):
        refuse_attributes(element)
    text, tags = element.text, []
    found = children(element)
    for child in found:
        if text and text.strip(XML_SPACE):
            break
        text = child.tail
        tags.append(child.tag)
    if text and text.strip(XML_SPACE):
        raise Refusal(Reason.STRUCTURE, f"text stands between the children of {local_name(element)}")
    if exactly is not None and tags != exactly:
        expected = ", ".join(tag.rpartition("}")[2] for tag in exactly) or "nothing"
        raise Refusal(Reason.STRUCTURE, f"{local_name(element)} must hold exactly: {expected}")
    return found


def require_empty(element: Element, attributes: frozenset[str] = NO_ATTRIBUTES) -> None:
    """Refuse an element that holds anything but white space, or bears an attribute that is not among these."""
    if (borne := element.keys()) and not attributes.issuperset(borne):
        refuse_attributes(element)
    if len(element) or element.text:
        only_elements(element, attributes, exactly=[])


def leaf_text(element: Element, attributes: frozenset[str] = NO_ATTRIBUTES) -> str:
    """The text of an element that holds text alone; a comment in it would split the text."""
    if (borne := element.keys()) and not attributes.issuperset(borne):
        refuse_attributes(element)
    if len(element):
        raise Refusal(Reason.STRUCTURE, f"{local_name(element)} must hold text alone")
    return element.text or ""


def decode_base64(text: str, reason: Reason, what: str) -> bytes:
    """The octets of `xs:base64Binary`: white space anywhere (`&#13;` too), otherwise the one strict spelling.

    Python passes over characters that are none of base64, and over bits behind the last octet: so it spells the
    octets, and the spellings are compared.
    """
    try:
        encoded = text.encode("ascii")
        octets = binascii.a2b_base64(encoded)
    except ValueError:
        raise Refusal(reason, f"{what} is not base64") from None
    spelt = binascii.b2a_base64(octets, newline=False)
    if not octets or (spelt != encoded and spelt != encoded.translate(None, b" \t\r\n")):
        raise Refusal(reason, f"{what} is not base64 in its one spelling")
    return octets


def local_name(element: Element) -> str:
    """The element's name without its namespace, for a sentence; a comment or instruction is called so."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else "a comment or instruction"


def refuse_attributes(element: Element) -> None:
    """The element bears an attribute that nobody expects."""
    raise Refusal(Reason.STRUCTURE, f"{local_name(element)} bears an unknown attribute")
