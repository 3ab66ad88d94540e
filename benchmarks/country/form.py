"""A form: bytes with gaps, for what differs from one message to the next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Gap:
    """Where a value belongs."""

    name: str


class Form:
    """Fills gaps."""

    def __init__(self, parts: Iterable[bytes | Gap]) -> None:
        """In their order; with two gaps or more."""
        self._pieces: list[bytes] = [b""]
        names = []
        for part in parts:
            if isinstance(part, Gap):
                names.append(part.name)
                self._pieces += b"", b""  # what fills the gap, what follows it
            else:
                self._pieces[-1] += part
        self._filling = itemgetter(*names)

    @classmethod
    def like(cls, example: bytes, gaps: Mapping[str, bytes]) -> Self:
        """`gaps`: name → the text in the example that stands where it is to be filled in."""
        named = {text: Gap(name) for name, text in gaps.items()}
        longest_first = sorted(named, key=len, reverse=True)  # one may begin like another
        found = re.split(b"(%b)" % b"|".join(map(re.escape, longest_first)), example)
        return cls(named.get(part, part) for part in found)

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """The form with these values in its gaps; more values than gaps may be given."""
        self._pieces[1::2] = self._filling(values)
        return b"".join(self._pieces)
