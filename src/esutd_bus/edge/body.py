"""The body of a request within its limits."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from esutd_bus.edge.refused import Refused

if TYPE_CHECKING:
    from esutd_bus.edge.capacity import Capacity
    from esutd_bus.edge.head import RequestHead

DISCARDED_BYTES = 8 * 1024 * 1024
"""How much of a body beyond its limit is still read, and thrown away: a client that is still sending does not
read an answer, and would see a broken connection instead of SCSE999."""

_LENGTH = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Large:
    """Room for bodies that are larger than usual: few at once, so that half-sent ones do not fill the memory."""

    beyond: int
    """In bytes: what is larger needs a place."""

    capacity: Capacity


class Body:
    """A body as it comes in, piece by piece, of at most `limit` bytes.

    Within a `with`, `feed` the pieces, then `whole`; `truncated` and `late` say what else may end a body.
    """

    def __init__(self, head: RequestHead, limit: int, large: Large | None = None) -> None:
        """`limit` in bytes; `large`: where there is room for one that is larger than usual.

        Raises:
            Refused: 400, Content-Length is no length; 413, it is too large and reading on would help nobody.
        """
        self._limit = limit
        self._large = large
        self._room = ExitStack()
        self._crowded: Refused | None = None
        self._pieces: list[bytes] = []
        self._received = 0
        self._declared = None if head.chunked else _declared_length(head)
        if self.too_large and (head.expects_continue or self.remaining > limit + DISCARDED_BYTES):
            raise self._too_large()

    def __enter__(self) -> Self:
        """The body itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leaves the room that it took."""
        self._room.close()

    @property
    def too_large(self) -> bool:
        """Whether the limit is passed, by what was said or by what came."""
        return max(self._received, self._declared or 0) > self._limit

    @property
    def remaining(self) -> int:
        """How many bytes may still come: what the Content-Length leaves, or what is worth reading."""
        if self._declared is not None:
            return max(self._declared - self._received, 0)
        return self._limit + DISCARDED_BYTES - self._received

    def feed(self, piece: bytes) -> None:
        """The next piece.

        Raises:
            Refused: 413, there is no end in sight.
        """
        self._received += len(piece)
        self._take_room()
        if not self.too_large and self._crowded is None:
            self._pieces.append(piece)
            return
        self._pieces.clear()
        if self._received > self._limit + DISCARDED_BYTES:
            raise self._too_large()

    def _take_room(self) -> None:
        """Once, as soon as the body is larger than usual."""
        if self._large is not None and self._received > self._large.beyond:
            large, self._large = self._large, None
            try:
                self._room.enter_context(large.capacity.place())
            except Refused as refused:
                self._crowded = refused

    def whole(self) -> bytes:
        """The body, ended as HTTP says it ends.

        Raises:
            Refused: 413 (SCSE999), longer than the limit; 400, shorter than its Content-Length; 503 (ESB009), no
                room for so large a one.
        """
        if self.too_large:
            raise self._too_large()
        if self._crowded is not None:
            raise self._crowded
        if self._declared is not None and self._received != self._declared:
            raise self.truncated()
        return b"".join(self._pieces)

    def truncated(self) -> Refused:
        """The connection ended, or the chunks broke off, before the body did."""
        return Refused(400, "ESB001", "the body ended before its end")

    def late(self, seconds: float) -> Refused:
        """The body did not come in time: what is known of it by then decides the answer."""
        if self.too_large:
            return self._too_large()
        return self._crowded or Refused(408, "ESB009", f"the body did not come within {seconds:g} seconds")

    def _too_large(self) -> Refused:
        return too_large(self._limit)


def too_large(limit: int) -> Refused:
    """A body beyond its limit in bytes."""
    return Refused(413, "SCSE999", f"the body is larger than {limit} bytes")


def _declared_length(head: RequestHead) -> int | None:
    if head.content_length is None:
        return None
    # The same length said twice is one length (RFC 9110 8.6).
    lengths = {length.strip() for length in head.content_length.split(",")}
    length = lengths.pop()
    if lengths or not _LENGTH.fullmatch(length):
        raise Refused(400, "ESB002", "Content-Length is not a length")
    return int(length)
