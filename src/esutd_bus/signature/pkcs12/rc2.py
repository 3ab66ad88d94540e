"""RC2 in CBC mode (RFC 2268), to be decrypted only: the key is as strong as it is long.

The national authority, like Java and older Windows, puts a file's certificates under RC2 with 40 bits.
`cryptography` has RC2 with 128 bits alone. No secret is kept by it: certificates are public.
"""

from __future__ import annotations

import struct
from typing import Final

BLOCK: Final = 8

_PI: Final = bytes.fromhex(
    """
    d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2
    179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82
    54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626
    6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7
    08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec
    c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731
    2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9
    0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad
    """
)
"""PITABLE (RFC 2268, 2): a substitution made of the digits of π."""

_ROUNDS: Final = (5, 6, 5)
_ROTATIONS: Final = (1, 2, 3, 5)
_WORDS: Final = struct.Struct("<4H")


def decrypt_cbc(key: bytes, iv: bytes, octets: bytes) -> bytes:
    """The plain octets, padding included. Raises `ValueError` where they are no whole number of blocks."""
    if len(octets) % BLOCK:
        raise ValueError("no whole number of blocks")
    words = _expanded(key)
    plain = bytearray()
    for start in range(0, len(octets), BLOCK):
        block = octets[start : start + BLOCK]
        plain += bytes(one ^ other for one, other in zip(_decrypt(words, block), iv, strict=True))
        iv = block
    return bytes(plain)


def _expanded(key: bytes) -> tuple[int, ...]:
    """The 64 words of a key that is as strong as it is long (RFC 2268, 2)."""
    size = len(key)
    octets = bytearray(key)
    for i in range(size, 128):
        octets.append(_PI[(octets[i - 1] + octets[i - size]) & 0xFF])
    octets[128 - size] = _PI[octets[128 - size]]
    for i in range(127 - size, -1, -1):
        octets[i] = _PI[octets[i + 1] ^ octets[i + size]]
    return struct.unpack("<64H", octets)


def _decrypt(words: tuple[int, ...], block: bytes) -> bytes:
    """RFC 2268, 4: mixing undone, with the keys from the last to the first, and mashing between."""
    r = list(_WORDS.unpack(block))
    j = 63
    for number, mixing in enumerate(_ROUNDS):
        if number:
            for i in (3, 2, 1, 0):
                r[i] = (r[i] - words[r[i - 1] & 63]) & 0xFFFF
        for _ in range(mixing):
            for i in (3, 2, 1, 0):
                turned = (r[i] >> _ROTATIONS[i] | r[i] << 16 - _ROTATIONS[i]) & 0xFFFF
                mixed = (r[i - 1] & r[i - 2]) + (~r[i - 1] & r[i - 3])
                r[i] = (turned - words[j] - mixed) & 0xFFFF
                j -= 1
    return _WORDS.pack(*r)
