"""What a scripted fault, or a person's behaviour, makes of an answer before it goes out."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from lxml import etree

from esutd_bus.testbed.population import Behaviour
from esutd_bus.testbed.wire import HttpReply

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from esutd_bus.testbed.fault_script import Fault

_HTML = b"<!DOCTYPE html>\n<html><head><title>Error</title></head><body>Internal error<br></body></html>\n"
_HTML_TYPE = "text/html; charset=utf-8"
_SIGNATURE_VALUE = re.compile(rb"(SignatureValue(?:>|&gt;)\s*)([A-Za-z0-9+/])")
"""Its first letter, be the signed document XML or text within XML."""
_CODES = (".//responseInfo/status/code", ".//response/messageState")
"""Where the answers of the two channels have them."""


def is_taken(fault: Fault) -> bool:
    """Whether the bus takes a call that meets this fault, whatever becomes of its answer."""
    deed = fault.deed
    return fault.word != "hang" and (deed is None or (deed.error is None and deed.html is None))


def with_wrong_signature(body: bytes) -> bytes:
    """The same with signatures that do not hold."""
    return _SIGNATURE_VALUE.sub(lambda found: found[1] + (b"B" if found[2] == b"A" else b"A"), body)


def untaken_reply(fault: Fault, refusal: bytes) -> HttpReply:
    """What comes in place of an answer where nothing is taken; `refusal`: an envelope with the bus's own ErrorInfo."""
    deed = fault.deed
    if deed is None:
        return HttpReply(HTTPStatus.OK, hang=True)
    if deed.html is not None:
        return HttpReply(deed.html, _HTML, _HTML_TYPE)
    return HttpReply(deed.error or HTTPStatus.INTERNAL_SERVER_ERROR, refusal)


def faulty_reply(envelope: Element, fault: Fault | None, behaviour: Behaviour | None = None) -> HttpReply:
    """An answer with what the fault, or else the behaviour, does to it."""
    how = behaviour or Behaviour()
    deed = None if fault is None else fault.deed
    if how.http is not None and fault is None:
        return HttpReply(how.http, _HTML, _HTML_TYPE, delay=how.delay)
    if deed is not None and deed.unknown_code is not None:
        for place in _CODES:
            for code in envelope.iterfind(place):
                code.text = deed.unknown_code
    is_fault = envelope.find(".//{*}Fault") is not None
    body = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
    if fault is not None and fault.word == "wrong-signature":
        body = with_wrong_signature(body)
    status = HTTPStatus.INTERNAL_SERVER_ERROR if is_fault else HTTPStatus.OK
    if deed is None:
        return HttpReply(status, body, delay=how.delay, drip=how.drip, cut=how.cut)
    return HttpReply(status, body, delay=deed.delay or 0.0, drip=deed.drip or 0.0, cut=deed.cut)
