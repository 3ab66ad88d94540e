"""What came back over HTTP, as a tester sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lxml import etree

from esutd_bus.testbed.xml import COMMON, SOAP, body_element, local_name, parse, value_at

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAULT = f"{{{SOAP}}}Fault"
_ERRORS = f"detail/{{{COMMON}}}RegisterFault/{{{COMMON}}}error"
_TEXTS = ("messageRu", "messageKk", "messageEn")


@dataclass(frozen=True, slots=True)
class AnsweredError:
    """One `error` of a RegisterFault."""

    code: str
    field: str | None = None
    reason: str | None = None
    upstream_code: str | None = None
    upstream_message: str | None = None
    missing_texts: tuple[str, ...] = ()
    """Those of messageRu, messageKk, messageEn that say nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes = field(repr=False)
    payload: etree._Element | None = None
    """The body's element, where the answer is no fault."""
    faultcode: str | None = None
    """`Client` or `Server`, where it is one."""
    errors: tuple[AnsweredError, ...] = ()
    warnings: tuple[str, ...] = ()
    unreadable: str | None = None
    """Why the answer is no SOAP envelope, if it is none."""

    @property
    def codes(self) -> str:
        """The codes a person wants to see: of the errors, of the receipt and its warnings."""
        if self.errors:
            return " ".join(error.code for error in self.errors)
        if self.payload is None:
            return ""
        return " ".join((_optional(self.payload, "receipt/code") or "", *self.warnings)).strip()


def read_answer(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """An answer from what HTTP gave; whatever it is, it can be read."""
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        element = body_element(parse(body))
    except (etree.XMLSyntaxError, ValueError) as error:
        return Answer(status, lower, body, unreadable=f"not XML: {error}")
    if element is None:
        return Answer(status, lower, body, unreadable="not a SOAP 1.1 envelope with an element in its Body")
    if element.tag == _FAULT:
        faultcode = (element.findtext("faultcode") or "").rpartition(":")[2]
        errors = tuple(_error(found) for found in element.findall(_ERRORS)) or _error_info(element)
        return Answer(status, lower, body, faultcode=faultcode, errors=errors)
    warnings = tuple(
        _optional(warning, "code") or ""
        for receipt in element.iterchildren("{*}receipt")
        for warning in receipt.iterchildren("{*}warning")
    )
    return Answer(status, lower, body, payload=element, warnings=warnings)


def _error(element: etree._Element) -> AnsweredError:
    return AnsweredError(
        code=_optional(element, "code") or "",
        field=_optional(element, "field"),
        reason=_optional(element, "reason"),
        upstream_code=_optional(element, "upstreamCode"),
        upstream_message=_optional(element, "upstreamMessage"),
        missing_texts=tuple(name for name in _TEXTS if not (_optional(element, name) or "").strip()),
    )


def _error_info(fault: etree._Element) -> tuple[AnsweredError, ...]:
    """What the bus's `ErrorInfo` tells, under whatever element's name; it has one text, and no field."""
    found = fault.find("detail/*[errorCode]")
    if found is None:
        return ()
    return (AnsweredError(found.findtext("errorCode", ""), reason=found.findtext("errorData")),)


def _optional(element: etree._Element, path: str) -> str | None:
    try:
        return value_at(element, path)
    except LookupError:
        return None


def outline(element: etree._Element, volatile: frozenset[str] = frozenset()) -> list[str]:
    """An element as lines `path = text`, one for each element and attribute, in document order.

    Prefixes, indentation and comments do not count; a namespace is named where it changes. The text at a
    volatile path (below the element, without prefixes and indices) becomes `…`, unless it is empty.
    """
    return _lines(element, local_name(element), "", "", volatile)


def _lines(
    element: etree._Element, shown: str, path: str, namespace_above: str, volatile: frozenset[str]
) -> list[str]:
    namespace = etree.QName(element).namespace or ""
    line = shown if namespace == namespace_above else f"{shown} {{{namespace}}}"
    children = list(element.iterchildren("{*}*"))
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    if path in volatile and text.strip():
        line += " = …"
    elif text.strip() or not children:
        line += f" = {text.strip() if children else text}"
    lines = [line, *sorted(f"{shown}/@{name!s} = {value!s}" for name, value in element.attrib.items())]
    for child in children:
        name = local_name(child)
        below = f"{path}/{name}" if path else name
        lines += _lines(child, f"{shown}/{name}", below, namespace, volatile)
    return lines
