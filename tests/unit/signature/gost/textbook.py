"""Elliptic curves as a textbook adds points: slow, plain, and nothing in common with what is tested."""

from __future__ import annotations

from esutd_bus.signature.gost.curves import Curve

Point = tuple[int, int] | None


def add(curve: Curve, left: Point, right: Point) -> Point:
    if left is None or right is None:
        return left or right
    p = int(curve.p)
    (x1, y1), (x2, y2) = left, right
    if x1 == x2:
        if (y1 + y2) % p == 0:
            return None
        slope = (3 * x1 * x1 + int(curve.a)) * pow(2 * y1, -1, p)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, p)
    x3 = (slope * slope - x1 - x2) % p
    return x3, (slope * (x1 - x3) - y1) % p


def multiply(curve: Curve, scalar: int, point: Point) -> Point:
    total: Point = None
    for bit in f"{scalar:b}":
        total = add(curve, total, total)
        if bit == "1":
            total = add(curve, total, point)
    return total


def generator(curve: Curve) -> Point:
    return int(curve.generator[0]), int(curve.generator[1])


def outside_the_subgroup(curve: Curve) -> tuple[int, int]:
    """A point of a curve with a cofactor that is no multiple of the generator."""
    p = int(curve.p)
    assert p % 4 == 3  # so square roots are easy
    for x in range(p):
        square = (x**3 + int(curve.a) * x + int(curve.b)) % p
        y = pow(square, (p + 1) // 4, p)
        if y * y % p == square and multiply(curve, int(curve.q), (x, y)) is not None:
            return x, y
    raise AssertionError
