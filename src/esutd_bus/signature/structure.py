"""The exact shape of XML: what stands where, and nothing else.

A signature is walked by position. Each element is read through one of these functions, so a child, an
attribute, a comment, a processing instruction or a word of text that the reader does not expect is refused
rather than skipped.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Final

from esutd_bus.signature.reason import Reason, Refusal

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

XML_SPACE: Final = " \t\r\n"
NO_ATTRIBUTES: Final[frozenset[str]] = frozenset()


def only_elements(element: Element, *, attributes: frozenset[str] = NO_ATTRIBUTES) -> list[Element]:
    """The children of an element that holds elements alone, bearing no attribute but these."""
    if not attributes.issuperset(element.keys()):
        raise _unknown_attribute(element)
    text = element.text
    children: list[Element] = element[:]  # type: ignore[assignment, index]  # its stubs know no slices
    for child in children:
        if text and text.strip(XML_SPACE):
            break
        text = child.tail
    if text and text.strip(XML_SPACE):
        raise Refusal(Reason.STRUCTURE, f"text stands between the children of {local_name(element)}")
    return children


def require_tags(element: Element, children: list[Element], *tags: str) -> None:
    """Refuse children that are not exactly these, in this order."""
    if (children or tags) and [child.tag for child in children] != [*tags]:
        expected = ", ".join(tag.rpartition("}")[2] for tag in tags) or "nothing"
        raise Refusal(Reason.STRUCTURE, f"{local_name(element)} must hold exactly: {expected}")


def exact_children(element: Element, *tags: str, attributes: frozenset[str] = NO_ATTRIBUTES) -> list[Element]:
    """The children of an element that holds just these, in this order."""
    children = only_elements(element, attributes=attributes)
    require_tags(element, children, *tags)
    return children


def leaf_text(element: Element, *, attributes: frozenset[str] = NO_ATTRIBUTES) -> str:
    """The text of an element that holds text alone; a comment in it would split the text."""
    if not attributes.issuperset(element.keys()):
        raise _unknown_attribute(element)
    if len(element):
        raise Refusal(Reason.STRUCTURE, f"{local_name(element)} must hold text alone")
    return element.text or ""


def decode_base64(text: str, reason: Reason, what: str) -> bytes:
    """The octets of `xs:base64Binary`: white space anywhere (`&#13;` too), otherwise the one strict spelling.

    Python's strict mode still takes set bits after the last octet, so the spelling is compared as well.
    """
    try:
        encoded = text.encode("ascii").translate(None, b" \t\r\n")
        octets = binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError:
        raise Refusal(reason, f"{what} is not base64") from None
    if not octets or binascii.b2a_base64(octets, newline=False) != encoded:
        raise Refusal(reason, f"{what} is not base64 in its one spelling")
    return octets


def local_name(element: Element) -> str:
    """The element's name without its namespace, for a sentence; a comment or instruction is called so."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else "a comment or instruction"


def _unknown_attribute(element: Element) -> Refusal:
    return Refusal(Reason.STRUCTURE, f"{local_name(element)} bears an unknown attribute")
