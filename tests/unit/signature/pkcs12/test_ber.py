"""BER is turned into DER, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutd_bus.signature.pkcs12.ber import MAX_DEPTH, sequence_of, split, to_der

trees = st.recursive(st.binary(max_size=200), lambda inner: st.lists(inner, max_size=4), max_leaves=12)


def written(tree: bytes | list, style: int) -> bytes:  # type: ignore[type-arg]  # trees of trees
    """OCTET STRINGs in SEQUENCEs, in DER (0) or in the manners of BER."""
    if isinstance(tree, bytes):
        if style == 1:
            return (
                b"\x24\x80"
                + b"".join(tlv(0x04, tree[at : at + 7]) for at in range(0, len(tree), 7))
                + b"\0\0"
            )
        if style == 2:
            return b"\x04\x84" + len(tree).to_bytes(4, "big") + tree
        return tlv(0x04, tree)
    content = b"".join(written(one, style) for one in tree)
    if style == 0:
        return tlv(0x30, content)
    if style == 1:
        return b"\x30\x80" + content + b"\0\0"
    return b"\x30\x84" + len(content).to_bytes(4, "big") + content


def tlv(tag: int, content: bytes) -> bytes:
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(content).to_bytes(size, "big") + content


@given(trees)
def test_every_manner_of_writing_comes_to_the_same(tree: bytes | list) -> None:  # type: ignore[type-arg]
    assert (
        to_der(written(tree, 0)) == to_der(written(tree, 1)) == to_der(written(tree, 2)) == written(tree, 0)
    )


@given(st.binary(max_size=60))
def test_whatever_comes_is_read_or_refused(octets: bytes) -> None:
    try:
        der = to_der(octets)
    except ValueError:
        return
    assert to_der(der) == der


def test_members_of_a_set_are_put_in_order() -> None:
    assert to_der(bytes.fromhex("31 06 020107 020106")) == bytes.fromhex("31 06 020106 020107")


def test_members_of_a_sequence_stay() -> None:
    assert sequence_of(bytes.fromhex("30 80 020107 020106 0000")) == [b"\x02\x01\x07", b"\x02\x01\x06"]
    with pytest.raises(ValueError, match="no SEQUENCE"):
        sequence_of(b"\x04\x00")


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        ("", "ends within"),
        ("30", "ends within"),
        ("3003 0201", "ends within"),
        ("0480 0000", "without a length"),
        ("3080 020107 00", "ends within"),
        ("3005 3080 020107 0000", "ends within"),
        ("0485 0000000001 00", "ends within"),
        ("0484 7fffffff 00", "ends within"),
        ("1f01 00", "a tag"),
        ("2403 020107", "something else"),
        ("0400 00", "follow the end"),
        ("30 82 0000" * 2, "follow the end"),
    ],
)
def test_what_is_no_ber(octets: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        to_der(bytes.fromhex(octets))


def test_depth_has_an_end() -> None:
    def nested(depth: int) -> bytes:
        return b"\x30\x80" * depth + b"\0\0" * depth

    assert split(to_der(nested(MAX_DEPTH + 1)))
    with pytest.raises(ValueError, match="too deeply"):
        to_der(nested(MAX_DEPTH + 2))
    with pytest.raises(ValueError, match="too deeply"):
        to_der(nested(100_000))
