from __future__ import annotations

import pytest

from esutd_bus.edge.capacity import Capacity
from esutd_bus.edge.refused import Refused


def test_one_more_is_turned_away_until_a_place_is_free() -> None:
    capacity = Capacity(2)
    with capacity.place():
        with capacity.place(), pytest.raises(Refused) as refused, capacity.place():
            pass
        with capacity.place():
            pass
    assert (refused.value.status, refused.value.code) == (503, "ESB009")


def test_work_that_fails_leaves_its_place() -> None:
    capacity = Capacity(1)
    for _ in range(3):
        with pytest.raises(KeyError), capacity.place():
            raise KeyError


def test_where_those_at_work_wait_too_long_nobody_joins_them() -> None:
    behind = True
    capacity = Capacity(2, lambda: behind)
    with pytest.raises(Refused) as refused, capacity.place():
        pass
    assert (refused.value.status, refused.value.code) == (503, "ESB009")
    behind = False
    with capacity.place():
        pass
