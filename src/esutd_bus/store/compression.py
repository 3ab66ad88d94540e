"""The octets of the journal's messages and reports as its table keeps them: Zstandard frames (RFC 8878).

Nearly all of a message is what other messages say too, so frames are made with a dictionary of this package; each names
the one it was made with, and no dictionary is ever taken away. What does not begin like a frame was recorded before
there were any, and is kept as it was: all that is written now is a frame.
"""

from __future__ import annotations

import threading
from functools import cache
from importlib.resources import files
from typing import Any, Final

import zstandard

MAX_OCTETS: Final = 64 * 1024 * 1024
"""No frame that claims more is opened: nothing of that size can have been recorded."""

_LEVEL: Final = 1


class Unreadable(ValueError):  # noqa: N818  # a verdict on octets, not an error of the program
    """A frame that cannot be opened: its octets are not those that were written."""


class _Compressor(threading.local):
    """A thread's own: it is no other's while it works."""

    def __init__(self) -> None:
        newest = _dictionaries()[max(_dictionaries())]
        newest.precompute_compress(level=_LEVEL)
        self.compress: Final = zstandard.ZstdCompressor(
            level=_LEVEL, dict_data=newest, write_checksum=False
        ).compress


class _Decompressors(threading.local):
    """A thread's own, by the dictionary's number."""

    def __init__(self) -> None:
        self.by_dictionary: Final = {
            number: zstandard.ZstdDecompressor(dict_data=one).decompress
            for number, one in _dictionaries().items()
        }


def compress(octets: bytes) -> bytes:
    """A frame of these octets."""
    return _compressor.compress(octets)


def expand(kept: Any) -> bytes:
    """The octets that were recorded, of a column's value. Raises Unreadable."""
    octets = bytes(kept)
    if not octets.startswith(zstandard.FRAME_HEADER):
        return octets
    try:
        told = zstandard.get_frame_parameters(octets)
        if told.content_size > MAX_OCTETS:
            raise Unreadable(f"a frame claims {told.content_size} octets")
        return _decompressors.by_dictionary[told.dict_id](octets, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Unreadable(str(error)) from error
    except KeyError as error:
        raise Unreadable(f"a frame names dictionary {error}, which is not here") from error


@cache
def _dictionaries() -> dict[int, zstandard.ZstdCompressionDict]:
    """By their numbers, which are the days they were made (20261126): the newest is the greatest."""
    folder = files("esutd_bus.store") / "data"
    made = [
        zstandard.ZstdCompressionDict(file.read_bytes())
        for file in folder.iterdir()
        if file.name.endswith(".zdict")
    ]
    return {one.dict_id(): one for one in made}


_compressor = _Compressor()
_decompressors = _Decompressors()
