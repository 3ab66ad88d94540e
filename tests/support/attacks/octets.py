"""Games with the octets: encodings, document types and entities, envelopes that are none."""

from __future__ import annotations

import re
from collections.abc import Callable

from forgery import NS, parse

from support.attacks.attack import Attack, Bearer, Recipe, each, evil_copy, rewritten

_DECLARATION = re.compile(rb"\A<\?xml[^>]*\?>\s*")
_DTD = "a document type declaration is not taken"
_NO_DOCUMENT = "not well-formed XML at line "

Rewrite = Callable[[bytes], bytes]


def _declared(declaration: str, encoding: str = "utf-8", mark: bytes = b"") -> Rewrite:
    """The same message under another declaration, in another encoding."""
    return lambda raw: mark + (declaration + _DECLARATION.sub(b"", raw).decode()).encode(encoding)


def _before(text: str) -> Rewrite:
    """Something between the declaration and the Envelope."""
    return lambda raw: _DECLARATION.sub(lambda match: match[0] + text.encode(), raw)


def _entity(declaration: str, reference: str) -> Rewrite:
    """A document type with an entity, and a reference to it in place of the number's beginning."""

    def change(raw: bytes) -> bytes:
        raw = raw.replace("number>ТД-".encode(), f"number>{reference}".encode())
        return _before(f"<!DOCTYPE e [{declaration}]>")(raw)

    return change


def _xml(attributes: str) -> str:
    return f'<?xml version="1.0" {attributes}?>'


DOCUMENT_TYPES = tuple(
    rewritten(f"document type: {name}", _DTD, change, code="ESB002")
    for name, change in (
        ("bare", _before("<!DOCTYPE e>")),
        ("behind a comment and an instruction", _before("<!-- a --><?b c?><!DOCTYPE e>")),
        ("an entity that says what was signed", _entity('<!ENTITY n "ТД-">', "&n;")),
        ("an entity that says something else", _entity('<!ENTITY n "ПОДЛОГ-">', "&n;")),
        ("an entity with markup", _entity('<!ENTITY n "<a/>">', "&n;")),
        ("an entity in a file", _entity('<!ENTITY n SYSTEM "file:///etc/passwd">', "&n;")),
        ("an entity over the network", _entity('<!ENTITY n SYSTEM "http://127.0.0.1:1/">', "&n;")),
        ("an entity of many", _entity('<!ENTITY a "aaaaaaaaaa"><!ENTITY n "&a;&a;&a;&a;&a;&a;">', "&n;")),
        ("a parameter entity", _before('<!DOCTYPE e [<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]>')),
        ("an external subset", _before('<!DOCTYPE e SYSTEM "http://127.0.0.1:1/e.dtd">')),
        ("an identifier by default",
         _before('<!DOCTYPE e [<!ATTLIST soap:Body Id ID #FIXED "another">]>')),
        ("a namespace by default", _before('<!DOCTYPE e [<!ATTLIST v1:number xmlns:v1 CDATA #FIXED "urn:a">]>')),
    )
)  # fmt: skip

_BY_CHARSET = "the charset parameter names an encoding that is unknown or not the body's"
_BY_DECLARATION = "the XML declaration names an encoding that is unknown or not the body's"

ENCODINGS = (
    rewritten("encoding: a document type in UTF-16", _BY_CHARSET,
              _declared(_xml('encoding="UTF-16"') + "<!DOCTYPE e>", "utf-16"), code="ESB002"),
    rewritten("encoding: said to be UTF-7", _BY_DECLARATION, _declared(_xml('encoding="UTF-7"')), code="ESB002"),
    rewritten("encoding: UTF-7", _BY_DECLARATION, _declared(_xml('encoding="UTF-7"'), "utf-7"), code="ESB002"),
    rewritten("encoding: said to be UTF-16", _BY_DECLARATION, _declared(_xml('encoding="UTF-16"')), code="ESB002"),
    rewritten("encoding: UTF-16 said to be UTF-8", _BY_CHARSET,
              _declared(_xml('encoding="UTF-8"'), "utf-16"), code="ESB002"),
    rewritten("encoding: KOI8-R", _BY_DECLARATION, _declared(_xml('encoding="KOI8-R"')), code="ESB002"),
    rewritten("encoding: ISO-8859-5", _BY_DECLARATION, _declared(_xml('encoding="ISO-8859-5"')), code="ESB002"),
    rewritten("encoding: UTF-32", "the body must be in UTF-8 or UTF-16",
              _declared(_xml('encoding="UTF-32"'), "utf-32"), code="ESB002"),
    rewritten("encoding: two byte order marks", _NO_DOCUMENT,
              lambda raw: b"\xef\xbb\xbf" * 2 + raw, code="ESB001"),
    rewritten("encoding: an overlong character", _NO_DOCUMENT,
              lambda raw: raw.replace("ТД".encode(), b"\xc0\xaf", 1), code="ESB001"),
    rewritten("encoding: half a pair", _NO_DOCUMENT,
              lambda raw: raw.replace("ТД".encode(), b"\xed\xa0\x80", 1), code="ESB001"),
    rewritten("encoding: a null", _NO_DOCUMENT, lambda raw: raw.replace("ТД".encode(), b"\0", 1), code="ESB001"),
)  # fmt: skip


def _enclose(message: Bearer) -> None:
    outer = parse("<x/>")
    outer.append(message.root)
    message.root = outer


DOCUMENTS = (
    rewritten("envelope: an entity nobody declared", _NO_DOCUMENT,
              lambda raw: raw.replace("ТД-".encode(), b"&nbsp;"), code="ESB001"),
    rewritten("envelope: two in one message", _NO_DOCUMENT,
              lambda raw: raw.rstrip() + _DECLARATION.sub(b"", raw), code="ESB001"),
    rewritten("envelope: cut", _NO_DOCUMENT, lambda raw: raw[: len(raw) // 2], code="ESB001"),
    rewritten("envelope: something behind it", _NO_DOCUMENT, lambda raw: raw + b"evil", code="ESB001"),
    rewritten("envelope: an attribute twice", _NO_DOCUMENT,
              lambda raw: raw.replace(b"URI=", b'URI="#evil" URI='), code="ESB001"),
    rewritten("envelope: SOAP 1.2", "SOAP 1.2; this service speaks SOAP 1.1",
              lambda raw: raw.replace(NS["soap"].encode(), b"http://www.w3.org/2003/05/soap-envelope"),
              code="ESB002"),
)  # fmt: skip

SHAPES = (
    Recipe("envelope: its Body before its Header", "the Envelope has something after its Body",
            lambda message: message.root.append(message.root[0]), code="ESB002"),
    Recipe("envelope: two Headers", "the Envelope has no Body where it belongs",
            lambda message: message.root.insert(0, parse("<soap:Header/>")), code="ESB002"),
    Recipe("envelope: an element before its Body", "the Envelope has no Body where it belongs",
            lambda message: message.root.insert(1, parse("<soap:Other/>")), code="ESB002"),
    Recipe("envelope: no Body", "the Envelope has no Body where it belongs",
            lambda message: message.root.remove(message.body), code="ESB002"),
    Recipe("envelope: an empty Body", "the Body holds 0 elements, not one",
            lambda message: message.body.remove(message.body[0]), code="ESB002"),
    Recipe("envelope: two payloads", "the Body holds 2 elements, not one",
            lambda message: message.body.append(parse("<evil/>")), code="ESB002"),
    Recipe("envelope: two payloads, both signed", "the Body holds 2 elements, not one",
            lambda message: message.body.append(evil_copy(message.body[0])), sealed=True, code="ESB002"),
    Recipe("envelope: a root of another namespace", "the root element is not a SOAP 1.1 Envelope",
            lambda message: setattr(message.root, "tag", "{urn:another}Envelope"), code="ESB002"),
    Recipe("envelope: text beside the payload", "text between the elements of the Body",
            lambda message: setattr(message.body[0], "tail", "evil"), code="ESB002"),
    Recipe("envelope: text in the Header", "text between the elements of the Header",
            lambda message: setattr(message.at("//soap:Header"), "text", "evil"), code="ESB002"),
    Recipe("envelope: text beside the Body", "text between the elements of the Envelope",
            lambda message: setattr(message.body, "tail", "evil"), code="ESB002"),
    Recipe("envelope: a header that must be understood", "a header block that must be understood is not known here",
            lambda message: message.at("//soap:Header").append(
                parse('<t:Transaction xmlns:t="urn:t" soap:mustUnderstand="1"/>')), code="ESB002"),
    Recipe("envelope: elements 70 deep", "elements stand more than 64 deep",
            lambda message: message.at("//soap:Header").append(parse("<a>" * 70 + "</a>" * 70)), code="ESB001"),
    Recipe("envelope: a root that only contains one", "the root element is not a SOAP 1.1 Envelope",
            _enclose, code="ESB002"),
)  # fmt: skip

OCTETS: tuple[Attack, ...] = (
    *DOCUMENT_TYPES,
    *ENCODINGS,
    *DOCUMENTS,
    *each(*SHAPES, profiles=("wsse",)),
)
