"""Identifiers that sort by the time they were made (RFC 9562, 5.7)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutd_bus.store.ids import uuid7


def test_version_and_variant_are_those_of_the_standard() -> None:
    for _ in range(1000):
        made = uuid7()
        assert made.version == 7
        assert made.variant == "specified in RFC 4122"


def test_no_two_are_alike() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000


@given(
    nanoseconds=st.lists(
        st.integers(0, 2**48 * 1_000_000 - 1), min_size=2, max_size=8, unique_by=lambda n: n * 4096 // 10**6
    )
)
def test_the_order_of_time_is_the_order_of_ids(nanoseconds: list[int]) -> None:
    made = []
    for moment in sorted(nanoseconds):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "time_ns", lambda moment=moment: moment)
            made.append(uuid7())
    assert made == sorted(made)
    assert [each.int >> 80 for each in made] == [moment // 1_000_000 for moment in sorted(nanoseconds)]
