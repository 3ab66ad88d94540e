"""GOST keys and their octets: coordinates and scalars are little-endian (RFC 9215, 4.3)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

from gmpy2 import mpz

from esutd_bus.signature.gost.curves import Curve
from esutd_bus.signature.gost.point import Comb, has_prime_order, sum_of_multiples

CACHED_COMBS: Final = 2048
"""Keys whose multiples are remembered, those used last; some 33 MB when all are of 512 bits."""

KEY_TEETH: Final = 4
"""Of a key's comb, whose making is part of the first verification: 32 points for 512 bits, 16 KB."""

GENERATOR_TEETH: Final = 8
"""Of a generator's, which is made once: 256 points for 512 bits."""


@dataclass(frozen=True, slots=True)
class GostPublicKey:
    """A point Q of the curve's subgroup, Q ≠ 0. Raises `ValueError` for anything else (RFC 7091, 5.2)."""

    curve: Curve
    x: mpz
    y: mpz

    def __post_init__(self) -> None:
        """Refuse what is no public key."""
        if not self.curve.contains(self.x, self.y):
            raise ValueError(f"the key's point is not on {self.curve.name}")
        if not has_prime_order(self.curve, (self.x, self.y)):
            raise ValueError(f"the key's point is not in the subgroup of {self.curve.name}")

    @classmethod
    def from_octets(cls, curve: Curve, octets: bytes) -> GostPublicKey:
        """The key from x‖y."""
        size = curve.size
        if len(octets) != 2 * size:
            raise ValueError(f"a key of {curve.name} has {2 * size} octets, not {len(octets)}")
        x, y = (mpz(int.from_bytes(half, "little")) for half in (octets[:size], octets[size:]))
        return cls(curve, x, y)

    def to_octets(self) -> bytes:
        """x‖y."""
        return b"".join(int(one).to_bytes(self.curve.size, "little") for one in (self.x, self.y))


@dataclass(frozen=True)
class GostPrivateKey:
    """A scalar 0 < d < q. Raises `ValueError` for any other (RFC 7091, 5.2)."""

    curve: Curve
    d: mpz = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what is no private key."""
        if not 0 < self.d < self.curve.q:
            raise ValueError(f"no private key of {self.curve.name}")

    @classmethod
    def generate(cls, curve: Curve) -> GostPrivateKey:
        """A new key."""
        return cls(curve, random_scalar(curve))

    @cached_property
    def public_key(self) -> GostPublicKey:
        """Q = dG."""
        point = sum_of_multiples(self.curve, (self.d, generator_comb(self.curve)))
        if point is None:  # G has the order q, and 0 < d < q
            raise AssertionError
        return GostPublicKey(self.curve, *point)


def random_scalar(curve: Curve) -> mpz:
    """0 < k < q, each alike likely: drawn by the operating system, and drawn again when it is out of range."""
    return mpz(secrets.randbelow(int(curve.q) - 1) + 1)


@lru_cache(CACHED_COMBS)
def key_comb(key: GostPublicKey) -> Comb:
    """The key's point ready to be multiplied; remembered, for most signers come again."""
    return Comb(key.curve, (key.x, key.y), KEY_TEETH)


@lru_cache(None)
def generator_comb(curve: Curve) -> Comb:
    """G ready to be multiplied."""
    return Comb(curve, curve.generator, GENERATOR_TEETH)
