from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutd_bus.edge.body import DISCARDED_BYTES, Body, Large
from esutd_bus.edge.capacity import Capacity
from esutd_bus.edge.head import RequestHead
from esutd_bus.edge.refused import Refused

LIMIT = 100


def body(length: int | str | None = None, **headers: str) -> Body:
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    if length is not None:
        lines["content-length"] = str(length)
    return Body(RequestHead("POST", "/", "", lines), LIMIT)


@given(st.lists(st.binary(max_size=40), max_size=8), st.sampled_from(["declared", "chunked", "bare"]))
def test_what_comes_is_whole_or_too_large(pieces: list[bytes], framing: str) -> None:
    sent = b"".join(pieces)
    framed = {"declared": body(len(sent)), "chunked": body(transfer_encoding="chunked"), "bare": body()}
    received = framed[framing]
    for piece in pieces:
        received.feed(piece)
    if len(sent) > LIMIT:
        with pytest.raises(Refused) as refused:
            received.whole()
        assert (refused.value.status, refused.value.code) == (413, "SCSE999")
    else:
        assert received.whole() == sent


@given(st.binary(max_size=LIMIT), st.integers(0, LIMIT))
def test_a_length_that_lies_is_told(sent: bytes, declared: int) -> None:
    received = body(declared)
    received.feed(sent)
    if len(sent) == declared:
        assert received.whole() == sent
    else:
        with pytest.raises(Refused) as refused:
            received.whole()
        assert (refused.value.status, refused.value.code) == (400, "ESB001")


def test_exactly_the_limit_is_taken() -> None:
    received = body(LIMIT)
    received.feed(b"x" * LIMIT)
    assert len(received.whole()) == LIMIT


def test_too_much_said_is_still_read_so_that_the_client_reads_us() -> None:
    received = body(LIMIT + 1)
    assert received.remaining == LIMIT + 1
    received.feed(b"x" * (LIMIT + 1))
    with pytest.raises(Refused):
        received.whole()


def test_a_client_that_waits_for_100_is_told_at_once() -> None:
    with pytest.raises(Refused) as refused:
        body(LIMIT + 1, expect="100-continue")
    assert refused.value.status == 413


def test_endless_bodies_are_not_read_to_their_end() -> None:
    with pytest.raises(Refused):
        body(10**12)
    received = body(transfer_encoding="chunked")
    received.feed(b"x" * (LIMIT + DISCARDED_BYTES))
    with pytest.raises(Refused) as refused:
        received.feed(b"x")
    assert refused.value.status == 413


def test_chunks_end_a_body_whatever_the_length_says() -> None:
    received = body(7, transfer_encoding="chunked")
    received.feed(b"abc")
    assert received.whole() == b"abc"


@pytest.mark.parametrize("length", ["-1", "+3", "3.0", "0x3", "three", "3, 4", "9" * 5000, "٣"])
def test_no_length(length: str) -> None:
    with pytest.raises(Refused) as refused:
        body(length)
    assert refused.value.status == 400


def test_the_same_length_twice_is_one() -> None:
    received = body("3, 3")
    received.feed(b"abc")
    assert received.whole() == b"abc"


def test_late_is_408_unless_it_is_too_large_already() -> None:
    assert (body(10).late(5).status, body(10).late(5).code) == (408, "ESB009")
    assert body(LIMIT + 1).late(5).status == 413


def test_few_bodies_larger_than_usual_are_read_at_once() -> None:
    large = Large(beyond=10, capacity=Capacity(1))

    def sent(octets: int) -> Body:
        received = Body(RequestHead("POST", "/", "", {}), LIMIT, large)
        received.feed(b"x" * 6)
        received.feed(b"x" * (octets - 6))
        return received

    with sent(11) as first:
        with sent(11) as crowded, sent(10) as usual:
            crowded.feed(b"x")
            with pytest.raises(Refused) as refused:
                crowded.whole()
            assert (refused.value.status, refused.value.code) == (503, "ESB009")
            assert len(usual.whole()) == 10
        assert len(first.whole()) == 11
    with sent(LIMIT) as later:
        assert len(later.whole()) == LIMIT
