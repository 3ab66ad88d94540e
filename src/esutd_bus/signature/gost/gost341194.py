"""34.311-95 in plain Python: RFC 5831 with the S-box id-GostR3411-94-TestParamSet and a starting vector of zero.

Numbers are little-endian in octets, so RFC 5831's rightmost element, its number 1, is the lowest here.
"""

from __future__ import annotations

from typing import Final

_BLOCK: Final = 32
_MASK_32: Final = 2**32 - 1
_MASK_64: Final = 2**64 - 1
_MASK_256: Final = 2**256 - 1

_S_BOXES: Final = (
    (4, 10, 9, 2, 13, 8, 0, 14, 6, 11, 1, 12, 7, 15, 5, 3),
    (14, 11, 4, 12, 6, 13, 15, 10, 2, 3, 8, 1, 0, 7, 5, 9),
    (5, 8, 1, 13, 10, 3, 4, 2, 14, 15, 12, 7, 6, 0, 9, 11),
    (7, 13, 10, 1, 0, 8, 9, 15, 14, 4, 6, 12, 11, 2, 5, 3),
    (6, 12, 7, 1, 5, 15, 13, 8, 4, 10, 9, 14, 0, 3, 11, 2),
    (4, 11, 10, 0, 7, 2, 1, 13, 3, 6, 8, 5, 9, 12, 15, 14),
    (13, 11, 4, 1, 3, 15, 5, 9, 0, 10, 14, 7, 6, 8, 2, 12),
    (1, 15, 13, 0, 5, 7, 10, 4, 9, 2, 3, 14, 6, 11, 8, 12),
)
"""RFC 4357, 11.2: one of four bits each, the lowest four's first."""

_C3: Final = 0xFF00FFFF000000FFFF0000FF00FFFF0000FF00FF00FF00FFFF00FF00FF00FF00


def gost341194(data: bytes) -> bytes:
    """The 32 octets of the hash."""
    state = total = 0
    for start in range(0, len(data), _BLOCK):
        # The last block is filled with zeros on its high side, which is what reading it as a number does.
        block = int.from_bytes(data[start : start + _BLOCK], "little")
        state = _step(state, block)
        total = (total + block) & _MASK_256
    state = _step(state, 8 * len(data) & _MASK_256)
    return _step(state, total).to_bytes(_BLOCK, "little")


def _step(state: int, block: int) -> int:
    """χ(M, H): the state after one block."""
    encrypted = 0
    for shift, key in zip(range(0, 256, 64), _keys(state, block), strict=True):
        encrypted |= _encrypt(state >> shift & _MASK_64, key) << shift
    return _mix(state ^ _mix(block ^ _mix(encrypted, 12), 1), 61)


def _keys(state: int, block: int) -> list[int]:
    """Four keys of 256 bits."""
    u, v = state, block
    keys = [_transpose(u ^ v)]
    for constant in (0, _C3, 0):
        u = _rotate(u) ^ constant
        v = _rotate(_rotate(v))
        keys.append(_transpose(u ^ v))
    return keys


def _rotate(y: int) -> int:
    """A(y₄‖y₃‖y₂‖y₁) = (y₁ ⊕ y₂)‖y₄‖y₃‖y₂."""
    return y >> 64 | ((y ^ y >> 64) & _MASK_64) << 192


def _transpose(y: int) -> int:
    """P: four rows of eight octets become eight rows of four."""
    octets = y.to_bytes(_BLOCK, "little")
    return int.from_bytes(b"".join(octets[column::8] for column in range(8)), "little")


def _mix(y: int, times: int) -> int:
    """ψ, so many times over: a shift register of sixteen words of sixteen bits."""
    for _ in range(times):
        fed = (y ^ y >> 16 ^ y >> 32 ^ y >> 48 ^ y >> 192 ^ y >> 240) & 0xFFFF
        y = y >> 16 | fed << 240
    return y


def _encrypt(block: int, key: int) -> int:
    """GOST 28147-89 in the mode of simple substitution (RFC 5830)."""
    words = [key >> shift & _MASK_32 for shift in range(0, 256, 32)]
    low, high = block & _MASK_32, block >> 32
    for word in (*words, *words, *words, *reversed(words)):
        low, high = high ^ _round(low + word & _MASK_32), low
    return low << 32 | high


def _round(word: int) -> int:
    """Substitution, and eleven bits to the left."""
    return _T0[word & 0xFF] ^ _T1[word >> 8 & 0xFF] ^ _T2[word >> 16 & 0xFF] ^ _T3[word >> 24]


def _table(octet: int) -> list[int]:
    """What a round makes of an octet of its word, the two substitutions and the shift in one."""
    low, high = _S_BOXES[2 * octet], _S_BOXES[2 * octet + 1]
    substituted = [(high[value >> 4] << 4 | low[value & 0xF]) << 8 * octet for value in range(256)]
    return [(word << 11 | word >> 21) & _MASK_32 for word in substituted]


_T0, _T1, _T2, _T3 = (_table(octet) for octet in range(4))
