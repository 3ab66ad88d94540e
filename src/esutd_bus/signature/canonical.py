"""Exclusive canonical form: the octets that are digested and signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def exclusive(element: Element, prefixes: tuple[str, ...] = ()) -> bytes:
    """The element in Exclusive XML Canonicalization 1.0 without comments, in its place in the document.

    `prefixes` is InclusiveNamespaces' PrefixList (`#default` for the default namespace): declarations in
    scope for them are written although nothing uses them (Exclusive C14N, 3).

    Comments are not part of this form, so they are not signed. Who reads a verified payload must not let a
    comment change its meaning (by splitting a leaf's text); the schema's room refuses comments and
    processing instructions inside leaves.
    """
    return etree.tostring(
        element,
        method="c14n",
        exclusive=True,
        with_comments=False,
        inclusive_ns_prefixes=list(prefixes) or None,
    )
