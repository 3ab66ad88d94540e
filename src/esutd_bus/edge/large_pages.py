"""Memory in large pages: an interpreter goes back and forth through all of it, and finding small pages takes time."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGE: Final = 2 << 20
_MADV_HUGEPAGE: Final = 14
_MADV_COLLAPSE: Final = 25
"""From Linux 6.1: at once. (linux/mman.h)"""


def gather_in_large_pages() -> None:
    """Asks the kernel to move what this process has in memory into pages of 2 MB; one that cannot does nothing."""
    if not sys.platform.startswith("linux"):
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for begin, end in _own_memory():
        begin, end = -(-begin // _LARGE) * _LARGE, end // _LARGE * _LARGE  # noqa: PLW2901
        if begin < end:
            for advice in (_MADV_HUGEPAGE, _MADV_COLLAPSE):
                madvise(begin, end - begin, advice)


def _own_memory() -> Iterator[tuple[int, int]]:
    """Where what the process has allocated lies: written by it, and of no file."""
    for line in Path("/proc/self/maps").read_text("utf-8", "replace").splitlines():
        place, rights, _, _, _, *name = line.split(None, 5)
        if rights == "rw-p" and (not name or name[0] == "[heap]"):
            begin, end = place.split("-")
            yield int(begin, 16), int(end, 16)
