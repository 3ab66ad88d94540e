"""A form: bytes with gaps, made of an example and the texts in it that differ from one message to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Form:
    """Fills gaps."""

    def __init__(self, example: bytes, gaps: Mapping[str, bytes]) -> None:
        """`gaps`: name → the text in the example that stands where it is to be filled in."""
        form = example.replace(b"%", b"%%")
        # The longest first: one may be part of another.
        for name, text in sorted(gaps.items(), key=lambda gap: -len(gap[1])):
            form = form.replace(text.replace(b"%", b"%%"), b"%%(%b)b" % name.encode())
        self._form = form

    def fill(self, values: Mapping[bytes, bytes]) -> bytes:
        """The example with these values in its gaps; more values than gaps may be given."""
        return self._form % values
