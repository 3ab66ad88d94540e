"""Work in step: whose turn it is, what becomes of what fails, and of whom nobody waits for any more."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from esutd_bus.lockstep import Lockstep, Steps, at_once

Told = list[tuple[str, int]]


def work(name: str, stages: int, told: Told, error: Exception | None = None) -> Steps[str]:
    for stage in range(stages):
        told.append((name, stage))
        yield
    if error is not None:
        raise error
    return name


def in_a_loop(story: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    @functools.wraps(story)
    def test() -> None:
        asyncio.run(story())

    return test


@in_a_loop
async def test_a_stage_of_each_in_a_turn() -> None:
    lockstep, told = Lockstep(), Told()
    done = await asyncio.gather(*(lockstep.do(work(name, 2, told)) for name in "ab"))
    assert (done, told) == (["a", "b"], [("a", 0), ("b", 0), ("a", 1), ("b", 1)])
    assert len(lockstep) == 0


@in_a_loop
async def test_who_comes_later_begins_with_his_first_stage() -> None:
    lockstep, told = Lockstep(), Told()
    first = lockstep.do(work("a", 3, told))
    await asyncio.sleep(0)
    later = lockstep.do(work("b", 1, told))
    assert len(lockstep) == 2
    assert (await first, await later) == ("a", "b")
    assert told == [("a", 0), ("a", 1), ("b", 0), ("a", 2)]


@in_a_loop
async def test_what_fails_tells_its_own_and_the_others_go_on() -> None:
    lockstep, told = Lockstep(), Told()
    failing, other = lockstep.do(work("a", 1, told, KeyError("x"))), lockstep.do(work("b", 3, told))
    with pytest.raises(KeyError):
        await failing
    assert await other == "b"


@in_a_loop
async def test_what_nobody_waits_for_ends() -> None:
    lockstep, told = Lockstep(), Told()
    task = asyncio.ensure_future(lockstep.do(work("a", 100, told)))
    other = lockstep.do(work("b", 3, told))
    await asyncio.sleep(0)
    task.cancel()
    assert await other == "b"
    assert len(told) < 6
    assert len(lockstep) == 0


def test_at_once_it_comes_to_the_same() -> None:
    told = Told()
    assert at_once(work("a", 2, told)) == "a"
    assert told == [("a", 0), ("a", 1)]
    with pytest.raises(KeyError):
        at_once(work("a", 1, told, KeyError("x")))
