"""The octets of the journal's messages and reports as its table keeps them: Zstandard frames (RFC 8878).

Nearly all of a message is what other messages say too, so frames are made with a dictionary of this package; each names
the one it was made with, and no dictionary is ever taken away. What does not begin like a frame was recorded before
there were any, and is kept as it was: all that is written now is a frame.
"""

from __future__ import annotations

import threading
from importlib.resources import files
from typing import Any, Final

import zstandard

MAX_OCTETS: Final = 64 * 1024 * 1024
"""No frame that claims more is opened: nothing of that size can have been recorded."""

_LEVEL: Final = 1


class Unreadable(ValueError):  # noqa: N818  # a verdict on octets, not an error of the program
    """A frame that cannot be opened: its octets are not those that were written."""


class _Frames(threading.local):
    """A thread's own dictionaries, and what works with them: `zstandard` shares neither between threads safely."""

    def __init__(self) -> None:
        folder = files("esutd_bus.store") / "data"
        made = [
            zstandard.ZstdCompressionDict(file.read_bytes())
            for file in folder.iterdir()
            if file.name.endswith(".zdict")
        ]
        newest = max(made, key=zstandard.ZstdCompressionDict.dict_id)
        newest.precompute_compress(level=_LEVEL)
        self.compress: Final = zstandard.ZstdCompressor(
            level=_LEVEL, dict_data=newest, write_checksum=False
        ).compress
        self.open_by: Final = {
            one.dict_id(): zstandard.ZstdDecompressor(dict_data=one).decompress for one in made
        }
        """By the number that a frame names: the day the dictionary was made, so that the newest is the greatest."""


def compress(octets: bytes) -> bytes:
    """A frame of these octets."""
    return _frames.compress(octets)


def expand(kept: Any) -> bytes:
    """The octets that were recorded, of a column's value. Raises Unreadable."""
    octets = bytes(kept)
    if not octets.startswith(zstandard.FRAME_HEADER):
        return octets
    try:
        told = zstandard.get_frame_parameters(octets)
        if told.content_size > MAX_OCTETS:
            raise Unreadable(f"a frame claims {told.content_size} octets")
        return _frames.open_by[told.dict_id](octets, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Unreadable(str(error)) from error
    except KeyError as error:
        raise Unreadable(f"a frame names dictionary {error}, which is not here") from error


_frames = _Frames()
