"""The curves' parameters are what RFC 7091, 5.2, asks of them, and the arithmetic agrees with a textbook's."""

from __future__ import annotations

from itertools import product

import gmpy2
import pytest
import textbook
from hypothesis import given, settings
from hypothesis import strategies as st

from esutd_bus.signature.gost.curves import CRYPTOPRO_A, TC26_256_A, TC26_512_A, Curve
from esutd_bus.signature.gost.keys import GENERATOR_TEETH, KEY_TEETH
from esutd_bus.signature.gost.point import COLUMNS, Comb, has_prime_order, sum_of_multiples

CURVES = pytest.mark.parametrize("curve", [TC26_512_A, TC26_256_A, CRYPTOPRO_A], ids=lambda curve: curve.name)
TEETH = pytest.mark.parametrize("teeth", [KEY_TEETH, GENERATOR_TEETH])


@CURVES
def test_the_parameters_make_a_curve_that_can_be_signed_on(curve: Curve) -> None:
    p, q = curve.p, curve.q
    assert gmpy2.is_prime(p, 50)
    assert gmpy2.is_prime(q, 50)
    assert p != q
    # The curve has no singular point, and is none of the two special ones (J = 0, J = 1728).
    assert (4 * curve.a**3 + 27 * curve.b**2) % p
    assert curve.a % p
    assert curve.b % p
    # The count of points lies where Hasse says; a wrong cofactor or order does not.
    assert abs(p + 1 - curve.cofactor * q) <= 2 * gmpy2.isqrt(p) + 1
    # No small extension of the field makes logarithms easy.
    degree = 31 if curve.size == 32 else 131
    assert all(gmpy2.powmod(p, power, q) != 1 for power in range(1, degree + 1))


@CURVES
def test_the_generator_is_on_its_curve_and_has_the_order(curve: Curve) -> None:
    assert curve.contains(*curve.generator)
    assert textbook.multiply(curve, int(curve.q), textbook.generator(curve)) is None


@CURVES
@TEETH
def test_no_two_points_added_to_make_a_comb_are_equal_or_opposite(curve: Curve, teeth: int) -> None:
    """Which multiples of its base they are, the base does not matter to."""
    blocks = -(-int(curve.q.bit_length()) // (COLUMNS * teeth))
    for block in range(blocks):
        rows = [2 ** (COLUMNS * (block * teeth + tooth)) for tooth in range(teeth)]
        sums, added = [rows[-1]], []
        for row in rows[:-1]:
            added += [(sums[0], -row)]
            sums = [sums[0] - row]
        for row in rows[:-1]:
            added += [(one, 2 * row) for one in sums]
            sums += [one + 2 * row for one in sums]
        assert len(set(sums)) == 2 ** (teeth - 1)
        assert all((one - other) % curve.q and (one + other) % curve.q for one, other in added)


@CURVES
def test_a_coordinate_is_not_accepted_unless_it_is_reduced(curve: Curve) -> None:
    x, y = curve.generator
    assert not curve.contains(x + curve.p, y)
    assert not curve.contains(x, y - curve.p)
    assert not curve.contains(x, y + 1)


@CURVES
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_sums_of_multiples_agree_with_the_textbook(curve: Curve, data: st.DataObject) -> None:
    q = int(curve.q)
    scalars = st.one_of(st.integers(0, q - 1), st.sampled_from([0, 1, 2, q - 2, q - 1]))
    secret = data.draw(st.integers(1, q - 1))
    k1, k2 = data.draw(scalars), data.draw(scalars)
    g = textbook.generator(curve)
    point = textbook.multiply(curve, secret, g)
    assert point is not None
    combs = (
        Comb(curve, curve.generator, GENERATOR_TEETH),
        Comb(curve, (gmpy2.mpz(point[0]), gmpy2.mpz(point[1])), KEY_TEETH),
    )
    expected = textbook.add(curve, textbook.multiply(curve, k1, g), textbook.multiply(curve, k2, point))
    assert sum_of_multiples(curve, (gmpy2.mpz(k1), combs[0]), (gmpy2.mpz(k2), combs[1])) == expected


@CURVES
@TEETH
@pytest.mark.parametrize("k", [1, 2, 3, 2**100, 2**200 + 1])
def test_points_that_meet_are_doubled_and_points_that_oppose_vanish(curve: Curve, teeth: int, k: int) -> None:
    comb = Comb(curve, curve.generator, teeth)
    scalar = gmpy2.mpz(k)
    doubled = textbook.multiply(curve, 2 * k, textbook.generator(curve))
    assert sum_of_multiples(curve, (scalar, comb), (scalar, comb)) == doubled
    assert sum_of_multiples(curve, (scalar, comb), (curve.q - scalar, comb)) is None


@CURVES
def test_a_key_that_is_a_small_multiple_of_the_generator_is_as_good_as_any(curve: Curve) -> None:
    """Its signer can make points meet in some columns and not in others."""
    generator = Comb(curve, curve.generator, KEY_TEETH)
    for multiple, k1, k2 in product((1, 2, 2**COLUMNS), (1, 3, 2**33 + 5), (1, 5, int(curve.q) - 7)):
        point = textbook.multiply(curve, multiple, textbook.generator(curve))
        assert point is not None
        comb = Comb(curve, (gmpy2.mpz(point[0]), gmpy2.mpz(point[1])), KEY_TEETH)
        expected = textbook.multiply(curve, (k1 + multiple * k2) % int(curve.q), textbook.generator(curve))
        assert sum_of_multiples(curve, (gmpy2.mpz(k1), generator), (gmpy2.mpz(k2), comb)) == expected


def test_a_point_outside_the_subgroup_is_known() -> None:
    """Only the curve with a cofactor has any."""
    outside = textbook.outside_the_subgroup(TC26_256_A)
    of_small_order = textbook.multiply(TC26_256_A, int(TC26_256_A.q), outside)
    assert of_small_order is not None
    for x, y in (outside, of_small_order):
        assert TC26_256_A.contains(gmpy2.mpz(x), gmpy2.mpz(y))
        assert not has_prime_order(TC26_256_A, (gmpy2.mpz(x), gmpy2.mpz(y)))
    assert has_prime_order(TC26_256_A, TC26_256_A.generator)
