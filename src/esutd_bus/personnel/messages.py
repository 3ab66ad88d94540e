"""Messages of the register, written by its own schema from the texts of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from lxml import etree
from lxml.etree import _Element as Element

from esutd_bus.soap.contract import Operation
from esutd_bus.soap.envelope import answer_envelope
from esutd_bus.soap.lexical import only_xml_text
from esutd_bus.soap.schema import Node

CONTRACT: Final = "contract"

Texts = Mapping[str, str]
"""Path below the operation's element (`contract/term/termCode`) → text; what is not said has no key."""


def written(operation: Operation, texts: Texts, contracts: Sequence[Texts] = ()) -> Element:
    """The operation's element; `contracts` are its repeated ones. Texts stand as they are, right or wrong."""
    root = etree.Element(operation.request.tag, nsmap=_prefixes(operation.request))  # type: ignore[arg-type]  # stubs
    for node in operation.request.children:
        for one in contracts if node.path == CONTRACT and contracts else [texts]:
            _add(root, node, one)
    return root


def enveloped(payload: Element) -> bytes:
    """The envelope around an operation's element."""
    return answer_envelope(etree.tostring(payload))


def _prefixes(request: Node) -> dict[str | None, str]:
    """The operation's own namespace without a prefix, those of others with one, declared once."""
    own, *others = dict.fromkeys(node.tag[1:].partition("}")[0] for node in (request, *request.walk()))
    return {None: own, **{f"n{number}": other for number, other in enumerate(others, start=1)}}


def _add(parent: Element, node: Node, texts: Texts) -> None:
    if node.leaf is not None:
        if node.path in texts:
            element = etree.SubElement(parent, node.tag)
            element.text = only_xml_text(texts[node.path])
        return
    # A group that must be there is written without its parts too: what is missing of it is then told part by part.
    if node.required or any(path.startswith(f"{node.path}/") for path in texts):
        element = etree.SubElement(parent, node.tag)
        for child in node.children:
            _add(element, child, texts)
