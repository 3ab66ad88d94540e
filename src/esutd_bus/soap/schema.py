"""The XSD as a tree: what an operation's element may hold, read once with `xmlschema`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from esutd_bus.soap.contract_error import ContractError
from esutd_bus.soap.leaf import LeafType

XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"
"""The one namespace a wildcard may open an element to: the documents' signatures."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """An element of a message, at its place in it."""

    name: str
    """The local name: `termCode`."""

    tag: str
    """The name with its namespace, as lxml writes it: `{urn:esutd-bus:contracts:v1}termCode`."""

    path: str
    """From below the operation's element, without prefixes and indexes: `contract/term/termCode`."""

    kind: Literal["leaf", "group"]
    """A leaf holds text, a group elements. A group without elements is empty."""

    required: bool
    """Whether its parent never comes without it. False for each alternative of a choice."""

    min_occurs: int
    max_occurs: int | None
    """`None`: unbounded."""

    leaf: LeafType | None = None
    """A leaf's type."""

    model: Model | None = None
    """A group's content model."""

    @property
    def type(self) -> str | None:
        """A leaf's type by the name of its built-in one: `string`, `date`, `decimal`, …"""
        return self.leaf.name if self.leaf else None

    @property
    def repeated(self) -> bool:
        """Whether it may come more than once: its values are then a list."""
        return self.max_occurs is None or self.max_occurs > 1

    @property
    def children(self) -> tuple[Node, ...]:
        """The elements of a group, in the schema's order, whatever models they stand in."""
        return tuple(self.model.nodes()) if self.model else ()

    def leaves(self) -> Iterator[tuple[str, Node]]:
        """(path, leaf) of every leaf below this element, in the schema's order."""
        for node in self.walk():
            if node.kind == "leaf":
                yield node.path, node

    def walk(self) -> Iterator[Node]:
        """Every element below this one, parents before their children."""
        for child in self.children:
            yield child
            yield from child.walk()


@dataclass(frozen=True, slots=True, eq=False)
class Wildcard:
    """`xs:any` for elements of XMLDSig: skipped by plans, read by signature verification."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """How a group's elements stand together (XML Schema Part 1, 3.8)."""

    kind: Literal["sequence", "choice", "all"]
    required: bool
    """False: all of it may be left out."""

    members: tuple[Node | Model | Wildcard, ...]
    tags: frozenset[str]
    """The tags of the elements in it."""

    def nodes(self) -> Iterator[Node]:
        """The elements in it, without what is below them."""
        for member in self.members:
            if isinstance(member, Node):
                yield member
            elif isinstance(member, Model):
                yield from member.nodes()


def read_element(xsd_element: Any) -> Node:
    """The tree of an operation's element, from xmlschema's view of it.

    Raises `ContractError`, naming the place, for what plans cannot carry.
    """
    tag = xsd_element.name
    _plain(xsd_element, tag)
    if not _is_group(xsd_element.type):
        raise ContractError(f"{tag}: an operation's element holds elements, not text")
    model = _content(xsd_element.type, "", tag, ())
    return Node(xsd_element.local_name, tag, "", "group", True, 1, 1, model=model)


def _is_group(xsd_type: Any) -> bool:
    return bool(xsd_type.is_complex() and not xsd_type.has_simple_content())


def _content(xsd_type: Any, path: str, place: str, above: tuple[Any, ...]) -> Model:
    """The content model of a complex type; `place` is told in errors, `above` are the types around it."""
    if any(xsd_type is each for each in above):
        raise ContractError(f"{place}: the type holds itself; a message has a fixed depth")
    if xsd_type.abstract:
        raise ContractError(f"{place}: an abstract type needs xsi:type, which is not supported")
    if xsd_type.mixed:
        raise ContractError(f"{place}: mixed content (text between elements, xs:anyType) is not supported")
    _no_attributes(xsd_type, place)
    model = _model(xsd_type.content, path, place, (*above, xsd_type), certain=True)
    names = [node.name for node in model.nodes()]
    for name in names:
        if names.count(name) > 1:
            raise ContractError(f"{place}: {name} stands twice in one group; its place could not be told")
    return model


def _model(group: Any, path: str, place: str, above: tuple[Any, ...], *, certain: bool) -> Model:
    """A model group. `certain`: it is there whenever the element around it is."""
    if group.max_occurs != 1:
        raise ContractError(
            f"{place}: a model group that repeats is not supported; put it in an element that repeats"
        )
    particles = [each for each in group if each.max_occurs != 0]
    is_choice = group.model == "choice"
    required = bool(group.min_occurs) and not (is_choice and any(each.is_emptiable() for each in particles))
    inner = certain and required and (not is_choice or len(particles) == 1)
    members = tuple(_member(each, path, place, above, certain=inner) for each in particles)
    tags: set[str] = set()
    for member in members:
        if isinstance(member, Node):
            tags.add(member.tag)
        elif isinstance(member, Model):
            tags |= member.tags
    return Model(group.model, required, members, frozenset(tags))


def _member(
    particle: Any, path: str, place: str, above: tuple[Any, ...], *, certain: bool
) -> Node | Model | Wildcard:
    if hasattr(particle, "process_contents"):
        return _wildcard(particle, place)
    if hasattr(particle, "model"):
        return _model(particle, path, place, above, certain=certain)
    name = particle.local_name
    return _node(particle, f"{path}/{name}" if path else name, f"{place}/{name}", above, certain=certain)


def _node(particle: Any, path: str, place: str, above: tuple[Any, ...], *, certain: bool) -> Node:
    _plain(particle, place)
    group = _is_group(particle.type)
    return Node(
        name=particle.local_name,
        tag=particle.name,
        path=path,
        kind="group" if group else "leaf",
        required=certain and particle.min_occurs > 0,
        min_occurs=particle.min_occurs,
        max_occurs=particle.max_occurs,
        leaf=None if group else _leaf(particle.type, place),
        model=_content(particle.type, path, place, above) if group else None,
    )


def _leaf(xsd_type: Any, place: str) -> LeafType:
    if xsd_type.is_complex():
        _no_attributes(xsd_type, place)
        xsd_type = xsd_type.content
    try:
        return LeafType(xsd_type)
    except ContractError as error:
        raise ContractError(f"{place}: {error}") from error


def _plain(xsd_element: Any, place: str) -> None:
    """Refuses what would make an element mean more than its name and content say."""
    if xsd_element.nillable:
        raise ContractError(f"{place}: nillable is not supported: let the element be left out instead")
    if xsd_element.default is not None or xsd_element.fixed is not None:
        raise ContractError(f"{place}: default and fixed are not supported: a message says all it means")
    if xsd_element.abstract:
        raise ContractError(f"{place}: an abstract element needs substitution, which is not supported")


def _no_attributes(xsd_type: Any, place: str) -> None:
    for name in xsd_type.attributes:
        raise ContractError(f"{place}: attribute {name or '(any)'} is not supported: use an element")


def _wildcard(particle: Any, place: str) -> Wildcard:
    if set(particle.namespace) != {XMLDSIG}:
        told = " ".join(particle.namespace)
        raise ContractError(f"{place}: xs:any is supported for {XMLDSIG} only, not for {told}")
    if particle.min_occurs:
        raise ContractError(f"{place}: xs:any for signatures must have minOccurs=0")
    return Wildcard()
