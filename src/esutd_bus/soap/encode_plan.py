"""From values to an element: the schema compiled once into functions that write text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from esutd_bus.soap.lexical import escape
from esutd_bus.soap.schema import Model, Node, Wildcard

_Writer = Callable[[Mapping[str, Any]], str]


class EncodeError(ValueError):
    """Values that do not make an element of the contract."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.path = path
        """The leaf or group at fault, counted where repeated: `history/entry[2]/version`."""
        self.detail = detail


class AnswerPlan:
    """Encodes values as one element. The same values give the same bytes. May be shared by threads."""

    def __init__(self, node: Node) -> None:
        self._write = _element_writer(node)

    def encode(self, values: Mapping[str, Any]) -> bytes:
        """The element in UTF-8, with its namespace declarations and without an XML declaration.

        `values` have the shape of `Decoded.values`; `None` counts as absent, and a path that the contract
        does not have is an error. Optional groups appear when something in them is given. Facets (lengths,
        patterns) are the caller's. Raises `EncodeError` for an absent required leaf, a value of another
        type, a character that XML cannot carry.
        """
        return self._write(values).encode("utf-8")


def _element_writer(node: Node) -> _Writer:
    prefixes = _Prefixes()
    name = prefixes.name(node.tag)
    content = _content_writer(node, prefixes, 0)
    declarations = "".join(f' xmlns:{prefix}="{escape(uri)}"' for uri, prefix in prefixes.declared.items())
    opening, closing = f"<{name}{declarations}>", f"</{name}>"

    def write(values: Mapping[str, Any]) -> str:
        return f"{opening}{content(values)}{closing}"

    return write


class _Prefixes:
    """Prefixes by order of appearance: `ns1` is the element's own namespace."""

    def __init__(self) -> None:
        self.declared: dict[str, str] = {}

    def name(self, tag: str) -> str:
        uri, _, local = tag.rpartition("}")
        if not uri:
            return local
        return f"{self.declared.setdefault(uri[1:], f'ns{len(self.declared) + 1}')}:{local}"


def _content_writer(node: Node, prefixes: _Prefixes, below: int) -> _Writer:
    """Writes what stands between an element's tags; keys are paths without their first `below` characters."""
    if node.model is None:
        return lambda _: ""
    known = frozenset(_keys(node.model, below))
    write_model = _model_writer(node.model, prefixes, below)
    if node.path and not node.repeated:
        return write_model

    def write(values: Mapping[str, Any]) -> str:
        if not known.issuperset(values):
            raise EncodeError(min(set(values) - known), "the contract has no such path")
        return write_model(values)

    return write


def _model_writer(model: Model, prefixes: _Prefixes, below: int) -> _Writer:
    writers = [
        _member_writer(each, prefixes, below) for each in model.members if not isinstance(each, Wildcard)
    ]
    if model.kind == "choice":
        return _choice_writer(model, writers, below)

    def write(values: Mapping[str, Any]) -> str:
        return "".join([each(values) for each in writers])

    return write if model.required else _when_given(write, model, below)


def _choice_writer(model: Model, writers: list[_Writer], below: int) -> _Writer:
    alternatives = [
        (tuple(_keys(member, below)), writer)
        for member, writer in zip(
            [each for each in model.members if not isinstance(each, Wildcard)], writers, strict=True
        )
    ]
    names = [node.path[below:] for node in model.nodes()]

    def write(values: Mapping[str, Any]) -> str:
        given = [writer for keys, writer in alternatives if _any_given(values, keys)]
        if len(given) == 1:
            return given[0](values)
        if given or model.required:
            raise EncodeError(names[0], f"exactly one of {', '.join(names)} must be given, {len(given)} are")
        return ""

    return write


def _member_writer(member: Node | Model, prefixes: _Prefixes, below: int) -> _Writer:
    if isinstance(member, Model):
        return _model_writer(member, prefixes, below)
    name = prefixes.name(member.tag)
    opening, closing, key = f"<{name}>", f"</{name}>", member.path[below:]
    if member.leaf is not None:
        value = member.leaf.writer
        if member.repeated:
            return _list_writer(member, key, _text_writer(opening, closing, value))
        return _leaf_writer(member, key, opening, closing, value)
    content = _content_writer(member, prefixes, len(member.path) + 1 if member.repeated else below)

    def write(values: Mapping[str, Any]) -> str:
        return f"{opening}{content(values)}{closing}"

    if member.repeated:
        return _list_writer(member, key, write)
    return write if member.min_occurs else _when_given(write, member, below)


def _leaf_writer(node: Node, key: str, opening: str, closing: str, text: Callable[[Any], str]) -> _Writer:
    required = node.min_occurs > 0

    def write(values: Mapping[str, Any]) -> str:
        value = values.get(key)
        if value is None:
            if required:
                raise EncodeError(key, "required, but absent")
            return ""
        try:
            return f"{opening}{text(value)}{closing}"
        except (TypeError, ValueError) as error:
            raise EncodeError(key, str(error)) from error

    return write


def _text_writer(opening: str, closing: str, text: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: f"{opening}{text(value)}{closing}"


def _list_writer(node: Node, key: str, write_one: Callable[[Any], str]) -> _Writer:
    least = node.min_occurs

    def write(values: Mapping[str, Any]) -> str:
        items = values.get(key)
        if items is None:
            items = ()
        if not isinstance(items, (list, tuple)):
            raise EncodeError(key, f"list expected, {type(items).__name__} given")
        if len(items) < least:
            raise EncodeError(key, f"at least {least} required, {len(items)} given")
        if node.max_occurs is not None and len(items) > node.max_occurs:
            raise EncodeError(key, f"at most {node.max_occurs} allowed, {len(items)} given")
        parts = []
        for number, item in enumerate(items, 1):
            try:
                parts.append(write_one(item))
            except EncodeError as error:
                raise EncodeError(f"{key}[{number}]/{error.path}", error.detail) from error
            except (TypeError, ValueError) as error:
                raise EncodeError(f"{key}[{number}]", str(error)) from error
        return "".join(parts)

    return write


def _when_given(write: _Writer, member: Node | Model, below: int) -> _Writer:
    """Leaves out what is optional when nothing in it is given."""
    keys = tuple(_keys(member, below))
    return lambda values: write(values) if _any_given(values, keys) else ""


def _any_given(values: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    return any(values.get(key) not in (None, [], ()) for key in keys)


def _keys(member: Node | Model, below: int) -> list[str]:
    """The keys under which values of a member, and of all in it, are given."""
    if isinstance(member, Node) and (member.leaf is not None or member.repeated):
        return [member.path[below:]]
    nodes = member.children if isinstance(member, Node) else member.nodes()
    return [key for node in nodes for key in _keys(node, below)]
