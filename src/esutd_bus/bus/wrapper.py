"""The bus's wrapper around a message: what it says, and what it carries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from lxml import etree

from esutd_bus.soap.bus_data import carried, data_of, elements_of
from esutd_bus.soap.envelope import SoapError

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from esutd_bus.bus.channel_contract import ChannelContract, ChannelOperation

_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_TYPE: Final = f"{{{_XSI}}}type"
_NIL: Final = f"{{{_XSI}}}nil"
_SPACE: Final = " \t\r\n"

_GUID: Final = re.compile(r"\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?")
_MAY_BE_EMPTY: Final = frozenset({"messageId", "correlationId", "routeId", "sessionId", "password"})
"""What serialisers of the field write empty, or nil, where they mean that it is absent."""


class BrokenWrapperError(Exception):
    """Not what the channel's contract asks for."""

    def __init__(self, code: str, reason: str, session_id: str | None = None) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        """`ESB001`: what `data` holds as text is no XML; `ESB002`: the wrapper; `ESB003`: nobody is asked so."""

        self.reason = reason
        """In English, for the sender alone."""

        self.session_id = session_id


@dataclass(frozen=True, slots=True)
class Wrapper:
    """What the wrapper of one message says."""

    operation: ChannelOperation
    said: Element = field(repr=False)
    """`request`, valid, without what `data` held and with the schema's own spelling of types."""

    session_id: str | None
    """As it came, without braces."""

    def text(self, path: str) -> str | None:
        """The text at a path below `request`; None: it is absent."""
        return self.said.findtext(path)

    @property
    def session_in_braces(self) -> str | None:
        """As the bus writes it; None where the message bore none."""
        return None if self.session_id is None else in_braces(self.session_id)


def in_braces(session_id: str | None) -> str:
    """A session's id as the bus writes it; a new one where there is none."""
    return f"{{{session_id or uuid4()}}}"


def read_wrapper(element: Element, contract: ChannelContract) -> Wrapper:
    """What the Body's element says. It is not changed: it may be signed. Raises `BrokenWrapperError`."""
    operation = contract.operations.get(element.tag)
    if operation is None:
        raise BrokenWrapperError("ESB003", f"{element.tag} is no operation of {contract.name}")
    copied = _without_data(element)
    _spell_types(copied, contract)
    session_id = _session(copied)
    try:
        contract.validator.assertValid(copied)
    except etree.DocumentInvalid as error:
        raise BrokenWrapperError("ESB002", str(error), session_id) from error
    return Wrapper(operation, copied[0], session_id)


def payload_of(element: Element, session_id: str | None) -> Element:
    """What `data` carries. Raises `BrokenWrapperError`."""
    try:
        return carried(element)
    except SoapError as error:
        raise BrokenWrapperError(error.code, error.detail, session_id) from error


def octets_of(element: Element) -> bytes:
    """What `data` carries, whatever it is: its first element as a document of its own, or its text.

    A copy declares only what it uses, so that its own signature still holds.
    """
    data = data_of(element)
    if data is None:
        return b""
    held = elements_of(data)
    return (
        etree.tostring(deepcopy(held[0]), with_tail=False)
        if held
        else (data.text or "").strip(_SPACE).encode()
    )


def properties_of(info: Element | None) -> Sequence[dict[str, str]]:
    """The properties by agreement, in their order."""
    found = [] if info is None else info.findall("properties")
    return [{"key": each.findtext("key", ""), "value": each.findtext("value", "")} for each in found]


def _without_data(element: Element) -> Element:
    """A copy that declares every prefix in scope, in which `data` is empty and called as the schema calls it."""
    data = data_of(element)
    parts = None if data is None else data.getparent()
    request = None if parts is None else parts.getparent()

    def copied(each: Element) -> Element:
        if each is data:
            return etree.Element("data")
        if each is not element and each is not request and each is not parts:
            return deepcopy(each)
        copy = _made(each, each.nsmap)
        copy.text, copy.tail = each.text, each.tail
        copy.extend(map(copied, elements_of(each)))
        return copy

    return copied(element)


def _spell_types(copied: Element, contract: ChannelContract) -> None:
    """Leaves out what is empty and means absent; writes each `xsi:type` as the schema spells its namespace."""
    for each in list(copied.iter("*")):
        name = each.attrib.get(_TYPE)
        if name is not None:
            prefix, _, local = str(name).strip(_SPACE).rpartition(":")
            namespace = each.nsmap.get(prefix or None) or ""
            known = contract.type_namespaces.get(namespace.lower())
            if known is not None and known != namespace:
                _retype(each, known, local)
        nil = str(each.get(_NIL, "")).strip(_SPACE) in {"true", "1"}
        parent = each.getparent()
        empty = not len(each) and (nil or not (each.text or "").strip(_SPACE))
        if each.tag in _MAY_BE_EMPTY and empty and parent is not None:
            parent.remove(each)


def _retype(element: Element, namespace: str, local: str) -> None:
    """Spells the namespace of the element's type by a prefix that is declared there, or by one that is now."""
    for prefix, declared in element.nsmap.items():
        if declared == namespace and prefix:
            element.set(_TYPE, f"{prefix}:{local}")
            return
    # lxml declares nothing on an element that is there already.
    typed = _made(element, {**element.nsmap, "typed": namespace})
    typed.set(_TYPE, f"typed:{local}")
    typed.text, typed.tail = element.text, element.tail
    typed.extend(list(element))
    parent = element.getparent()
    if parent is not None:
        parent.replace(element, typed)


def _session(copied: Element) -> str | None:
    """Without braces; None of one that is no guid: it would go back into the answer as it came."""
    found = next((each for each in copied.iter("sessionId")), None)
    guid = None if found is None else _GUID.fullmatch(found.text or "")
    return guid[1] if guid else None


def _made(like: Element, nsmap: Any) -> Element:
    """An element of the same name and attributes that declares these prefixes (None: the default one)."""
    return etree.Element(
        like.tag, {str(name): str(value) for name, value in like.attrib.items()}, nsmap=nsmap
    )
