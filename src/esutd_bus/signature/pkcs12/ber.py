"""BER into DER (X.690, 8 and 10): indefinite lengths are counted, octet strings in pieces are put together.

Java's key stores, and those of the national authority with them, are written so. What lies inside an octet string
is left as it is.
"""

from __future__ import annotations

from typing import Final

MAX_DEPTH: Final = 24
"""Elements within elements. PKCS#12 goes down to ten."""

_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_OCTET_STRING: Final = 0x04
_CONSTRUCTED: Final = 0x20
_LONG_TAG: Final = 0x1F
_INDEFINITE: Final = 0x80
_END: Final = b"\x00\x00"
_MAX_LENGTH_OCTETS: Final = 4


def to_der(octets: bytes) -> bytes:
    """One element in DER; the members of a SET in order. Raises `ValueError` where the octets are no BER."""
    der, end = _element(octets, 0, len(octets), 0)
    if end != len(octets):
        raise ValueError("octets follow the end")
    return der


def sequence_of(octets: bytes) -> list[bytes]:
    """The members of a SEQUENCE, each in DER. Raises `ValueError` where the octets are none."""
    if octets[:1] != bytes([_SEQUENCE]):
        raise ValueError("no SEQUENCE")
    return split(_content(to_der(octets)))


def split(der: bytes) -> list[bytes]:
    """The elements that stand one after another. Raises `ValueError`."""
    elements, position = [], 0
    while position < len(der):
        one, position = _element(der, position, len(der), 0)
        elements.append(one)
    return elements


def join_octet_strings(pieces: list[bytes]) -> bytes:
    """The octets of a string that stands in pieces, each an OCTET STRING in DER (X.690, 8.7.3)."""
    if any(piece[0] != _OCTET_STRING for piece in pieces):
        raise ValueError("an octet string of something else than octet strings")
    return b"".join(map(_content, pieces))


def _element(octets: bytes, start: int, limit: int, depth: int) -> tuple[bytes, int]:
    """(the element that starts here in DER, where it ended)."""
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if start >= limit:
        raise ValueError("ends within an element")
    tag = octets[start]
    if tag & _LONG_TAG == _LONG_TAG:
        raise ValueError("a tag that PKCS#12 does not have")
    length, position = _length(octets, start + 1, limit)
    if not tag & _CONSTRUCTED:
        if length is None:
            raise ValueError("a primitive element without a length")
        end = position + length
        return _encoded(tag, octets[position:end]), end
    if length is None:
        members, end = _members_to_the_end_mark(octets, position, limit, depth)
    else:
        end = position + length
        members = _members(octets, position, end, depth)
    if tag == _OCTET_STRING | _CONSTRUCTED:
        return _encoded(_OCTET_STRING, join_octet_strings(members)), end
    return _encoded(tag, b"".join(sorted(members) if tag == _SET else members)), end


def _members(octets: bytes, position: int, end: int, depth: int) -> list[bytes]:
    members = []
    while position < end:
        member, position = _element(octets, position, end, depth + 1)
        members.append(member)
    return members


def _members_to_the_end_mark(octets: bytes, position: int, limit: int, depth: int) -> tuple[list[bytes], int]:
    members = []
    while octets[position : position + len(_END)] != _END:
        member, position = _element(octets, position, limit, depth + 1)
        members.append(member)
    if position + len(_END) > limit:
        raise ValueError("ends within an element")
    return members, position + len(_END)


def _length(octets: bytes, position: int, limit: int) -> tuple[int | None, int]:
    """(length in octets or nothing where it is indefinite, where the content starts)."""
    first = octets[position] if position < limit else _INDEFINITE | _LONG_TAG
    position += 1
    if first == _INDEFINITE:
        return None, position
    length = first
    if first > _INDEFINITE:
        size = first & ~_INDEFINITE
        if size > _MAX_LENGTH_OCTETS:
            raise ValueError("ends within an element, or is beyond all size")
        length = int.from_bytes(octets[position : position + size], "big")
        position += size
    if position + length > limit:
        raise ValueError("ends within an element")
    return length, position


def _encoded(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < _INDEFINITE:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, _INDEFINITE | len(length)]) + length + content


def _content(der: bytes) -> bytes:
    _, start = _length(der, 1, len(der))
    return der[start:]
