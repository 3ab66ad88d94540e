"""Any other operation: an exchange without rules of its own is stored as it came.

A table whose value is one row is a parent: its row takes the command's new id. A table whose value is a list
of rows holds the parent's children: each has `parent_id`, its `position` from 1, and an id that follows from
both, so that the same command always makes the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID, uuid5

from esutd_bus.register.case import Case, Decider
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted, RowsStored
from esutd_bus.register.state import Needs, Row


def needs(_command: Command) -> Needs:
    """Nothing: there are no rules to look at the register."""
    return Needs()


def accept(case: Case) -> Accepted:
    """The rows, parents first; the answer may tell any of them."""
    values: Mapping[str, Any] = case.command.values
    new_id = case.command.new_id
    parents: dict[str, Row] = {
        table: {**value, "id": new_id} for table, value in values.items() if isinstance(value, Mapping)
    }
    children = {
        table: [_child(table, new_id, position, row) for position, row in enumerate(value, start=1)]
        for table, value in values.items()
        if not isinstance(value, Mapping)
    }
    return Accepted(
        events=(RowsStored(tuple(_rows(parents, children))),),
        answer={**parents, **children},
    )


def _child(table: str, parent_id: UUID, position: int, row: Row) -> Row:
    own_id = uuid5(parent_id, f"{table}/{position}")
    return {**row, "id": own_id, "parent_id": parent_id, "position": position}


def _rows(parents: Mapping[str, Row], children: Mapping[str, list[Row]]) -> Iterator[tuple[str, Row]]:
    yield from parents.items()
    for table, rows in children.items():
        for row in rows:
            yield table, row


DECIDER = Decider(needs, (), accept)
