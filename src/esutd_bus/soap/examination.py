"""The slow look at a payload that the schema refused: everything wrong with it, and what is right."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from esutd_bus.soap.problem import Decoded, Kind, Problem
from esutd_bus.soap.schema import XMLDSIG, Model, Node, Wildcard

PROBLEM_LIMIT = 100
"""How many problems of one payload are told, and of each repeated element right below it: an answer must not grow far
beyond its request, and what is wrong with one of many entries hides nothing of another.
"""

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_XML_SPACE = " \t\r\n"
_ABSENT = object()


def examine(node: Node, payload: etree._Element) -> Decoded:
    """Decodes what can be decoded and collects the problems, in the schema's order.

    `node` is the tree of the operation's element, `payload` an element of that name.
    """
    walk = _Walk()
    values: dict[str, Any] = {}
    walk.group(node, payload, "", 0, values)
    return Decoded(values, walk.told())


class _Walk:
    """One walk through one payload. `place` is a path with indexes."""

    def __init__(self) -> None:
        self._problems: dict[tuple[str, Kind], Problem] = {}
        self._counts: Counter[str] = Counter()

    def told(self) -> tuple[Problem, ...]:
        return tuple(self._problems.values())

    def problem(self, place: str, kind: Kind, detail: str) -> None:
        first = place.partition("/")[0]
        entry = first if first.endswith("]") else ""
        if self._counts[entry] < PROBLEM_LIMIT and (place, kind) not in self._problems:
            self._counts[entry] += 1
            self._problems[place, kind] = Problem(place, kind, detail)

    def group(
        self, node: Node, element: etree._Element, place: str, below: int, values: dict[str, Any]
    ) -> None:
        """Reads a group into `values`, whose keys are paths without their first `below` characters."""
        if self._nil(node, element, place):
            return
        self._attributes(element, place)
        self._text(element, place)
        if node.model is not None:
            children = list(element.iterchildren(etree.Element))
            present = self._placed(node.model, children, place)
            reader = _GroupReader(self, present, place, below, values)
            reader.model(node.model, certain=True)

    def leaf(self, node: Node, element: etree._Element, place: str) -> Any:
        """A leaf's value, or `_ABSENT` after a problem."""
        if node.leaf is None or self._nil(node, element, place):
            return _ABSENT
        self._attributes(element, place)
        for child in element.iterchildren():
            if isinstance(child.tag, str):
                self.problem(_join(place, _local(child.tag)), "unexpected", "text expected, not an element")
            else:
                self.problem(place, "malformed", "text without comments and processing instructions expected")
            return _ABSENT
        text = element.text or ""
        try:
            return node.leaf.value(text)
        except ValueError:
            if text.strip(_XML_SPACE):
                self.problem(place, "malformed", f"expected {node.leaf.expects}")
            else:
                self._empty(node, place, f"empty; expected {node.leaf.expects}")
            return _ABSENT

    def _empty(self, node: Node, place: str, detail: str) -> None:
        """Optional means omitted: an empty element is no way to leave it out."""
        self.problem(place, "missing" if node.min_occurs else "malformed", detail)

    def _nil(self, node: Node, element: etree._Element, place: str) -> bool:
        if element.get(_NIL, "").strip(_XML_SPACE) not in {"true", "1"}:
            return False
        self._empty(node, place, "xsi:nil is not allowed: leave out what is absent")
        return True

    def _attributes(self, element: etree._Element, place: str) -> None:
        for name in element.keys():  # noqa: SIM118  # an element is no dict: iterating it gives its children
            self.problem(_join(place, f"@{_local(str(name))}"), "unexpected", "attributes are not allowed")

    def _text(self, element: etree._Element, place: str) -> None:
        texts = [element.text, *(child.tail for child in element.iterchildren())]
        if any(text and text.strip(_XML_SPACE) for text in texts):
            self.problem(place, "unexpected", "elements expected, not text between them")

    def _placed(
        self, model: Model, children: list[etree._Element], place: str
    ) -> dict[str, list[etree._Element]]:
        """The children that belong here, by tag; reports strangers and those out of order."""
        ranks = dict(_ranked(model))
        known: list[tuple[etree._Element, str]] = []
        for child in children:
            tag = str(child.tag)
            key = tag if tag in ranks else f"{{{XMLDSIG}}}" if tag.startswith(f"{{{XMLDSIG}}}") else ""
            if key in ranks:
                known.append((child, key))
            else:
                self._stranger(model, tag, place)
        position = {key: number for number, (_, key) in reversed([*enumerate(known)])}
        excluded = set(_excluded(model, position))
        for tag in sorted(excluded, key=position.__getitem__):
            self.problem(_join(place, _local(tag)), "unexpected", "only one of the alternatives is allowed")
        known = [(child, key) for child, key in known if key not in excluded]
        misplaced = _out_of_order([ranks[key] for _, key in known])
        present: dict[str, list[etree._Element]] = {}
        for number, (child, key) in enumerate(known):
            present.setdefault(key, []).append(child)
            if number in misplaced:
                detail = "out of order: the schema has the elements of a group in one order"
                self.problem(_join(place, _local(str(child.tag))), "unexpected", detail)
        return present

    def _stranger(self, model: Model, tag: str, place: str) -> None:
        name = _local(tag)
        homes = [node.tag for node in model.nodes() if node.name == name]
        detail = (
            f"expected in namespace {homes[0][1:].partition('}')[0]}" if homes else "no such element here"
        )
        self.problem(_join(place, name), "unexpected", detail)


class _GroupReader:
    """Reads the children of one element by its content model, in the model's order."""

    def __init__(
        self,
        walk: _Walk,
        present: dict[str, list[etree._Element]],
        place: str,
        below: int,
        values: dict[str, Any],
    ) -> None:
        self._walk = walk
        self._present = present
        self._place = place
        self._below = below
        self._values = values

    def model(self, model: Model, *, certain: bool) -> None:
        """`certain`: the group has to be there, if it is required at all."""
        certain = (certain and model.required) or not model.tags.isdisjoint(self._present)
        if model.kind == "choice":
            self._choice(model, certain=certain)
            return
        for member in model.members:
            self._member(member, certain=certain)

    def _member(self, member: Node | Model | Wildcard, *, certain: bool) -> None:
        if isinstance(member, Model):
            self.model(member, certain=certain)
        elif isinstance(member, Node):
            self._node(member, certain=certain)

    def _choice(self, model: Model, *, certain: bool) -> None:
        taken = [member for member in model.members if not _tags(member).isdisjoint(self._present)]
        if not taken and certain and model.required:
            first = next(model.nodes())
            names = ", ".join(node.name for node in model.nodes())
            self._walk.problem(_join(self._place, first.name), "missing", f"one of {names} expected")
        for member in taken:
            self._member(member, certain=True)

    def _node(self, node: Node, *, certain: bool) -> None:
        elements = self._present.get(node.tag, [])
        place = _join(self._place, node.name)
        most = len(elements) if node.max_occurs is None else node.max_occurs
        if node.repeated:
            self._repeated(node, elements[:most], place)
        elif elements:
            self._single(node, elements[0], place)
        if len(elements) > most:
            where = f"{place}[{most + 1}]" if node.repeated else place
            self._walk.problem(where, "unexpected", f"at most {most} allowed")
        if certain and len(elements) < node.min_occurs:
            where = f"{place}[{len(elements) + 1}]" if elements else place
            expected = node.leaf.expects if node.leaf else "required"
            self._walk.problem(where, "missing", f"expected {expected}" if node.leaf else expected)

    def _single(self, node: Node, element: etree._Element, place: str) -> None:
        if node.kind == "group":
            self._walk.group(node, element, place, self._below, self._values)
            return
        value = self._walk.leaf(node, element, place)
        if value is not _ABSENT:
            self._values[node.path[self._below :]] = value

    def _repeated(self, node: Node, elements: Iterable[etree._Element], place: str) -> None:
        read: list[Any] = []
        for number, element in enumerate(elements, 1):
            where = f"{place}[{number}]"
            if node.kind == "leaf":
                value = self._walk.leaf(node, element, where)
                if value is not _ABSENT:
                    read.append(value)
            else:
                row: dict[str, Any] = {}
                self._walk.group(node, element, where, len(node.path) + 1, row)
                read.append(row)
        if read:
            self._values[node.path[self._below :]] = read


def _tags(member: Node | Model | Wildcard) -> frozenset[str]:
    if isinstance(member, Node):
        return frozenset({member.tag})
    return member.tags if isinstance(member, Model) else frozenset()


def _excluded(model: Model, position: dict[str, int]) -> Iterator[str]:
    """The tags of alternatives that come, by the first position of each tag, after another was chosen."""
    members = model.members
    if model.kind == "choice":
        taken = [
            (min(position[tag] for tag in tags), member, tags)
            for member in members
            if (tags := _tags(member) & position.keys())
        ]
        taken.sort(key=lambda each: each[0])
        for _, _, tags in taken[1:]:
            yield from tags
        members = tuple(member for _, member, _ in taken[:1])
    for member in members:
        if isinstance(member, Model):
            yield from _excluded(member, position)


def _ranked(model: Model) -> Iterator[tuple[str, int]]:
    """(tag, rank) of each element: in a valid group ranks never fall. Signatures go by their namespace."""
    yield from _rank(model, 0)[0]


def _rank(member: Node | Model | Wildcard, start: int) -> tuple[list[tuple[str, int]], int]:
    if isinstance(member, Node):
        return [(member.tag, start)], start + 1
    if isinstance(member, Wildcard):
        return [(f"{{{XMLDSIG}}}", start)], start + 1
    ranked: list[tuple[str, int]] = []
    end = start
    for each in member.members:
        inner, after = _rank(each, end if member.kind == "sequence" else start)
        ranked += inner
        end = after if member.kind == "sequence" else max(end, after)
    if member.kind == "all":
        ranked = [(tag, start) for tag, _ in ranked]
    return ranked, end


def _out_of_order(ranks: list[int]) -> set[int]:
    """The fewest positions whose removal leaves ranks that never fall: one moved element is one problem."""
    ends: list[int] = []  # position at which the best run of each length ends
    tails: list[int] = []  # the rank at that position
    before: list[int | None] = []
    for position, rank in enumerate(ranks):
        length = bisect_right(tails, rank)
        before.append(ends[length - 1] if length else None)
        ends[length : length + 1] = [position]
        tails[length : length + 1] = [rank]
    kept: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return set(range(len(ranks))) - kept


def _join(place: str, name: str) -> str:
    return f"{place}/{name}" if place else name


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
