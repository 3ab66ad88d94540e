"""Issuer names as messages spell them, brought to one form that can be compared.

`ds:X509IssuerName` is a string (XMLDSig 4.5.4.1), and every stack writes it in its own way: RFC 4514's order or the
certificate's, with spaces after commas or semicolons for commas, `ST` or `S`, `E` or `EMAILADDRESS`,
`1.2.3=#0c…` or `OID.1.2.3=…`, quoted or escaped.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cryptography import x509

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ComparableName = tuple[frozenset[tuple[str, str]], ...]
"""The relative names in the certificate's order; each a set of (dotted OID, folded value)."""

_OIDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "CN": "2.5.4.3",
        "SN": "2.5.4.4",
        "SURNAME": "2.5.4.4",
        "SERIALNUMBER": "2.5.4.5",
        "C": "2.5.4.6",
        "L": "2.5.4.7",
        "S": "2.5.4.8",
        "ST": "2.5.4.8",
        "STREET": "2.5.4.9",
        "O": "2.5.4.10",
        "OU": "2.5.4.11",
        "T": "2.5.4.12",
        "TITLE": "2.5.4.12",
        "BUSINESSCATEGORY": "2.5.4.15",
        "POSTALCODE": "2.5.4.17",
        "GIVENNAME": "2.5.4.42",
        "G": "2.5.4.42",
        "GN": "2.5.4.42",
        "INITIALS": "2.5.4.43",
        "DC": "0.9.2342.19200300.100.1.25",
        "UID": "0.9.2342.19200300.100.1.1",
        "E": "1.2.840.113549.1.9.1",
        "EMAIL": "1.2.840.113549.1.9.1",
        "EMAILADDRESS": "1.2.840.113549.1.9.1",
    }
)
"""Attribute types by the short names that tools use (RFC 4514, 3; X.520; the habits of Windows and Java)."""

_TYPE: Final = re.compile(r"\s*(?:OID\.)?([A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)\s*=\s*", re.IGNORECASE)
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_PLAIN: Final = re.compile(r"(?:[^,;+\\]|\\.)*", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\([0-9A-Fa-f]{2})|\\(.)", re.DOTALL)
_HEX: Final = re.compile(r"#((?:[0-9A-Fa-f]{2})+)\s*")
_STRING_TAGS: Final = frozenset({0x0C, 0x13, 0x14, 0x16, 0x1E})
"""UTF8String, PrintableString, TeletexString, IA5String, BMPString (X.680, 8.4)."""

_BMP_STRING: Final = 0x1E
_LONG_FORM: Final = 0x80


def comparable(name: x509.Name) -> ComparableName:
    """A certificate's name."""
    return tuple(
        frozenset((attribute.oid.dotted_string, _folded(str(attribute.value))) for attribute in relative)
        for relative in name.rdns
    )


def parse(text: str) -> ComparableName | None:
    """A name from a string, in the string's order; none where it is no name that is understood."""
    try:
        names = tuple(_relative_names(text))
    except ValueError:
        return None
    return names or None


def same(certificate: ComparableName, told: ComparableName) -> bool:
    """Whether both name one issuer: strings go from the end of the name (RFC 4514, 2.1), or from its beginning."""
    return certificate in (told, told[::-1])


def _relative_names(text: str) -> Iterator[frozenset[tuple[str, str]]]:
    position, pairs = 0, set[tuple[str, str]]()
    while True:
        begun = _TYPE.match(text, position)
        if begun is None:
            raise ValueError(text)
        word = begun[1]
        oid = word if word[0].isdigit() else _OIDS.get(word.upper())
        if oid is None:
            raise ValueError(text)
        value, position = _value(text, begun.end())
        pairs.add((oid, _folded(value)))
        separator = text[position : position + 1]
        if separator != "+":
            yield frozenset(pairs)
            pairs = set()
        if not separator:
            return
        position += 1


def _value(text: str, position: int) -> tuple[str, int]:
    """(the value, where the separator behind it stands). Raises ValueError."""
    if quoted := _QUOTED.match(text, position):
        end, value = quoted.end(), _unescaped(quoted[1])
    elif coded := _HEX.match(text, position):
        end, value = coded.end(), _decoded(bytes.fromhex(coded[1]))
    else:
        plain = _PLAIN.match(text, position)
        end, value = (plain.end(), _unescaped(plain[0])) if plain else (position, "")
    if text[end : end + 1] not in {"", ",", ";", "+"}:
        raise ValueError(text)
    return value, end


def _unescaped(text: str) -> str:
    """RFC 4514, 2.4: `\\,` is the character itself, `\\C3` an octet of UTF-8."""
    octets = b"".join(
        bytes.fromhex(part[1]) if part[1] else (part[2] or part[0]).encode()
        for part in re.finditer(rf"{_ESCAPE.pattern}|[^\\]+", text, re.DOTALL)
    )
    return octets.decode()


def _decoded(der: bytes) -> str:
    """A string from its DER, shorter than 128 octets or with a length in the long form."""
    tag, length, start = der[0], der[1] if len(der) > 1 else 0, 2
    if length >= _LONG_FORM:
        start += length - _LONG_FORM
        length = int.from_bytes(der[2:start], "big")
    if tag not in _STRING_TAGS or len(der) != start + length:
        raise ValueError(der)
    return der[start:].decode("utf-16-be" if tag == _BMP_STRING else "utf-8")


def _folded(value: str) -> str:
    """RFC 5280, 7.1: case and the amount of white space do not tell names apart."""
    return " ".join(value.casefold().split())
