"""The SOAP 1.1 envelope: bytes in, one payload out; a payload in, bytes out."""

from __future__ import annotations

import codecs
import re
import threading
from collections.abc import Callable
from operator import itemgetter
from typing import Literal, NamedTuple

from lxml import etree

from esutd_bus.soap.lexical import escape, only_xml_text

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

DEPTH_LIMIT = 64
"""How deep elements may stand in each other, the Envelope being the first."""

PREFIX_LIMIT = 64
"""How many namespace prefixes, the default one among them, a document may declare: canonical forms cost the cube of
those in scope, before it is known who asks for them."""

children: Callable[[etree._Element], list[etree._Element]] = itemgetter(slice(None))
"""All that stands in an element, as a list: made in a third of the time of `list(element)`."""

TAG_LIMIT = 200_000
"""How many tags a document may have: many times those of 500 contracts, and a tenth of a second to parse. Only in the
large body of a batch could there be more."""

UNDERSTOOD_HEADERS = frozenset({f"{{{WSSE}}}Security"})
"""Header blocks that may say mustUnderstand."""

_NEXT = "http://schemas.xmlsoap.org/soap/actor/next"
_ENVELOPE, _HEADER, _BODY = (f"{{{SOAP11}}}{name}" for name in ("Envelope", "Header", "Body"))
_ENVELOPE_12 = f"{{{SOAP12}}}Envelope"
_XML_SPACE = " \t\r\n"

_TOO_DEEP = etree.XPath("boolean(" + "/*" * (DEPTH_LIMIT + 1) + ")")
_PREFIX_DECLARATION = re.compile(rb"xmlns(?::[^\s=:]*+)?(?=[ \t\r\n]*=)")
_DECLARATION = re.compile(rb"""<\?xml[ \t\r\n][^>]*?encoding[ \t\r\n]*=[ \t\r\n]*["']([^"']*)["']""")
_DECLARED_ENCODING = re.compile(
    r"""\A(<\?xml[ \t\r\n][^>]*?)[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*["'][^"']*["']"""
)
_DOCTYPE = re.compile(rb"(?>[ \t\r\n]+|<\?(?s:.*?)\?>|<!--(?s:.*?)-->)*+<!DOCTYPE")


class SoapError(Exception):
    """Bytes that are no SOAP 1.1 message this service takes."""

    def __init__(self, code: Literal["ESB001", "ESB002"], detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        """`ESB001`: not well-formed XML, or not taken as such. `ESB002`: not SOAP 1.1, or not one payload."""
        self.detail = detail
        """What is wrong, in English, without any of the message's text."""


class Envelope(NamedTuple):
    """An opened envelope. Its elements belong to one message, and to one thread at a time."""

    root: etree._Element
    header: etree._Element | None
    body: etree._Element
    payload: etree._Element
    """The one element in the body."""
    raw: bytes
    """The bytes as they came."""

    nodes: list[etree._Element]
    """Every element, comment and instruction from the root on, in document order."""


def open_envelope(body: bytes) -> Envelope:
    """Parses a message, once. Raises `SoapError`.

    Nothing outside the bytes is looked at: a document type declaration is refused whatever it declares.
    UTF-8 and UTF-16 are taken.
    """
    root, nodes = _parse(body)
    if root.tag == _ENVELOPE_12:
        raise SoapError("ESB002", "SOAP 1.2; this service speaks SOAP 1.1")
    if root.tag != _ENVELOPE:
        raise SoapError("ESB002", "the root element is not a SOAP 1.1 Envelope")
    parts = _elements(root, "Envelope")
    header = parts.pop(0) if parts and parts[0].tag == _HEADER else None
    if not parts or parts[0].tag != _BODY:
        raise SoapError("ESB002", "the Envelope has no Body where it belongs")
    if len(parts) > 1:
        raise SoapError("ESB002", "the Envelope has something after its Body")
    if header is not None:
        _understand(header)
    payloads = _elements(parts[0], "Body")
    if len(payloads) != 1:
        raise SoapError("ESB002", f"the Body holds {len(payloads)} elements, not one")
    return Envelope(root, header, parts[0], payloads[0], body, nodes)


def open_document(document: bytes | str) -> etree._Element:
    """The root of a document that is no envelope, by the same rules. Raises `SoapError` (`ESB001`, `ESB002`).

    Of characters (a document that travelled as escaped text) the declared encoding says nothing.
    """
    if isinstance(document, bytes):
        return _parse(document)[0]
    try:
        octets = _DECLARED_ENCODING.sub(r"\1", document.removeprefix("\ufeff")).encode()
    except UnicodeEncodeError as error:
        raise SoapError("ESB001", "characters that are none of Unicode's") from error
    return _parse(octets)[0]


def is_envelope(document: bytes) -> bool:
    """Whether the root of a document is SOAP's. Raises `SoapError`, as `open_document` does."""
    return open_document(document).tag in {_ENVELOPE, _ENVELOPE_12}


def answer_envelope(body_xml: bytes) -> bytes:
    """An Envelope around one serialised element."""
    return _OPENING + body_xml + _CLOSING


def fault_envelope(
    faultcode: Literal["Client", "Server"], faultstring: str, detail_xml: bytes | None
) -> bytes:
    """An Envelope with a Fault (SOAP 1.1, 4.4). `detail_xml` is a serialised element."""
    text = escape(only_xml_text(faultstring)).encode("utf-8")
    detail = b"" if detail_xml is None else b"<detail>" + detail_xml + b"</detail>"
    code = faultcode.encode("ascii")
    return answer_envelope(
        b"<soap:Fault><faultcode>soap:%b</faultcode><faultstring>%b</faultstring>%b</soap:Fault>"
        % (code, text, detail)
    )


_OPENING = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{SOAP11}"><soap:Body>'.encode()
)
_CLOSING = b"</soap:Body></soap:Envelope>"


def _parse(body: bytes) -> tuple[etree._Element, list[etree._Element]]:
    """(the root, every node from it on)."""
    octets = _in_utf8(body)
    if _DOCTYPE.match(octets):
        # Well-formed XML, and no SOAP message (SOAP 1.1, 3).
        raise SoapError("ESB002", "a document type declaration is not taken")
    if octets.count(b"xmlns") > PREFIX_LIMIT and len(set(_PREFIX_DECLARATION.findall(octets))) > PREFIX_LIMIT:
        raise SoapError("ESB001", f"more than {PREFIX_LIMIT} namespace prefixes are declared")
    if len(octets) > TAG_LIMIT and octets.count(b"<") > TAG_LIMIT:
        raise SoapError("ESB001", f"more than {TAG_LIMIT} tags")
    try:
        root = etree.fromstring(body, _of_this_thread.parser)
    except etree.XMLSyntaxError as error:
        # The place alone: libxml2's message may quote the document.
        raise SoapError(
            "ESB001", f"not well-formed XML at line {error.lineno}, column {error.offset}"
        ) from error
    nodes = list(root.iter())
    if len(nodes) > DEPTH_LIMIT and _TOO_DEEP(root):
        raise SoapError("ESB001", f"elements stand more than {DEPTH_LIMIT} deep")
    return root, nodes


class _ThreadsParser(threading.local):
    """A parser that is used again saves a part of what parsing costs; used by one thread alone, none waits for it."""

    def __init__(self) -> None:
        self.parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=False,
            remove_pis=False,
            strip_cdata=False,
        )


_of_this_thread = _ThreadsParser()


def _in_utf8(body: bytes) -> bytes:
    """The message without its byte order mark, by that mark or by its first bytes (XML 1.0, appendix F).

    Whether all of it is UTF-8 is for the parser to say.
    """
    if body.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise SoapError("ESB001", "an encoding other than UTF-8 and UTF-16")
    encoding = _ENCODINGS.get(body[:2], "utf-8")
    octets = body
    if encoding != "utf-8":
        try:
            octets = body.decode(encoding).encode()
        except UnicodeDecodeError as error:
            raise SoapError("ESB001", f"bytes that are not {encoding.upper()}") from error
    octets = octets.removeprefix(codecs.BOM_UTF8)
    declared = _DECLARATION.match(octets)
    if declared and declared[1].upper() not in _DECLARED[encoding]:
        raise SoapError("ESB001", "the declared encoding is not UTF-8 or UTF-16, or not that of the bytes")
    return octets


_ENCODINGS = {
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
_DECLARED = {
    "utf-8": {b"UTF-8"},
    "utf-16-le": {b"UTF-16", b"UTF-16LE"},
    "utf-16-be": {b"UTF-16", b"UTF-16BE"},
}


def _elements(parent: etree._Element, name: str) -> list[etree._Element]:
    """The child elements; between them only white space and comments."""
    text, elements = parent.text, []
    for child in children(parent):
        if text and text.strip(_XML_SPACE):
            break
        text = child.tail
        if isinstance(child.tag, str):
            elements.append(child)
    if text and text.strip(_XML_SPACE):
        raise SoapError("ESB002", f"text between the elements of the {name}")
    return elements


def _understand(header: etree._Element) -> None:
    """Refuses a block that this service must understand and does not (SOAP 1.1, 4.2.3)."""
    for block in _elements(header, "Header"):
        if block.tag in UNDERSTOOD_HEADERS:
            continue
        marked = block.get(f"{{{SOAP11}}}mustUnderstand", "0").strip(_XML_SPACE) in {"1", "true"}
        ours = block.get(f"{{{SOAP11}}}actor", "").strip(_XML_SPACE) in {"", _NEXT}
        if marked and ours:
            raise SoapError("ESB002", "a header block that must be understood is not known here")
