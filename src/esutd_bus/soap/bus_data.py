"""What stands inside of the bus's wrapper: found by its place, whatever its prefix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esutd_bus.soap.envelope import SoapError, children, open_document

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_BUS: Final = "{http://bip.bee.kz/"
_SPACE: Final = " \t\r\n"


def is_wrapper(element: Element) -> bool:
    """Whether a Body's element is of the bus."""
    return element.tag.startswith(_BUS)


def data_of(wrapper: Element) -> Element | None:
    """The element `data`, whatever its namespace: the last child of the last child of `request`."""
    for request in elements_of(wrapper):
        parts = elements_of(request)
        held = elements_of(parts[-1]) if parts else []
        if held and held[-1].tag.rpartition("}")[2] == "data":
            return held[-1]
    return None


def carried(wrapper: Element) -> Element:
    """The one element in `data`, or the root of the document that is written there as text. Raises `SoapError`."""
    data = data_of(wrapper)
    if data is None:
        raise SoapError("ESB002", "there is no data")
    held = elements_of(data)
    text = "".join([data.text or "", *[child.tail or "" for child in children(data)]]).strip(_SPACE)
    if len(held) == 1 and not text:
        return held[0]
    if held or not text:
        said = f"{len(held)} elements{' and text' if text else ''}"
        raise SoapError("ESB002", f"data holds {said}, not one element or one text")
    return open_document(text)


def elements_of(element: Element) -> list[Element]:
    """The child elements; comments and instructions are none."""
    return [child for child in children(element) if isinstance(child.tag, str)]
