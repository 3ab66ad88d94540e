"""What the rules know about fields, read from `data/fields.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from esutd_bus.plain_yaml import load_yaml
from esutd_bus.register.identifiers import EmployerKind


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
    foreigners_only: bool = False
    extensions: int | None = None
    """How often it can be extended for the same term; `None`: any number of times."""


@dataclass(frozen=True, slots=True)
class LeaveRule:
    """What a type of leave asks of its dates."""

    first_working_day_on: Presence = Presence.ALLOWED
    days: int | None = None
    """The longest period, its first and last day included."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a part, and the answer code of a message that has it otherwise."""

    presence: Presence = Presence.ALLOWED
    code: str = ""


@dataclass(frozen=True, slots=True)
class ConditionsRule:
    """What a kind of working conditions asks of the rest."""

    heavy: Asked = Asked()
    """Of the code of heavy conditions."""

    payment: Asked = Asked()
    """Of the special social payment, when work in such conditions ends."""


@dataclass(frozen=True, slots=True)
class HeavyLists:
    """Which lists of heavy conditions work is chosen from."""

    since: date
    before: frozenset[str]
    """The lists for work that began before that day."""

    after: frozenset[str]

    def of(self, start: date) -> frozenset[str]:
        """The lists for work that begins on a day."""
        return self.before if start < self.since else self.after


@dataclass(frozen=True, slots=True)
class ForeignerRule:
    """What the ground on which a foreigner works asks of employer and permit."""

    employer: EmployerKind | None = None
    """Who alone may employ such a worker."""

    otherwise: str = ""
    """Answer code for the other kind of employer."""

    days: int | None = None
    """The longest permit, from its first day to its last."""


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

    conditions: Mapping[str, ConditionsRule]
    """`working_conditions` → rule."""

    heavy_lists: HeavyLists
    foreigners: Mapping[str, ForeignerRule]
    """`foreign_basis` → rule."""

    payment_since: date
    """The first day on which the special social payment can be agreed."""

    payment_age: int
    """From how many years of age on."""

    new_technology: frozenset[str]
    """Grounds of terminations that new technology may have caused."""

    def term(self, code: str | None) -> TermRule:
        """The rule of a term; one the file does not list asks nothing."""
        return self.terms.get(code, _ANY_TERM) if code else _ANY_TERM

    def regime(self, code: str | None) -> Presence:
        """What a regime of working time makes of the tariff rate; one the file does not list allows it."""
        return self.regimes.get(code, Presence.ALLOWED) if code else Presence.ALLOWED

    def leave(self, code: str | None) -> LeaveRule:
        """The rule of a type of leave; one the file does not list asks nothing."""
        return self.leaves.get(code, _ANY_LEAVE) if code else _ANY_LEAVE

    def conditions_of(self, kind: str | None) -> ConditionsRule:
        """The rule of working conditions; one the file does not list asks nothing."""
        return self.conditions.get(kind, _ANY_CONDITIONS) if kind else _ANY_CONDITIONS

    def foreigner(self, basis: str | None) -> ForeignerRule:
        """The rule of a foreigner's ground; one the file does not list asks nothing."""
        return self.foreigners.get(basis, _ANY_FOREIGNER) if basis else _ANY_FOREIGNER


_ANY_TERM = TermRule()
_ANY_LEAVE = LeaveRule()
_ANY_CONDITIONS = ConditionsRule()
_ANY_FOREIGNER = ForeignerRule()


@cache
def read_packaged_fields() -> FieldRules:
    """The rules the package carries."""
    return parse((files("esutd_bus.register") / "data" / "fields.yaml").read_text("utf-8"))


def parse(text: str) -> FieldRules:
    """Reads the text of a `fields.yaml`."""
    data: dict[str, Any] = load_yaml(text)
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
        conditions=MappingProxyType({kind: _conditions(rule) for kind, rule in data["conditions"].items()}),
        heavy_lists=HeavyLists(
            since=data["heavy_conditions"]["since"],
            before=frozenset(data["heavy_conditions"]["before"]),
            after=frozenset(data["heavy_conditions"]["after"]),
        ),
        foreigners=MappingProxyType({basis: _foreigner(rule) for basis, rule in data["foreigners"].items()}),
        payment_since=data["special_payment"]["since"],
        payment_age=data["special_payment"]["age"],
        new_technology=frozenset(data["new_technology"]),
    )


def _term(rule: Mapping[str, Any]) -> TermRule:
    return TermRule(
        ends_on=Presence(rule["ends_on"]),
        years=rule.get("years", 0),
        amendment_only=rule.get("amendment_only", False),
        foreigners_only=rule.get("foreigners_only", False),
        extensions=rule.get("extensions"),
    )


def _leave(rule: Mapping[str, Any]) -> LeaveRule:
    return LeaveRule(Presence(rule["first_working_day_on"]), rule.get("days"))


def _conditions(rule: Mapping[str, Any]) -> ConditionsRule:
    return ConditionsRule(heavy=_asked(*rule["heavy"]), payment=_asked(*rule["payment"]))


def _asked(presence: str, code: str = "") -> Asked:
    return Asked(Presence(presence), code)


def _foreigner(rule: Mapping[str, Any]) -> ForeignerRule:
    employer = rule.get("employer")
    return ForeignerRule(
        EmployerKind(employer) if employer else None, rule.get("otherwise", ""), rule.get("days")
    )
