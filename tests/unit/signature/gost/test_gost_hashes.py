"""Hashes: the standards' examples, in Python and in libgcrypt, and which of the two is chosen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esutd_bus.signature.gost import hashes, libgcrypt
from esutd_bus.signature.gost.gost341194 import gost341194
from esutd_bus.signature.gost.hashes import GOST_34_311_95, STREEBOG_256, STREEBOG_512
from esutd_bus.signature.gost.streebog import streebog_256, streebog_512

Hash = Callable[[bytes], bytes]

IGOR = "Се ветри, Стрибожи внуци, веютъ с моря стрелами на храбрыя плъкы Игоревы".encode("cp1251")

VECTORS = [
    # RFC 6986, 10.1 and 10.2; the RFC prints the highest octet first.
    ("streebog_512", b"0123456789" * 6 + b"012",
     ("1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa"
      "00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48")),
    ("streebog_256", b"0123456789" * 6 + b"012",
     "9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500"),
    ("streebog_512", IGOR,
     ("1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376"
      "035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28")),
    ("streebog_256", IGOR,
     "9dd2fe4e90409e5da87f53976d7405b0c0cac628fc669a741d50063c557e8f50"),
    ("streebog_512", b"",
     ("8e945da209aa869f0455928529bcae4679e9873ab707b55315f56ceb98bef0a7"
      "362f715528356ee83cda5f2aac4c6ad2ba3a715c1bcd81cb8e9f90bf4c1c1a8a")),
    ("streebog_256", b"",
     "3f539a213e97c802cc229d474c6aa32a825a360b2a933a949fd925208d9ce1bb"),
    # RFC 5831, 7.3.
    ("gost341194", b"This is message, length=32 bytes",
     "b1c466d37519b82e8319819ff32595e047a28cb6f83eff1c6916a815a637fffa"),
    ("gost341194", b"Suppose the original message has length = 50 bytes",
     "471aba57a60a770d3a76130635c1fbea4ef14de51f78b4ae57dd893b62f55208"),
    ("gost341194", b"", "ce85b99cc46752fffee35cab9a7b0278abb4c2d2055cff685af4912c49490f8d"),
]  # fmt: skip

PYTHON: dict[str, Hash] = {
    "streebog_512": streebog_512,
    "streebog_256": streebog_256,
    "gost341194": gost341194,
}
NUMBERS = {
    "streebog_512": (libgcrypt.STREEBOG_512, 64),
    "streebog_256": (libgcrypt.STREEBOG_256, 32),
    "gost341194": (libgcrypt.GOST_34_11_94, 32),
}


@pytest.mark.parametrize(("name", "message", "digest"), VECTORS)
def test_python_gives_the_standards_examples(name: str, message: bytes, digest: str) -> None:
    assert PYTHON[name](message).hex() == digest


@pytest.mark.parametrize(("name", "message", "digest"), VECTORS)
def test_libgcrypt_gives_the_standards_examples(name: str, message: bytes, digest: str) -> None:
    assert native(name)(message).hex() == digest


@pytest.mark.parametrize("name", PYTHON)
@settings(max_examples=40, deadline=None)
@given(message=st.binary(max_size=300))
def test_python_and_libgcrypt_agree(name: str, message: bytes) -> None:
    assert PYTHON[name](message) == native(name)(message)


@pytest.mark.parametrize("name", PYTHON)
def test_python_and_libgcrypt_agree_where_sums_of_blocks_overflow(name: str) -> None:
    message = bytes(range(256)) * 4 + b"\xff" * 200
    assert PYTHON[name](message) == native(name)(message)


def test_each_hash_tells_which_implementation_is_in_use() -> None:
    for chosen, name in (
        (STREEBOG_512, "streebog_512"),
        (STREEBOG_256, "streebog_256"),
        (GOST_34_311_95, "gost341194"),
    ):
        present = libgcrypt.hash_function(*NUMBERS[name]) is not None
        assert chosen.implementation == ("libgcrypt" if present else "python")
        assert chosen(b"\x00\x01") == PYTHON[name](b"\x00\x01")


@pytest.mark.parametrize(
    "found", [lambda _data: bytes(32), None], ids=["a library that answers wrongly", "no library"]
)
def test_python_takes_the_place_of(found: Hash | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libgcrypt, "hash_function", lambda _algorithm, _size: found)
    chosen = hashes.choose("34.311-95", gost341194, libgcrypt.GOST_34_11_94, b"", gost341194(b"").hex())
    assert chosen.implementation == "python"
    assert chosen.digest is gost341194


def test_an_absent_library_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libgcrypt, "_LIBRARY", "libgcrypt-of-no-such-version.so")
    libgcrypt._library.cache_clear()
    try:
        assert libgcrypt.hash_function(libgcrypt.STREEBOG_512, 64) is None
    finally:
        libgcrypt._library.cache_clear()


def test_an_algorithm_that_the_library_lacks_is_not_called() -> None:
    assert libgcrypt.hash_function(9999, 32) is None


def native(name: str) -> Hash:
    function = libgcrypt.hash_function(*NUMBERS[name])
    if function is None:
        pytest.skip("libgcrypt is not here, or lacks the algorithm")
    return function
