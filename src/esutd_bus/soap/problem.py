"""What is wrong with a payload's form, and what could be read of it all the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["missing", "malformed", "unexpected"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One departure from the schema.

    `missing`: a required element is not there, empty, or nil. `malformed`: a leaf's text is not of its
    type, or an optional element is there but empty. `unexpected`: an element, attribute or text that has
    no place there.
    """

    path: str
    """Below the operation's element, without prefixes, counted from 1 where repeated: `entry[2]/version`.

    An attribute is `path/@name`. Where a choice has no alternative, the path of its first one.
    """

    kind: Kind
    detail: str
    """What was expected, in English."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A payload as values.

    `values` is flat: path → str, date, datetime, time, Decimal, int, float, bool or bytes. A repeated leaf
    is a list; a repeated group is a list of dicts, whose paths begin below the group. What is absent has
    no key; what is wrong has a problem and no key. Signatures are left out.
    """

    values: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
