"""Points of a curve, and sums of their multiples.

A point is affine (x, y), or Jacobian (X, Y, Z) with x = X/Z², y = Y/Z³, where Z = 0 is the point at infinity
(Hankerson, Menezes, Vanstone, «Guide to Elliptic Curve Cryptography», 3.2.2). Jacobian points are for sums that wait
for each other. Those that do not are taken of affine points together, at half the price: they share one inversion
(Montgomery's trick; the same book, algorithm 2.26).
"""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Final

from gmpy2 import invert, mpz

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from esutd_bus.signature.gost.curves import Curve

    Affine = tuple[mpz, mpz]
    Jacobian = tuple[mpz, mpz, mpz]

COLUMNS: Final = 32
"""Of every comb: so many doublings a sum of multiples takes. With fewer, tables are larger."""

_INFINITY: Final = (mpz(1), mpz(1), mpz(0))
_BITS: Final = bytes.maketrans(b"01", b"\0\1")


class Comb:
    """A base point, of the curve's prime order, made ready to be multiplied.

    An odd number between -2ⁿ and 2ⁿ is a sum of all of 1, 2, 4 … 2ⁿ⁻¹, each with a sign of its own. The signs are
    written in rows of `COLUMNS`, the rows bound in blocks of so many teeth, and a block's table holds what the signs
    in a column of it can add, of two opposite points one. (Lim, Lee, «More Flexible Exponentiation with
    Precomputation», 1994; signs in place of bits: Hamburg, «Fast and compact elliptic-curve cryptography», 2012.)

    No two points that are added to make a table are equal or opposite, whatever the base: the order divides neither
    the difference nor the sum of the multiples of it that they are.
    """

    __slots__ = ("_order", "_tables", "_teeth")

    def __init__(self, curve: Curve, base: Affine, teeth: int) -> None:
        self._order = curve.q
        self._teeth = teeth
        blocks = -(-int(curve.q.bit_length()) // (COLUMNS * teeth))
        doubled = [(*base, mpz(1))]
        for _ in range(COLUMNS * (blocks * teeth - 1) + 1):
            doubled.append(_double(curve, doubled[-1]))
        rows, twice = _to_affine(curve, doubled[::COLUMNS]), _to_affine(curve, doubled[1::COLUMNS])
        # One sum a block, of its rows with all signs negative but the last; then more, with one more sign turned.
        sums = rows[teeth - 1 :: teeth]
        for tooth in range(teeth - 1):
            sums = _add_all(curve, sums, [_opposite(row) for row in rows[tooth::teeth]])
        for tooth in range(teeth - 1):
            sums += _add_all(curve, sums, twice[tooth::teeth] * 2**tooth)
        self._tables: Sequence[Sequence[Affine]] = [sums[block::blocks] for block in range(blocks)]

    def summands(self, scalar: mpz) -> Iterator[list[Affine]]:
        """For each table what it adds in each column, the highest column first."""
        odd = int(scalar if scalar % 2 else scalar - self._order)
        n = COLUMNS * self._teeth * len(self._tables)
        # A bit is set where the sign is positive, and stands in an octet of its own.
        signs = f"{(odd + 2**n - 1) // 2:0{n}b}".encode().translate(_BITS)
        rows = (int.from_bytes(signs[start : start + COLUMNS], "big") for start in range(0, n, COLUMNS))
        for table in reversed(self._tables):
            octets = 0
            for _ in range(self._teeth):
                octets = 2 * octets + next(rows)
            half = len(table)
            yield [
                table[signs - half] if signs >= half else _opposite(table[~signs])
                for signs in octets.to_bytes(COLUMNS, "big")
            ]


def sum_of_multiples(curve: Curve, *terms: tuple[mpz, Comb]) -> Affine | None:
    """k₁P₁ + k₂P₂ + … for scalars 0 ≤ k < q; nothing when it is the point at infinity."""
    rows = [row for scalar, comb in terms for row in comb.summands(scalar)]
    with suppress(ZeroDivisionError):  # whoever chooses a key can arrange for points to meet
        rows = [_sum_columns(curve, rows)]
    total = _INFINITY
    for column in zip(*rows, strict=True):
        total = _double(curve, total)
        for point in column:
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


def _sum_columns(curve: Curve, rows: Sequence[list[Affine]]) -> list[Affine]:
    """The sum of each column, halving the rows. Raises `ZeroDivisionError` as `_add_all` does."""
    while len(rows) > 1:
        half = len(rows) // 2
        lower, upper = chain(*rows[:half]), chain(*rows[half : 2 * half])
        sums = _add_all(curve, list(lower), list(upper))
        rows = [*(sums[start : start + COLUMNS] for start in range(0, len(sums), COLUMNS)), *rows[2 * half :]]
    return rows[0]


def _add_all(curve: Curve, points: Sequence[Affine], others: Sequence[Affine]) -> list[Affine]:
    """Each P + Q. Raises `ZeroDivisionError` where any two are equal or opposite."""
    p = curve.p
    pairs = zip(points, others, strict=True)
    inverses = _inverses(p, [x2 - x1 for (x1, _), (x2, _) in pairs])
    sums = []
    for (x1, y1), (x2, y2), inverse in zip(points, others, inverses, strict=True):
        slope = (y2 - y1) * inverse % p
        x3 = (slope * slope - x1 - x2) % p
        sums.append((x3, (slope * (x1 - x3) - y1) % p))
    return sums


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


def _opposite(point: Affine) -> Affine:
    return point[0], -point[1]


def _to_affine(curve: Curve, points: Sequence[Jacobian]) -> list[Affine]:
    """Finite points."""
    p = curve.p
    affine = []
    for (x, y, _), inverse in zip(points, _inverses(p, [z for _, _, z in points]), strict=True):
        square = inverse * inverse % p
        affine.append((x * square % p, y * square * inverse % p))
    return affine


def _inverses(p: mpz, numbers: Sequence[mpz]) -> list[mpz]:
    """The inverse of each. Raises `ZeroDivisionError` where one has none."""
    products = [mpz(1)]
    for number in numbers:
        products.append(products[-1] * number % p)
    inverse = invert(products.pop(), p)
    inverses: list[mpz] = []
    for number, product in zip(reversed(numbers), reversed(products), strict=True):
        inverses.append(inverse * product % p)
        inverse = inverse * number % p
    return inverses[::-1]
