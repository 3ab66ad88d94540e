"""The elliptic curves of the keys the national authority certifies: y² = x³ + ax + b (mod p), RFC 7091, 5.1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gmpy2 import mpz


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A curve with a point G on it that generates a subgroup of prime order."""

    name: str
    p: mpz
    """The field's prime."""

    a: mpz
    """Congruent to the standard's coefficient; where that is p - 3, the short -3 is faster."""

    b: mpz
    q: mpz
    """The order of G."""

    cofactor: int
    """How many times the subgroup fits into the curve."""

    generator: tuple[mpz, mpz]

    @property
    def size(self) -> int:
        """Octets of a coordinate."""
        return (int(self.p.bit_length()) + 7) // 8

    def contains(self, x: mpz, y: mpz) -> bool:
        """Whether an affine point with reduced coordinates is on the curve."""
        return bool(
            0 <= x < self.p and 0 <= y < self.p and (y * y - (x * x + self.a) * x - self.b) % self.p == 0
        )


TC26_512_A: Final = Curve(
    name="id-tc26-gost-3410-12-512-paramSetA",  # RFC 7836, appendix A
    p=mpz(2) ** 512 - 569,
    a=mpz(-3),
    b=mpz(
        "e8c2505dedfc86ddc1bd0b2b6667f1da34b82574761cb0e879bd081cfd0b6265"
        "ee3cb090f30d27614cb4574010da90dd862ef9d4ebee4761503190785a71c760",
        16,
    ),
    q=mpz(
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "27e69532f48d89116ff22b8d4e0560609b4b38abfad2b85dcacdb1411f10b275",
        16,
    ),
    cofactor=1,
    generator=(
        mpz(3),
        mpz(
            "7503cfe87a836ae3a61b8816e25450e6ce5e1c93acf1abc1778064fdcbefa921"
            "df1626be4fd036e93d75e6a50e3a41e98028fe5fc235f5b889a589cb5215f2a4",
            16,
        ),
    ),
)
"""Of 34.10-2015 with 512 bits."""

TC26_256_A: Final = Curve(
    name="id-tc26-gost-3410-2012-256-paramSetA",  # RFC 7836, appendix A
    p=mpz(2) ** 256 - 617,
    a=mpz("c2173f1513981673af4892c23035a27ce25e2013bf95aa33b22c656f277e7335", 16),
    b=mpz("295f9bae7428ed9ccc20e7c359a9d41a22fccd9108e17bf7ba9337a6f8ae9513", 16),
    q=mpz("400000000000000000000000000000000fd8cddfc87b6635c115af556c360c67", 16),
    cofactor=4,
    generator=(
        mpz("91e38443a5e82c0d880923425712b2bb658b9196932e02c78b2582fe742daa28", 16),
        mpz("32879423ab1a0375895786c4bb46e9565fde0b5344766740af268adb32322e5c", 16),
    ),
)
"""Of 34.10-2015 with 256 bits."""

CRYPTOPRO_A: Final = Curve(
    name="id-GostR3410-2001-CryptoPro-A-ParamSet",  # RFC 4357, 11.4
    p=mpz(2) ** 256 - 617,
    a=mpz(-3),
    b=mpz(166),
    q=mpz("ffffffffffffffffffffffffffffffff6c611070995ad10045841b09b761b893", 16),
    cofactor=1,
    generator=(mpz(1), mpz("8d91e471e0989cda27df505a453f2b7635294f2ddf23e3b122acc99c9e9f1e14", 16)),
)
"""Of 34.310-2004."""
