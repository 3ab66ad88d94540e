"""From a payload to values: the schema's verdict first, then a decode that need not doubt."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from lxml import etree

from esutd_bus.soap.envelope import children
from esutd_bus.soap.examination import examine
from esutd_bus.soap.problem import Decoded, Problem
from esutd_bus.soap.schema import XMLDSIG, Node
from esutd_bus.soap.validator import Validator

_Reader: TypeAlias = "Callable[[etree._Element, dict[str, Any]], None]"  # noqa: SLF001  # lxml's only name

# What libxml2 accepts, or acts upon, and a contract does not allow: xsi:type, xsi:schemaLocation and
# xsi:nil="false" anywhere, comments and processing instructions inside a leaf. The first query is the
# cheap one and also fires on a signature's own attributes, the second one looks closer.
_MARKED = etree.XPath(
    "boolean(descendant-or-self::*/@*) or boolean(descendant::comment())"
    " or boolean(descendant::processing-instruction())"
)
_MARKED_OUTSIDE_SIGNATURES = etree.XPath(
    "boolean(descendant-or-self::*[@*][not(ancestor-or-self::ds:*)]"
    " | descendant::comment()[not(ancestor::ds:*)]"
    " | descendant::processing-instruction()[not(ancestor::ds:*)])",
    namespaces={"ds": XMLDSIG},
)
_SIGNATURE = f"{{{XMLDSIG}}}"
_STEP = re.compile(r"/(\*|[^/\[]+)(?:\[([0-9]+)\])?")


class RequestPlan:
    """Decodes payloads of one element. May be shared by threads."""

    def __init__(self, node: Node, validator: Validator) -> None:
        self._node = node
        self._validator = validator
        self._read = _group_reader(node, 0)

    def decode(self, payload: etree._Element) -> Decoded:
        """The payload's values and everything wrong with its form. Never raises on what a payload holds.

        `payload` is an element with the name the plan is for.
        """
        if payload.tag != self._node.tag:
            raise ValueError(f"a plan for {self._node.tag} cannot decode {payload.tag}")
        if not self._marked(payload) and self._validator.accepts(payload):
            values: dict[str, Any] = {}
            try:
                self._read(payload, values)
            except ValueError:  # XSD has values that Python has not (the year 12024), libxml2 has gaps
                return self._examined(payload)
            return Decoded(values)
        return self._examined(payload)

    @staticmethod
    def _marked(payload: etree._Element) -> bool:
        return bool(_MARKED(payload)) and bool(_MARKED_OUTSIDE_SIGNATURES(payload))

    def _examined(self, payload: etree._Element) -> Decoded:
        decoded = examine(self._node, payload)
        if decoded.problems:
            return decoded
        # Comments between elements come here and are well. What else the walk lets pass is for the
        # schema to judge: identity constraints, or a difference between the two.
        complaint = self._validator.complaint(payload)
        if complaint is None:
            return decoded
        message, xpath = complaint
        return Decoded(decoded.values, (Problem(_place(payload, xpath), "malformed", message),))


def _group_reader(node: Node, below: int) -> _Reader:
    """Reads an element's children into values; keys are paths without their first `below` characters."""
    single_leaves = {
        child.tag: (child.path[below:], child.leaf.reader)
        for child in node.children
        if child.leaf is not None and not child.repeated
    }
    others = {child.tag: _reader(child, below) for child in node.children if child.tag not in single_leaves}
    find_leaf, find_other = single_leaves.get, others.get

    def read(element: etree._Element, values: dict[str, Any]) -> None:
        for child in children(element):
            tag: str = child.tag
            if (leaf := find_leaf(tag)) is not None:
                key, convert = leaf
                text = child.text or ""
                values[key] = convert(text) if convert else text
            elif (reader := find_other(tag)) is not None:
                reader(child, values)
            elif not tag.startswith(_SIGNATURE):
                raise ValueError(f"the schema lets {tag} pass")

    return read


def _reader(node: Node, below: int) -> _Reader:
    """Reads a group, or one of many."""
    key = node.path[below:]
    if node.leaf is not None:
        return _leaves_reader(key, node.leaf.reader or str)
    if not node.repeated:
        return _group_reader(node, below)
    read_row = _group_reader(node, len(node.path) + 1)

    def read_rows(element: etree._Element, values: dict[str, Any]) -> None:
        row: dict[str, Any] = {}
        read_row(element, row)
        values.setdefault(key, []).append(row)

    return read_rows


def _leaves_reader(key: str, convert: Callable[[str], Any]) -> _Reader:
    def read_values(element: etree._Element, values: dict[str, Any]) -> None:
        values.setdefault(key, []).append(convert(element.text or ""))

    return read_values


def _place(payload: etree._Element, xpath: str) -> str:
    """The path of the element that libxml2 names: `/*/*[3]/ns:entry[2]` → `history/entry[2]`."""
    names: list[str] = []
    element = payload
    for name, number in _STEP.findall(xpath)[1:]:
        local = name.rpartition(":")[2]
        children = [
            each
            for each in element.iterchildren(etree.Element)
            if name == "*" or str(each.tag).rpartition("}")[2] == local
        ]
        position = int(number or 1)
        if len(children) < position:
            break
        element = children[position - 1]
        tag = str(element.tag)
        before, after = (list(element.itersiblings(tag, preceding=way)) for way in (True, False))
        local = tag.rpartition("}")[2]
        names.append(f"{local}[{len(before) + 1}]" if before or after else local)
    return "/".join(names)
