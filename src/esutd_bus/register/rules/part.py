"""Rules of a part that most contracts do not have: where a message says nothing of it, they cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from esutd_bus.register.case import Case, Rule
from esutd_bus.register.refusal import Refusal


def of_part(columns: Iterable[str], *rules: Rule) -> Rule:
    """One rule that asks others, in their order, where the message says anything of the contract's columns."""
    fields = frozenset(f"contract.{column}" for column in columns)

    def part(case: Case) -> Iterator[Refusal]:
        if not fields.isdisjoint(case.said):
            for rule in rules:
                yield from rule(case)

    return part
