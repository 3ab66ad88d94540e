"""Registries off the event loop: what is kept, for whom and how long, and who gives way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from esutd_bus.asking import Ask, Calls, RegistryPort
from esutd_bus.passage import Fetched, Question
from esutd_bus.register.state import NOT_ASKED, State
from esutd_bus.registries.upstream import AnswerNotBelieved, UpstreamRefused, UpstreamTimeout

_COMMAND: Any = SimpleNamespace(message_id=None)


class Registry:
    """Counts how often it is asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self) -> Any:
        self.asked += 1
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def asked(registry: Registry, *keys: Any, kept: float = 60.0, kept_for: float | None = None) -> list[Fetched]:
    async def ask() -> list[Fetched]:
        calls = Calls(1.0, kept)
        return [await calls.ask(Ask(registry, key, kept_for), None) for key in keys]

    return asyncio.run(ask())


def test_the_same_question_is_asked_once() -> None:
    registry = Registry("found")
    assert [one.value for one in asked(registry, "a", "a", "b")] == ["found"] * 3
    assert registry.asked == 2


@pytest.mark.parametrize(
    "how",
    [{"kept": 0.0}, {"kept_for": 0.0}, {"kept_for": -1.0}],
    ids=["off", "the consent ends", "it has ended"],
)
def test_nothing_is_kept_longer_than_it_may(how: dict[str, float]) -> None:
    registry = Registry("found")
    asked(registry, "a", "a", **how)
    assert registry.asked == 2


def test_what_has_no_name_is_not_kept() -> None:
    registry = Registry("found")
    asked(registry, None, None)
    assert registry.asked == 2


def test_that_nobody_is_known_is_not_kept() -> None:
    """Who was registered a minute ago is found a minute later."""
    registry = Registry(None, "found")
    assert [one.value for one in asked(registry, "a", "a")] == [None, "found"]


def test_an_answer_is_forgotten_unasked() -> None:
    async def story() -> None:
        calls = Calls(1.0, 0.01)
        await calls.ask(Ask(Registry("a person"), "a"), None)
        assert calls._kept
        await asyncio.sleep(0.05)
        assert not calls._kept

    asyncio.run(story())


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (UpstreamTimeout(1), "ESB007", None),
        (UpstreamRefused("00004", "Нет прав"), "ESB008", None),
        (AnswerNotBelieved("digest-mismatch", "changed"), "ESB008", "digest-mismatch"),
    ],
)
def test_a_failure_is_told_and_not_kept(error: Exception, code: str, reason: str | None) -> None:
    first, second = asked(Registry(error, "found"), "a", "a")
    assert first.refusal is not None
    assert (first.refusal.code, first.refusal.reason) == (code, reason)
    assert second.value == "found"


@pytest.mark.parametrize("gives_way", [True, False])
def test_a_message_goes_on_without_an_answer_where_the_policy_says_so(gives_way: bool) -> None:
    async def story() -> Fetched:
        made: Callable[[Question], Ask] = lambda _: Ask(Registry(UpstreamTimeout(1)))  # noqa: E731  # it has a type
        port = RegistryPort(Calls(1.0), made, gives_way=gives_way)
        return await port(Question("a", _COMMAND, State(), datetime.now(UTC)))

    found = asyncio.run(story())
    assert (found.value is NOT_ASKED, found.refusal is None) == (gives_way, gives_way)
