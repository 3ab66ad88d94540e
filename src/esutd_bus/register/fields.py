"""What the rules know about fields, read from `data/fields.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml


class Presence(StrEnum):
    """What the value of one field asks of another."""

    REQUIRED = "required"
    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """A field whose value must be a code of a dictionary."""

    field: str
    """`contract.position_code`"""

    dictionary: str
    unknown: str
    """Answer code when there is no such entry in force, or its level is too coarse."""

    not_leaf: str | None = None
    """Answer code when the entry has others below it; `None`: any entry will do."""

    coarse: frozenset[str] = frozenset()
    """Levels of the dictionary that are too coarse."""


@dataclass(frozen=True, slots=True)
class TermRule:
    """What a term of the contract asks of its end date."""

    ends_on: Presence = Presence.ALLOWED
    years: int = 0
    """The least period from the start to the end, in years."""

    amendment_only: bool = False
    extensions: int | None = None
    """How often it can be extended for the same term; `None`: any number of times."""


@dataclass(frozen=True, slots=True)
class LeaveRule:
    """What a type of leave asks of its dates."""

    first_working_day_on: Presence = Presence.ALLOWED
    days: int | None = None
    """The longest period, its first and last day included."""


@dataclass(frozen=True, slots=True)
class FieldRules:
    """The file, typed."""

    codes: tuple[CodeCheck, ...]
    terms: Mapping[str, TermRule]
    """`term_code` → rule."""

    regimes: Mapping[str, Presence]
    """`working_hours_code` → what becomes of the tariff rate."""

    kato_country: str
    """The country whose territories КАТО names."""

    courts: frozenset[str]
    """Codes of the organizations whose decision to reinstate needs the code of a court."""

    required: Mapping[str, Mapping[str, str]]
    """Entry (`contract`, `amendment`, `leave`, …) → column → answer code of its absence."""

    leaves: Mapping[str, LeaveRule]
    """`leave_type_code` → rule."""

    def term(self, code: str | None) -> TermRule:
        """The rule of a term; one the file does not list asks nothing."""
        return self.terms.get(code, _ANY_TERM) if code else _ANY_TERM

    def regime(self, code: str | None) -> Presence:
        """What a regime of working time makes of the tariff rate; one the file does not list allows it."""
        return self.regimes.get(code, Presence.ALLOWED) if code else Presence.ALLOWED

    def leave(self, code: str | None) -> LeaveRule:
        """The rule of a type of leave; one the file does not list asks nothing."""
        return self.leaves.get(code, _ANY_LEAVE) if code else _ANY_LEAVE


_ANY_TERM = TermRule()
_ANY_LEAVE = LeaveRule()


@cache
def read_packaged_fields() -> FieldRules:
    """The rules the package carries."""
    return parse((files("esutd_bus.register") / "data" / "fields.yaml").read_text("utf-8"))


def parse(text: str) -> FieldRules:
    """Reads the text of a `fields.yaml`."""
    data: dict[str, Any] = yaml.safe_load(text)
    return FieldRules(
        codes=tuple(
            CodeCheck(
                field=column if "." in column else f"contract.{column}",
                dictionary=check["dictionary"],
                unknown=check["unknown"],
                not_leaf=check.get("not_leaf"),
                coarse=frozenset(check.get("coarse", ())),
            )
            for column, check in data["codes"].items()
        ),
        terms=MappingProxyType({code: _term(rule) for code, rule in data["terms"].items()}),
        regimes=MappingProxyType({code: Presence(rule) for code, rule in data["regimes"].items()}),
        kato_country=data["kato_country"],
        courts=frozenset(data["courts"]),
        required=MappingProxyType(data["required"]),
        leaves=MappingProxyType({code: _leave(rule) for code, rule in data["leaves"].items()}),
    )


def _term(rule: Mapping[str, Any]) -> TermRule:
    return TermRule(
        ends_on=Presence(rule["ends_on"]),
        years=rule.get("years", 0),
        amendment_only=rule.get("amendment_only", False),
        extensions=rule.get("extensions"),
    )


def _leave(rule: Mapping[str, Any]) -> LeaveRule:
    return LeaveRule(Presence(rule["first_working_day_on"]), rule.get("days"))
