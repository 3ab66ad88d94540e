"""Points of a curve, and sums of their multiples.

A point is affine (x, y), or Jacobian (X, Y, Z) with x = X/Z², y = Y/Z³, where Z = 0 is the point at infinity
(Hankerson, Menezes, Vanstone, «Guide to Elliptic Curve Cryptography», 3.2.2).

Multiples are taken by the comb of Lim and Lee (the same book, algorithm 3.44): a scalar is cut into rows of equal
length, and the table holds the sum of the base's multiples for each column of bits that the rows can show.
A table costs about as much as one multiplication without it, so it pays from the second on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gmpy2 import invert, mpz

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from esutd_bus.signature.gost.curves import Curve

    Affine = tuple[mpz, mpz]
    Jacobian = tuple[mpz, mpz, mpz]

ROWS: Final = 6
"""Of a comb. One more saves a seventh of a multiplication, and doubles the table (63 points here)."""

_INFINITY: Final = (mpz(1), mpz(1), mpz(0))


class Comb:
    """A base point, of the curve's prime order, made ready to be multiplied.

    No sum in the table is the point at infinity: it would be a multiple of the order, which has no such bits.
    """

    __slots__ = ("_table", "_width")

    def __init__(self, curve: Curve, base: Affine) -> None:
        self._width = -(-int(curve.q.bit_length()) // ROWS)
        shifted = [(*base, mpz(1))]
        for _ in range(ROWS - 1):
            point = shifted[-1]
            for _ in range(self._width):
                point = _double(curve, point)
            shifted.append(point)
        sums = [_INFINITY]
        for row in _to_affine(curve, shifted):
            sums += [_add(curve, point, row) for point in sums]
        # The first stands for no bit at all, and is never looked up.
        self._table: Sequence[Affine] = [base, *_to_affine(curve, sums[1:])]

    def columns(self, scalar: mpz) -> Iterator[Affine | None]:
        """What each doubling is followed by, the highest bits first; nothing where a column has no bit."""
        bits = f"{int(scalar):0{ROWS * self._width}b}"
        rows = (bits[start : start + self._width] for start in range(0, len(bits), self._width))
        for column in zip(*rows, strict=True):
            index = int("".join(column), 2)
            yield self._table[index] if index else None


def sum_of_multiples(curve: Curve, *terms: tuple[mpz, Comb]) -> Affine | None:
    """k₁P₁ + k₂P₂ + … for scalars 0 ≤ k < q; nothing when it is the point at infinity."""
    total = _INFINITY
    for column in zip(*(comb.columns(scalar) for scalar, comb in terms), strict=True):
        total = _double(curve, total)
        for point in column:
            if point is not None:
                total = _add(curve, total, point)
    return _to_affine(curve, [total])[0] if total[2] else None


def has_prime_order(curve: Curve, point: Affine) -> bool:
    """Whether a point of the curve is in the subgroup that signatures live in."""
    if curve.cofactor == 1:
        return True
    total = _INFINITY
    for bit in f"{int(curve.q):b}":
        total = _double(curve, total)
        if bit == "1":
            total = _add(curve, total, point)
    return not total[2]


def _double(curve: Curve, point: Jacobian) -> Jacobian:
    """2P; infinity stays infinity, for Z₃ is a multiple of Z₁."""
    p = curve.p
    x, y, z = point
    yy = y * y % p
    zz = z * z % p
    s = 4 * x * yy % p
    m = (3 * x * x + curve.a * zz * zz) % p
    x3 = (m * m - 2 * s) % p
    return x3, (m * (s - x3) - 8 * yy * yy) % p, 2 * y * z % p


def _add(curve: Curve, point: Jacobian, other: Affine) -> Jacobian:
    """P + Q, with Q affine."""
    p = curve.p
    x1, y1, z1 = point
    x2, y2 = other
    if not z1:
        return x2, y2, mpz(1)
    zz = z1 * z1 % p
    h = (x2 * zz - x1) % p
    r = (y2 * (z1 * zz % p) - y1) % p
    if not h:
        return _INFINITY if r else _double(curve, point)
    hh = h * h % p
    hhh = h * hh % p
    v = x1 * hh % p
    x3 = (r * r - hhh - 2 * v) % p
    return x3, (r * (v - x3) - y1 * hhh) % p, z1 * h % p


def _to_affine(curve: Curve, points: Sequence[Jacobian]) -> list[Affine]:
    """Finite points at the price of one inversion (Montgomery's trick; the same book, algorithm 2.26)."""
    p = curve.p
    products = [mpz(1)]
    for _, _, z in points:
        products.append(products[-1] * z % p)
    inverse = invert(products.pop(), p)
    affine = []
    for (x, y, z), product in zip(reversed(points), reversed(products), strict=True):
        z_inverse = inverse * product % p
        zz_inverse = z_inverse * z_inverse % p
        affine.append((x * zz_inverse % p, y * zz_inverse * z_inverse % p))
        inverse = inverse * z % p
    return affine[::-1]
