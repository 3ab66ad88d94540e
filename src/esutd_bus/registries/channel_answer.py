"""What a channel of the bus has answered: the element asked for, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esutd_bus.registries.lenient import UnreadableXmlError, descend, local_name, parse, text_at
from esutd_bus.registries.upstream import UpstreamRefused, UpstreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element as Element

    from esutd_bus.registries.transport import HttpAnswer

_HTTP_OK: Final = 200


def answered(answer: HttpAnswer, path: str, channel: str) -> Element:
    """The element at a path of local names below the Body. `channel`: what it is called, `synchronous`.

    Raises:
        UpstreamRefused: a SOAP fault.
        UpstreamUnavailable: what came is no answer of the channel.
    """
    http = f"HTTP {answer.status}"
    try:
        root = parse(answer.body)
    except UnreadableXmlError as error:
        raise UpstreamUnavailable(f"{http}: {error}") from error
    body = descend(root, "Body") if local_name(root) == "Envelope" else None
    fault = descend(body, "Fault")
    if fault is not None:
        raise _refusal(fault)
    found = descend(body, path)
    if answer.status != _HTTP_OK or found is None:
        raise UpstreamUnavailable(f"{http}: no answer of the {channel} channel")
    return found


def _refusal(fault: Element) -> UpstreamRefused:
    """A SOAP fault, in the words of the ErrorInfo in its detail where there are any."""
    code = (text_at(fault, "faultcode") or "Server").rpartition(":")[2]
    messages: list[str] = []
    error = next(_errors(fault), None)
    while error is not None:
        code = text_at(error, "errorCode") or code
        messages.append(text_at(error, "errorMessage") or "")
        error = descend(error, "subError")
    return UpstreamRefused(code, ": ".join(filter(None, messages)) or text_at(fault, "faultstring") or "")


def _errors(fault: Element) -> Iterator[Element]:
    """ErrorInfo in the fault's detail, whatever its element is called."""
    detail = descend(fault, "detail")
    if detail is not None:
        yield from (info for info in detail if descend(info, "errorCode") is not None)
