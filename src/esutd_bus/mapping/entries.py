"""A message of many entries, each judged by itself: as another operation's message would be that brought it alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from esutd_bus.mapping.request_mapping import Landed, RequestMapping
from esutd_bus.register.refusal import Refusal
from esutd_bus.soap.problem import Decoded, Problem


@dataclass(frozen=True, slots=True)
class EntryMapping:
    """The repeated element of such a message."""

    path: str
    command: str
    """The register's command that each entry is."""

    request: RequestMapping
    """Of the operation that takes one alone, in an element of the same path, for a row of it (`of_rows`)."""

    in_order: Callable[[Sequence[Refusal]], list[Refusal]]
    """That operation's refusals with their paths, in its message's order."""

    def split(self, decoded: Decoded) -> tuple[Decoded, list[Landed]]:
        """The message without its entries, and each entry as it lands alone.

        What is wrong inside of an entry is the entry's; what else is wrong, an entry too many also, the message's.
        """
        values = {**decoded.values}
        rows = values.pop(self.path, [])
        inside = re.compile(rf"{re.escape(self.path)}\[(\d+)\]")
        problems: list[list[Problem]] = [[] for _ in rows]
        others = []
        for problem in decoded.problems:
            place = inside.match(problem.path)
            if place is not None and int(place[1]) <= len(rows):
                alone = replace(problem, path=self.path + problem.path[place.end() :])
                problems[int(place[1]) - 1].append(alone)
            else:
                others.append(problem)
        landed = [self.request.land(row, wrong) for row, wrong in zip(rows, problems, strict=True)]
        return Decoded(values, tuple(others)), landed

    def told(self, place: int, refusals: Sequence[Refusal]) -> list[Refusal]:
        """The refusals of the entry at a place, counted from 1, with their paths in the message of many."""
        entry = f"{self.path}[{place}]"
        return [
            replace(refusal, path=entry + (refusal.path or "").removeprefix(self.path))
            for refusal in self.in_order(refusals)
        ]
