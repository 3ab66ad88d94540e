"""What the country's messages are made of: forms with gaps, whatever octets stand in them."""

from __future__ import annotations

from benchmarks.country.form import Form
from hypothesis import assume, given
from hypothesis import strategies as st

octets = st.text("%()sb", max_size=6).map(str.encode)


@given(st.lists(octets, min_size=3, max_size=3), st.lists(st.binary(), min_size=2, max_size=2))
def test_what_stands_in_the_gaps_is_exchanged_and_nothing_else(
    around: list[bytes], values: list[bytes]
) -> None:
    gaps = {"one": b"\x00%\x01", "other": b"\x00%\x01%"}
    example = around[0] + gaps["one"] + around[1] + gaps["other"] + around[2]
    assume(not around[1].startswith(b"%"))  # else it would be the other, which begins alike
    told = Form.like(example, gaps).fill({"one": values[0], "other": values[1], "more": b""})
    assert told == around[0] + values[0] + around[1] + values[1] + around[2]
