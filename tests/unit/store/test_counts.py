"""A sender waits so long for figures; a count that takes longer goes on, and is there when it is asked for again."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from esutd_bus.register.search import Count, Found
from esutd_bus.store import counts
from esutd_bus.store.counts import Counts
from esutd_bus.store.work import StoreUnavailable

YEAR = Count(date(2026, 1, 1), date(2026, 12, 31))
MONTH = Count(date(2026, 1, 1), date(2026, 1, 31))


class Counting:
    """Counts when it is let."""

    def __init__(self) -> None:
        self.asked: list[Count] = []
        self.may = asyncio.Event()
        self.fails = False

    async def __call__(self, search: Count) -> Found:
        self.asked.append(search)
        number = len(self.asked)
        await self.may.wait()
        if self.fails:
            raise StoreUnavailable("away")
        return Found((), number)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "WAIT_SECONDS", 0)


def run(story: Any) -> None:
    async def told() -> None:
        counting = Counting()
        counts = Counts(counting)
        await story(counting, counts)
        await counts.close()

    asyncio.run(told())


def test_each_question_is_counted_anew() -> None:
    async def story(counting: Counting, counts: Counts) -> None:
        counting.may.set()
        assert [(await counts.figures(search)).total for search in (YEAR, MONTH, YEAR)] == [1, 2, 3]
        assert counting.asked == [YEAR, MONTH, YEAR]

    run(story)


def test_who_asks_for_the_same_meanwhile_gets_the_same() -> None:
    async def story(counting: Counting, counts: Counts) -> None:
        waiting = [asyncio.create_task(counts.figures(YEAR)) for _ in range(3)]
        await asyncio.sleep(0)
        counting.may.set()
        assert [found.total for found in await asyncio.gather(*waiting)] == [1, 1, 1]
        assert counting.asked == [YEAR]

    run(story)


@pytest.mark.usefixtures("impatient")
def test_what_is_not_counted_in_time_is_there_when_it_is_asked_for_again() -> None:
    async def story(counting: Counting, counts: Counts) -> None:
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await counts.figures(YEAR)
        counting.may.set()
        await asyncio.sleep(0.01)
        assert (await counts.figures(YEAR)).total == 1
        assert counting.asked == [YEAR]

    run(story)


@pytest.mark.usefixtures("impatient")
def test_figures_that_nobody_asks_for_again_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "KEPT_SECONDS", 0)

    async def story(counting: Counting, counts: Counts) -> None:
        with pytest.raises(StoreUnavailable):
            await counts.figures(YEAR)
        counting.may.set()
        await asyncio.sleep(0.01)
        with pytest.raises(StoreUnavailable):
            await counts.figures(YEAR)
        assert counting.asked == [YEAR, YEAR]

    run(story)


def test_a_count_that_failed_is_begun_anew() -> None:
    async def story(counting: Counting, counts: Counts) -> None:
        counting.fails = True
        counting.may.set()
        with pytest.raises(StoreUnavailable, match="away"):
            await counts.figures(YEAR)
        counting.fails = False
        assert (await counts.figures(YEAR)).total == 2

    run(story)


def test_whoever_gives_up_does_not_stop_the_count_of_others() -> None:
    async def story(counting: Counting, counts: Counts) -> None:
        one, other = (asyncio.create_task(counts.figures(YEAR)) for _ in range(2))
        await asyncio.sleep(0)
        one.cancel()
        await asyncio.sleep(0)
        counting.may.set()
        assert (await other).total == 1

    run(story)
