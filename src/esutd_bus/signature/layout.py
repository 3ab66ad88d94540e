"""A document's layout: where its parts stand in the bytes, so that text is added and none is rewritten."""

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
    """The bytes are not what the profile signs, or are signed by it already."""


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

    body_name_end: int = 0
    """Just behind the name in the Body's start tag: an attribute goes there."""

    body_attributes: dict[str, str] = field(default_factory=dict)
    """The Body's attributes, by Clark name."""

    header: str = ""
    """The Header's name as the document spells it, or would."""

    header_end: int | None = None
    """Where the Header's end tag begins, if there is a Header; of `<Header/>`, just behind it."""

    header_blocks: set[str] = field(default_factory=set)
    """What the Header holds, by Clark name."""

    document: str = ""
    """The name, as it is spelt, of the element that the profile `document` signs: an envelope's payload (the last
    one), or the root of what is no envelope."""

    document_end: int = 0
    """Where its end tag begins; of an empty-element tag, just behind it."""

    payloads: int = 0
    """How many elements the Body holds."""

    prefixes: set[str] = field(default_factory=set)
    """Every namespace prefix that the document declares anywhere."""

    def unused_prefix(self, wanted: str) -> str:
        """The prefix, lengthened until the document does not declare it: declaring it then hides no other."""
        while wanted in self.prefixes:
            wanted += "x"
        return wanted

    def body_attribute(self, text: str) -> Edit:
        """The edit that gives the Body's start tag one more attribute (or several)."""
        return Edit(self.body_name_end, self.body_name_end, f" {text}")

    def header_block(self, block: str) -> Edit:
        """The edit that makes a block the Header's last child, making the Header too where there is none."""
        if self.header_end is None:
            end = self.body or 0
            return Edit(end, end, f"<{self.header}>{block}</{self.header}>")
        return self._last_child(self.header, self.header_end, block)

    def document_block(self, block: str) -> Edit:
        """The edit that makes a block the last child of the payload, or of the root of what is no envelope."""
        return self._last_child(self.document, self.document_end, block)

    def _last_child(self, parent: str, end: int, block: str) -> Edit:
        if self.raw.startswith(f"</{parent}".encode(self.encoding), end):
            return Edit(end, end, block)
        return Edit(end - len("/>".encode(self.encoding)), end, f">{block}</{parent}>")

    def edited(self, *edits: Edit) -> bytes:
        """The document with these edits made; every other octet is as it was."""
        parts, position = [], 0
        for edit in sorted(edits):
            parts += [self.raw[position : edit.start], edit.text.encode(self.encoding)]
            position = edit.end
        return b"".join([*parts, self.raw[position:]])


def read_layout(raw: bytes) -> Layout:
    """The layout of a document in UTF-8, UTF-16 or a one-byte encoding it declares."""
    return _Reader(raw).read()


def read_envelope_layout(raw: bytes) -> Layout:
    """The layout of a SOAP 1.1 envelope."""
    layout = read_layout(raw)
    if layout.body is None:
        raise NotSignableError("a SOAP 1.1 Envelope with one Body is expected")
    return layout


class _Reader:
    """Follows expat through the document; only the uppermost levels of an envelope matter."""

    def __init__(self, raw: bytes) -> None:
        self._layout = Layout(raw, _UTF16.get(raw[:2], "utf-8"))
        self._path: list[str] = []
        self._document: list[str] = []
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
        return self._layout

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and self._layout.encoding not in _UTF16.values():
            self._layout.encoding = encoding

    def _doctype(self, *_: object) -> None:
        raise NotSignableError("a document type declaration has no place in a SOAP message (SOAP 1.1, 3)")

    def _namespace(self, prefix: str | None, _uri: str) -> None:
        self._layout.prefixes.add(prefix or "")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        clark, spelt = _names(name)
        self._path.append(clark)
        layout = self._layout
        match self._path:
            case [names.ENVELOPE]:
                layout.header = f"{spelt.removesuffix('Envelope')}Header"
            case [names.ENVELOPE, names.HEADER]:
                layout.header = spelt
            case [names.ENVELOPE, names.HEADER, block]:
                layout.header_blocks.add(block)
            case [names.ENVELOPE, names.BODY]:
                self._body(f"<{spelt}", attributes)
            case [names.ENVELOPE, names.BODY, _]:
                layout.payloads += 1
                self._begin_document(spelt)
            case [_]:
                self._begin_document(spelt)

    def _begin_document(self, spelt: str) -> None:
        self._document = list(self._path)
        self._layout.document = spelt

    def _body(self, tag: str, attributes: dict[str, str]) -> None:
        layout = self._layout
        if layout.body is not None:
            raise NotSignableError("a SOAP 1.1 Envelope with one Body is expected")
        layout.body = self._parser.CurrentByteIndex
        layout.body_name_end = layout.body + len(tag.encode(layout.encoding))
        layout.body_attributes = {_names(name)[0]: value for name, value in attributes.items()}

    def _end(self, _name: str) -> None:
        # Of an end tag expat reports where it begins; of an empty-element tag, where it ends.
        if self._path == [names.ENVELOPE, names.HEADER]:
            self._layout.header_end = self._parser.CurrentByteIndex
        elif self._path == self._document:
            self._layout.document_end = self._parser.CurrentByteIndex
        self._path.pop()


def _names(name: str) -> tuple[str, str]:
    """(Clark name, name with its prefix) of a name as expat writes it."""
    uri, local, prefix = _split(name)
    return (f"{{{uri}}}{local}" if uri else local), f"{prefix}{local}"


def _split(name: str) -> tuple[str, str, str]:
    """(namespace, local name, prefix with its colon) of a name as expat writes it."""
    parts = name.split(" ")
    if len(parts) == 1:
        return "", name, ""
    return parts[0], parts[1], f"{parts[2]}:" if len(parts) > 2 else ""  # noqa: PLR2004  # uri, local, prefix
