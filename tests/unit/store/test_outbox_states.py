"""States and transitions of the outbox are data: what must be true of them, and of the page that tells operators."""

from __future__ import annotations

import re

import pytest

from esutd_bus.settings import packaged
from esutd_bus.store.outbox_state import OPEN, TRANSITIONS, OutboxState

OPERATORS = packaged("docs") / "operators.ru.md"


@pytest.mark.parametrize("state", [state for state in OutboxState if not state.is_final])
def test_from_every_state_there_is_a_way_to_a_final_one_without_an_operator(state: OutboxState) -> None:
    by_itself = [each for each in TRANSITIONS if each.happening not in ("requeued", "aborted")]
    met, grown = {state}, True
    while grown:
        more = {each.target for each in by_itself if each.source in met} - met
        met, grown = met | more, bool(more)
    assert any(each.is_final for each in met)


def test_no_final_state_is_left_but_by_an_operator() -> None:
    assert {each.happening.value for each in TRANSITIONS if each.source.is_final} == {"requeued", "aborted"}


def test_no_two_transitions_leave_a_state_by_the_same() -> None:
    ways = [(each.source, each.happening) for each in TRANSITIONS]
    assert len(ways) == len(set(ways))


def test_the_predicate_of_the_indexes_names_the_final_states() -> None:
    assert set(re.findall("'([A-Z_]+)'", OPEN)) == {state.value for state in OutboxState if state.is_final}


def test_operators_are_told_every_state_as_the_code_tells_it() -> None:
    told = [
        line
        for line in OPERATORS.read_text("utf-8").splitlines()
        if re.match(r"\| `[A-Z_]+` \| (да|нет) \|", line)
    ]
    assert told == [
        f"| `{state}` | {'да' if state.is_final else 'нет'} | {state.meaning} | {state.todo} |"
        for state in OutboxState
    ]
