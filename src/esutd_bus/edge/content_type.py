"""Which representations of a SOAP message are taken: media type, character encoding, no content coding.

XML in UTF-8 or UTF-16, and everything that says something about the encoding must say the same: the charset
parameter (RFC 7303 3), the byte order mark and the XML declaration (XML 1.0 4.3.3, appendix F). A message
that two readers could take for two different texts is answered 415.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from esutd_bus.edge.refused import Refused

if TYPE_CHECKING:
    from esutd_bus.edge.head import RequestHead

MEDIA_TYPES = frozenset({"text/xml", "application/xml"})

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110 5.6.2: token
_MEDIA_TYPE = re.compile(rf"[ \t]*({_WORD}/{_WORD})[ \t]*")
_PARAMETER = re.compile(rf';[ \t]*(?:({_WORD})=({_WORD}|"(?:[^"\\]|\\.)*"))?[ \t]*')

_ENCODINGS_OF_LABEL = {
    "utf-8": {"utf-8"},
    "utf8": {"utf-8"},
    "utf-16": {"utf-16-le", "utf-16-be"},
    "utf-16le": {"utf-16-le"},
    "utf-16be": {"utf-16-be"},
}

# XML 1.0, appendix F.1: the longer patterns first, for they begin like shorter ones.
_FIRST_BYTES = (
    (codecs.BOM_UTF32_LE, None),
    (codecs.BOM_UTF32_BE, None),
    (b"<\0\0\0", None),
    (b"\0\0\0<", None),
    (b"\x4c\x6f\xa7\x94", None),  # «<?xm» in EBCDIC
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)

_TELLING = tuple(first_bytes for first_bytes, _ in _FIRST_BYTES)

_XML_DECLARATION = re.compile(
    r"""\ufeff?<\?xml\s+version\s*=\s*(?:"[^"]*"|'[^']*')\s+encoding\s*=\s*(?:"([^"]*)"|'([^']*)')"""
)


def charset_of(head: RequestHead) -> str | None:
    """The charset parameter of a Content-Type that a SOAP 1.1 message may have, lower-case.

    Raises:
        Refused: 415, another media type, none, or one that cannot be read.
    """
    return _charset(head.headers.get("content-type", ""))


@lru_cache(maxsize=256)
def _charset(value: str) -> str | None:
    media_type = _MEDIA_TYPE.match(value)
    if media_type is None or media_type[1].lower() not in MEDIA_TYPES:
        raise _unsupported("Content-Type must be text/xml or application/xml")
    charset = None
    position = media_type.end()
    while position < len(value):
        parameter = _PARAMETER.match(value, position)
        if parameter is None:
            raise _unsupported("Content-Type has a malformed parameter")
        position = parameter.end()
        if (parameter[1] or "").lower() == "charset":
            if charset is not None:
                raise _unsupported("Content-Type names the charset twice")
            charset = re.sub(r"\\(.)", r"\1", parameter[2].strip('"')).lower()
    if charset is not None and charset not in _ENCODINGS_OF_LABEL:
        raise _unsupported("the charset must be utf-8 or utf-16")
    return charset


def check_content_encoding(head: RequestHead) -> None:
    """No content coding: a compressed body could be far larger than its limit.

    Raises:
        Refused: 415.
    """
    if head.headers.get("content-encoding", "identity").strip().lower() not in {"identity", ""}:
        raise _unsupported("Content-Encoding must be identity")


def check_encoding(charset: str | None, body: bytes) -> None:
    """The body is in UTF-8 or UTF-16, and charset, byte order mark and XML declaration agree.

    Raises:
        Refused: 415.
    """
    encoding = _encoding_by_first_bytes(body)
    for label, source in (
        (charset, "the charset parameter"),
        (_declared(body, encoding), "the XML declaration"),
    ):
        if label is not None and encoding not in _ENCODINGS_OF_LABEL.get(label.lower(), ()):
            raise _unsupported(f"{source} names an encoding that is unknown or not the body's")


def _encoding_by_first_bytes(body: bytes) -> str:
    if not body.startswith(_TELLING):
        return "utf-8"
    for first_bytes, encoding in _FIRST_BYTES:
        if body.startswith(first_bytes):
            if encoding is None:
                raise _unsupported("the body must be in UTF-8 or UTF-16")
            return encoding
    return "utf-8"


def _declared(body: bytes, encoding: str) -> str | None:
    """The encoding that the XML declaration names; a malformed one names none, and the parser refuses it."""
    end = body.find("?>".encode(encoding))
    declaration = _XML_DECLARATION.match(body[: max(end, 0)].decode(encoding, "replace"))
    return None if declaration is None else declaration[1] or declaration[2] or ""


def _unsupported(reason: str) -> Refused:
    return Refused(415, "ESB002", reason)
