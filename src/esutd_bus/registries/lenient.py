"""Reading XML of the state systems by local names alone: prefixes and namespaces of real traffic vary."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element as Element

_PLACEHOLDERS = frozenset({"", "-", "."})
_XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_DATE_LENGTH = len("YYYY-MM-DD")


class UnreadableXmlError(ValueError):
    """Not well-formed, or with a DTD. The message is safe to show: it holds nothing of the text."""


def parse(text: bytes, *, encoding: str | None = None) -> Element:
    """The root. No DTD, no entities, no network; libxml2's limits on depth and size hold.

    Args:
        text: the document.
        encoding: overrides the document's own declaration.

    Raises:
        UnreadableXmlError: see there.
    """
    parser = etree.XMLParser(
        encoding=encoding, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableXmlError("not XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableXmlError("XML with a DTD")
    return root


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(element).localname


def children(element: Element | None, name: str) -> Iterator[Element]:
    """The children of that local name, in whatever namespace."""
    if element is not None:
        yield from (child for child in element.iterchildren("*") if local_name(child) == name)


def descend(element: Element | None, path: str) -> Element | None:
    """The first element on a path of local names (`responseData/data`), or `None`."""
    for name in path.split("/"):
        element = next(children(element, name), None)
    return element


def text_at(element: Element | None, path: str) -> str | None:
    """The text there, trimmed; `None` for absent, nil, empty and placeholders (`-`, `..`)."""
    found = descend(element, path)
    if found is None or found.get(_XSI_NIL) in ("true", "1"):
        return None
    text = (found.text or "").strip()
    return None if text.rstrip(".") in _PLACEHOLDERS else text


def date_at(element: Element | None, path: str) -> date | None:
    """The date there, of a date or a dateTime, its zone ignored; `None` where there is none that exists."""
    text = text_at(element, path)
    try:
        return None if text is None else date.fromisoformat(text[:_DATE_LENGTH])
    except ValueError:
        return None
