"""Exclusive canonical form: the octets that are digested and signed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from esutd_bus.signature.reason import Reason, Refusal

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_PREFIX: Final = re.compile(r"#default|[^\W\d][\w.\-]*")


def exclusive(element: Element, prefixes: tuple[str, ...] = ()) -> bytes:
    """The element in Exclusive XML Canonicalization 1.0 without comments, in its place in the document.

    `prefixes` is InclusiveNamespaces' PrefixList (`#default` for the default namespace): declarations in
    scope for them are written although nothing uses them (Exclusive C14N, 3).

    Comments are not part of this form, so they are not signed. Who reads a verified payload must not let a
    comment change its meaning (by splitting a leaf's text); the schema's room refuses comments and
    processing instructions inside leaves.

    Refuses an element that has no canonical form.
    """
    known = [prefix for prefix in prefixes if _PREFIX.fullmatch(prefix)]
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
        # A relative namespace name, for one (Canonical XML 1.0, 2.1).
        raise Refusal(Reason.CANONICALIZATION, "the element has no canonical form") from None


def _intern(prefixes: list[str]) -> None:
    """Make lxml see these prefixes.

    It passes on to libxml2 only prefixes that the thread's own dictionary of names holds, and drops the
    others in silence: `#default` always, and every prefix of a document that another thread has parsed. A
    parsed namespace name enters the dictionary.
    """
    declarations = " ".join(f'xmlns:p{number}="{prefix}"' for number, prefix in enumerate(prefixes))
    etree.fromstring(f"<x {declarations}/>")
