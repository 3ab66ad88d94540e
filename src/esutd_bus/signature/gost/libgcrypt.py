"""The GOST hashes of libgcrypt, called where the library is present."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

GOST_34_11_94: Final = 308
"""`GCRY_MD_GOSTR3411_94`: with the S-box id-GostR3411-94-TestParamSet."""

STREEBOG_256: Final = 309
"""`GCRY_MD_STRIBOG256`."""

STREEBOG_512: Final = 310
"""`GCRY_MD_STRIBOG512`."""

_LIBRARY: Final = "libgcrypt.so.20"
_INITIALIZATION_FINISHED: Final = 38
_TEST_ALGORITHM: Final = 8


def hash_function(algorithm: int, size: int) -> Callable[[bytes], bytes] | None:
    """A function that hashes octets to so many; nothing where the library lacks the algorithm, or is not here.

    The function lets other threads run while it works.
    """
    library = _library()
    # Where the machine's policy (FIPS) forbids an algorithm, hashing with it would end the process.
    if library is None or library.gcry_md_algo_info(algorithm, _TEST_ALGORITHM, None, None):
        return None
    hash_buffer = library.gcry_md_hash_buffer

    def digest(data: bytes) -> bytes:
        octets = ctypes.create_string_buffer(size)
        hash_buffer(algorithm, octets, data, len(data))
        return octets.raw

    return digest


@cache
def _library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return None
    library.gcry_check_version.argtypes = [ctypes.c_char_p]
    library.gcry_check_version.restype = ctypes.c_char_p
    library.gcry_md_algo_info.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    library.gcry_md_hash_buffer.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
    library.gcry_md_hash_buffer.restype = None
    # The manual's order: the version is asked first, and that makes the library ready.
    if library.gcry_check_version(None) is None:
        return None
    library.gcry_control(_INITIALIZATION_FINISHED, 0)
    return library
