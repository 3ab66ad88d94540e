"""Canonical forms: the octets that are digested and signed.

Comments are not part of any form here, so they are not signed: a reference to an element or to the document leaves
them out whatever its transforms say (XMLDSig 4.4.3.3), and SignedInfo holds none. Who reads a verified payload
must not let a comment change its meaning (by splitting a leaf's text); the schema's room refuses comments and
processing instructions inside leaves.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from lxml import etree

from esutd_bus.signature import names
from esutd_bus.signature.reason import Reason, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lxml.etree import _Element as Element

_DEFAULT: Final = "#default"
_PREFIX: Final = re.compile(rf"{_DEFAULT}|[^\W\d][\w.\-]*")
_XML: Final = f"{{{names.XML}}}"


def exclusive(element: Element, prefixes: tuple[str, ...] = ()) -> bytes:
    """The element in Exclusive XML Canonicalization 1.0, in its place in the document.

    `prefixes` is InclusiveNamespaces' PrefixList (`#default` for the default namespace): declarations in
    scope for them are written although nothing uses them (Exclusive C14N, 3).

    Refuses an element that has no canonical form.
    """
    known = [prefix for prefix in prefixes if _PREFIX.fullmatch(prefix)] if prefixes else []
    if known:
        _intern(known)
    try:
        return etree.tostring(
            element,
            method="c14n",
            exclusive=True,
            with_comments=False,
            inclusive_ns_prefixes=known or None,
        )
    except etree.C14NError:
        raise _no_form() from None


def inclusive(element: Element, _prefixes: tuple[str, ...] = ()) -> bytes:
    """The element in Canonical XML 1.0, in its place: with all declarations in scope, and with the `xml:…`
    attributes of the elements above it (Canonical XML 1.0, 2.4).

    Refuses an element that has no canonical form.
    """
    root = element if element.getparent() is None else _as_root(element)
    try:
        return etree.tostring(root, method="c14n", exclusive=False, with_comments=False)
    except etree.C14NError:
        raise _no_form() from None


FORMS: Final[Mapping[str, Callable[[Element, tuple[str, ...]], bytes]]] = MappingProxyType(
    {
        names.EXCLUSIVE_C14N: exclusive,
        names.C14N: inclusive,
        names.C14N_WITH_COMMENTS: inclusive,
    }
)
"""Algorithm → its form. Which of them a profile takes is the profile's."""


def _as_root(element: Element) -> Element:
    """The element as the root of a document, with all that Canonical XML takes from above it.

    lxml can canonicalise an element in its place, but then its `xml:…` attributes are its own alone, and libxml2
    writes `xmlns=""` on the grandchildren where the default namespace is declared above. So it is written out,
    which brings all declarations in scope, and read again.
    """
    root = etree.fromstring(etree.tostring(element, with_tail=False))
    for ancestor in element.iterancestors():
        for name in map(str, ancestor.attrib):
            if name.startswith(_XML) and name not in root.attrib:
                root.set(name, str(ancestor.attrib[name]))
    return root


def _no_form() -> Refusal:
    # A relative namespace name, for one (Canonical XML 1.0, 2.1).
    return Refusal(Reason.CANONICALIZATION, "the element has no canonical form")


def _intern(prefixes: list[str]) -> None:
    """Make lxml see these prefixes.

    It passes on to libxml2 only prefixes that the thread's own dictionary of names holds, and drops the
    others in silence: `#default` always, and every prefix of a document that another thread has parsed. A
    parsed name enters the dictionary. Refuses a prefix that is no name: nothing can be declared for it.
    """
    elements = "".join(f"<{prefix}/>" for prefix in prefixes if prefix != _DEFAULT)
    try:
        etree.fromstring(f'<x xmlns="{_DEFAULT}">{elements}</x>')
    except etree.XMLSyntaxError:
        raise Refusal(Reason.CANONICALIZATION, "PrefixList holds what is no prefix") from None
