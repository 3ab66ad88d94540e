"""Signing and verifying a digest (RFC 7091, 6).

The digest is read as a little-endian number; the signature is r‖s, each little-endian and of a coordinate's size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gmpy2 import invert, mpz

from esutd_bus.signature.gost.keys import generator_comb, key_comb, random_scalar
from esutd_bus.signature.gost.point import sum_of_multiples

if TYPE_CHECKING:
    from esutd_bus.signature.gost.curves import Curve
    from esutd_bus.signature.gost.keys import GostPrivateKey, GostPublicKey


def verify(key: GostPublicKey, signature: bytes, digest: bytes) -> bool:
    """Whether a signature is the digest's under the key, and has exactly its length (RFC 7091, 6.2)."""
    curve, size = key.curve, key.curve.size
    if len(signature) != 2 * size:
        return False
    r, s = (mpz(int.from_bytes(half, "little")) for half in (signature[:size], signature[size:]))
    if not (0 < r < curve.q and 0 < s < curve.q):
        return False
    v = invert(_number(curve, digest), curve.q)
    point = sum_of_multiples(
        curve, (s * v % curve.q, generator_comb(curve)), (-r * v % curve.q, key_comb(key))
    )
    return point is not None and bool(point[0] % curve.q == r)


def sign(key: GostPrivateKey, digest: bytes) -> bytes:
    """A signature of the digest (RFC 7091, 6.1). Not constant-time."""
    while True:
        r, s = _equation(key, _number(key.curve, digest), random_scalar(key.curve))
        if r and s:
            return b"".join(int(one).to_bytes(key.curve.size, "little") for one in (r, s))


def _equation(key: GostPrivateKey, e: mpz, k: mpz) -> tuple[mpz, mpz]:
    """(r, s) for one k, which must be secret and never used again; zero in either asks for another k."""
    curve = key.curve
    point = sum_of_multiples(curve, (k, generator_comb(curve)))
    r = point[0] % curve.q if point else mpz(0)
    return r, (r * key.d + k * e) % curve.q


def _number(curve: Curve, digest: bytes) -> mpz:
    """e, which is never zero (RFC 7091, 6.1, step 2)."""
    return mpz(int.from_bytes(digest, "little")) % curve.q or mpz(1)
