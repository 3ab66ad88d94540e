"""An envelope's layout: where its parts stand in the bytes, so that text is added and none is rewritten."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from xml.parsers import expat

from esutd_bus.signature import names

_UTF16: Final = {
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    "<".encode("utf-16-le"): "utf-16-le",
    "<".encode("utf-16-be"): "utf-16-be",
}
"""A document's first two octets → its codec, where that is no superset of ASCII (XML 1.0, appendix F)."""


class NotSignableError(ValueError):
    """The bytes are no SOAP 1.1 envelope with one Body, or are signed already."""


class Edit(NamedTuple):
    """Octets from `start` to `end` give way to an ASCII text; none do where both are equal."""

    start: int
    end: int
    text: str


@dataclass(slots=True)
class Layout:
    """Offsets, in octets, of what signing has to find. Made by `read_layout`."""

    raw: bytes
    encoding: str
    """A codec by which ASCII text becomes octets of this document."""

    body: int | None = None
    """Where the Body's start tag begins."""

    body_attributes: int = 0
    """Just behind the name in the Body's start tag: an attribute goes there."""

    body_identifier: str | None = None
    """The Body's `wsu:Id`, if it has one."""

    header: str = ""
    """The Header's name as the document spells it, or would."""

    header_end: int | None = None
    """Where the Header's end tag begins, if there is a Header; of `<Header/>`, just behind it."""

    secured: bool = False
    """Whether the Header already holds a `wsse:Security`."""

    prefixes: set[str] = field(default_factory=set)
    """Every namespace prefix that the document declares anywhere."""

    def unused_prefix(self, wanted: str) -> str:
        """The prefix, lengthened until the document does not declare it: declaring it then hides no other."""
        while wanted in self.prefixes:
            wanted += "x"
        return wanted

    def body_attribute(self, text: str) -> Edit:
        """The edit that gives the Body's start tag one more attribute (or several)."""
        return Edit(self.body_attributes, self.body_attributes, f" {text}")

    def header_block(self, block: str) -> Edit:
        """The edit that makes a block the Header's last child, making the Header too where there is none."""
        end = self.header_end
        if end is None:
            end = self.body or 0
            return Edit(end, end, f"<{self.header}>{block}</{self.header}>")
        if self.raw.startswith(f"</{self.header}".encode(self.encoding), end):
            return Edit(end, end, block)
        return Edit(end - len("/>".encode(self.encoding)), end, f">{block}</{self.header}>")

    def edited(self, *edits: Edit) -> bytes:
        """The document with these edits made; every other octet is as it was."""
        parts, position = [], 0
        for edit in sorted(edits):
            parts += [self.raw[position : edit.start], edit.text.encode(self.encoding)]
            position = edit.end
        return b"".join([*parts, self.raw[position:]])


def read_layout(raw: bytes) -> Layout:
    """The layout of a SOAP 1.1 envelope in UTF-8, UTF-16 or a one-byte encoding it declares."""
    return _Reader(raw).read()


class _Reader:
    """Follows expat through the document; only the Envelope's and the Header's children matter."""

    def __init__(self, raw: bytes) -> None:
        self._layout = Layout(raw, _UTF16.get(raw[:2], "utf-8"))
        self._path: list[str] = []
        # "uri local prefix" for names in a namespace.
        self._parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.namespace_prefixes = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def read(self) -> Layout:
        try:
            self._parser.Parse(self._layout.raw, True)
        except expat.ExpatError as error:
            raise NotSignableError(f"not well-formed XML: {error}") from error
        if self._layout.body is None:
            raise NotSignableError("a SOAP 1.1 Envelope with one Body is expected")
        return self._layout

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and self._layout.encoding not in _UTF16.values():
            self._layout.encoding = encoding

    def _doctype(self, *_: object) -> None:
        raise NotSignableError("a document type declaration has no place in a SOAP message (SOAP 1.1, 3)")

    def _namespace(self, prefix: str | None, _uri: str) -> None:
        self._layout.prefixes.add(prefix or "")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        uri, local, prefix = _split(name)
        self._path.append(f"{{{uri}}}{local}")
        match self._path:
            case [names.ENVELOPE]:
                self._layout.header = f"{prefix}Header"
            case [names.ENVELOPE, names.HEADER]:
                self._layout.header = prefix + local
            case [names.ENVELOPE, names.HEADER, names.SECURITY]:
                self._layout.secured = True
            case [names.ENVELOPE, names.BODY]:
                self._body(f"<{prefix}{local}", attributes)

    def _body(self, tag: str, attributes: dict[str, str]) -> None:
        layout = self._layout
        if layout.body is not None:
            raise NotSignableError("a SOAP 1.1 Envelope with one Body is expected")
        layout.body = self._parser.CurrentByteIndex
        layout.body_attributes = layout.body + len(tag.encode(layout.encoding))
        for name, value in attributes.items():
            uri, local, _ = _split(name)
            if f"{{{uri}}}{local}" == names.WSU_ID:
                layout.body_identifier = value

    def _end(self, _name: str) -> None:
        if self._path == [names.ENVELOPE, names.HEADER]:
            # Of an end tag expat reports where it begins; of an empty-element tag, where it ends.
            self._layout.header_end = self._parser.CurrentByteIndex
        self._path.pop()


def _split(name: str) -> tuple[str, str, str]:
    """(namespace, local name, prefix with its colon) of a name as expat writes it."""
    parts = name.split(" ")
    if len(parts) == 1:
        return "", name, ""
    return parts[0], parts[1], f"{parts[2]}:" if len(parts) > 2 else ""  # noqa: PLR2004  # uri, local, prefix
