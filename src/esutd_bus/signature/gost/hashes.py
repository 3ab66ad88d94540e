"""The GOST hash functions, from libgcrypt or in plain Python, whichever proves itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from esutd_bus.signature.gost import libgcrypt
from esutd_bus.signature.gost.gost341194 import gost341194
from esutd_bus.signature.gost.streebog import streebog_256, streebog_512

if TYPE_CHECKING:
    from collections.abc import Callable

_SUPPOSED: Final = b"Suppose the original message has length = 50 bytes"
_IGOR: Final = "Се ветри, Стрибожи внуци, веютъ с моря стрелами на храбрыя плъкы Игоревы".encode("cp1251")
"""Messages of RFC 5831, 7.3.2, and RFC 6986, 10.2: both are longer than a block."""


@dataclass(frozen=True, slots=True)
class GostHash:
    """A hash function. Call it with octets."""

    name: str
    digest: Callable[[bytes], bytes]
    implementation: str
    """`libgcrypt` or `python`, which is slower by two orders."""

    def __call__(self, data: bytes) -> bytes:
        """The digest's octets, as DigestValue bears them."""
        return self.digest(data)


def choose(
    name: str, python: Callable[[bytes], bytes], native: int, message: bytes, expected: str
) -> GostHash:
    """The native function where it is present and answers a known question rightly, else the Python one."""
    size = len(expected) // 2
    digest = libgcrypt.hash_function(native, size)
    if digest is not None and digest(message).hex() == expected:
        return GostHash(name, digest, "libgcrypt")
    return GostHash(name, python, "python")


STREEBOG_512: Final = choose(
    "Streebog-512",
    streebog_512,
    libgcrypt.STREEBOG_512,
    _IGOR,
    "1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376"
    "035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28",
)
STREEBOG_256: Final = choose(
    "Streebog-256",
    streebog_256,
    libgcrypt.STREEBOG_256,
    _IGOR,
    "9dd2fe4e90409e5da87f53976d7405b0c0cac628fc669a741d50063c557e8f50",
)
GOST_34_311_95: Final = choose(
    "34.311-95",
    gost341194,
    libgcrypt.GOST_34_11_94,
    _SUPPOSED,
    "471aba57a60a770d3a76130635c1fbea4ef14de51f78b4ae57dd893b62f55208",
)
