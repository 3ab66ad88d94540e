"""What an element's content feeds: the fields it may, and the fields it always does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from esutd_bus.mapping.fields import Field
from esutd_bus.mapping.yaml_file import MappingError
from esutd_bus.soap.schema import Model, Node, Wildcard


@dataclass(frozen=True, slots=True)
class Feeding:
    """What is fed by a part of a message, whatever of it is left out."""

    possible: Mapping[Field, str]
    """Field → a path that may feed it."""

    certain: frozenset[Field]
    tables: frozenset[str]
    """The tables of which every message feeds some field, whichever it is."""


_NOTHING = Feeding({}, frozenset(), frozenset())


def feeding(model: Model | None, fields: Mapping[str, Field], place: str) -> Feeding:
    """What the elements of a group feed; `fields` says it of each leaf, by path.

    What repeats feeds rows of its own, and counts for nothing here. Raises MappingError where one message could
    feed a field twice: one of the values would be lost.
    """
    if model is None:
        return _NOTHING
    members = [_member(member, fields, place) for member in model.members if not isinstance(member, Wildcard)]
    if model.kind == "choice":
        possible = {field: path for member in members for field, path in member.possible.items()}
        certain = frozenset.intersection(*(member.certain for member in members)) if members else frozenset()
        tables = frozenset.intersection(*(member.tables for member in members)) if members else frozenset()
    else:
        possible = _disjoint(members, place)
        certain = frozenset[Field]().union(*(member.certain for member in members))
        tables = frozenset[str]().union(*(member.tables for member in members))
    return Feeding(possible, certain, tables) if model.required else _uncertain(possible)


def _member(member: Node | Model, fields: Mapping[str, Field], place: str) -> Feeding:
    if isinstance(member, Model):
        return feeding(member, fields, place)
    if member.repeated:
        return _NOTHING
    if member.kind == "leaf":
        field = fields.get(member.path)
        fed = (
            Feeding({field: member.path}, frozenset({field}), frozenset({field.table})) if field else _NOTHING
        )
    else:
        fed = feeding(member.model, fields, place)
    return fed if member.min_occurs else _uncertain(fed.possible)


def _uncertain(possible: Mapping[Field, str]) -> Feeding:
    return Feeding(possible, frozenset(), frozenset())


def _disjoint(members: Iterable[Feeding], place: str) -> dict[Field, str]:
    possible: dict[Field, str] = {}
    for member in members:
        for field, path in member.possible.items():
            if field in possible:
                raise MappingError(
                    f"{place}, {path}: lands on {field} like «{possible[field]}», and a message may have both"
                )
            possible[field] = path
    return possible
