"""Judging one case by every rule of its operation at once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from esutd_bus.register.case import Case, Decider
from esutd_bus.register.event import Decision, Refused
from esutd_bus.register.refusal import Refusal


def judge(decider: Decider, case: Case) -> Decision:
    """What the schema found (`command.refusals`) comes first, then the rules' refusals in their order, none twice."""
    refusals = case.command.refusals
    # What the schema tells of a field and what a rule tells of it share a code only where both miss it.
    told = {refusal.code for refusal in refusals}
    found = chain.from_iterable([rule(case) for rule in decider.rules])
    refusals = _distinct((*refusals, *(refusal for refusal in found if refusal.code not in told)))
    return Refused(refusals) if refusals else decider.accept(case)


def _distinct(refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """The first refusal of each code at each place."""
    first: dict[tuple[str, str | None], Refusal] = {}
    for refusal in refusals:
        first.setdefault((refusal.code, refusal.path or refusal.field), refusal)
    return tuple(first.values())
