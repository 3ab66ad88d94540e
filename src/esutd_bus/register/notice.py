"""What an employee is told of an entry, in words (`data/notices.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from esutd_bus.plain_yaml import load_yaml
from esutd_bus.register.case import Shape
from esutd_bus.register.jsonable import JsonValue, as_text
from esutd_bus.register.rulebook import Rulebook
from esutd_bus.register.state import Row

HIDDEN = "hidden"
_YES_AND_NO = "yes and no"
DISCLOSED = "Disclosed"
"""The kind of a notice that tells of no entry: data about the person were given to somebody."""

CHANGE = Shape(
    always={"field": str, "name_ru": str, "name_kk": str, "name_en": str},
    sometimes=dict.fromkeys(("before", "before_ru", "before_kk", "after", "after_ru", "after_kk"), str),
)


def title(kind: str) -> Mapping[str, str]:
    """`title_ru`, `title_kk`, `title_en` of an event; one without words is called by its own name."""
    return _in_languages("title", words()["kinds"].get(kind), kind)


def given(operation: str | None) -> Mapping[str, str]:
    """`given_ru`, `given_kk`, `given_en`: what an operation told of a person, where there are words for it."""
    said = words()["given"].get(operation)
    return _in_languages("given", said, "") if said else {}


def changes(row: Row, rules: Rulebook) -> list[Mapping[str, Any]]:
    """What an entry of the history changed, field by field.

    `row` tells by `tells_before` and `tells_after` which side is the person's own: where an entry corrects whose
    contract it is, the other side is another person's.
    """
    told: list[Mapping[str, Any]] = []
    for change in row["changes"]:
        field = change["field"]
        said = words()["fields"].get(field)
        if said == HIDDEN:
            continue
        before = _side("before", field, change["before"], rules) if row["tells_before"] else {}
        after = _side("after", field, change["after"], rules) if row["tells_after"] else {}
        if before or after:
            told.append({"field": field, **_in_languages("name", said, field), **before, **after})
    return told


def _side(side: str, field: str, value: JsonValue, rules: Rulebook) -> Mapping[str, str]:
    """A value before or after, and its name in words where it has one."""
    text = as_text(value)
    if text is None:
        return {}
    names = _names(_YES_AND_NO if isinstance(value, bool) else field, text, rules)
    return {side: text, **{f"{side}_{language}": name for language, name in names.items()}}


def _names(field: str, value: str, rules: Rulebook) -> Mapping[str, str]:
    said: Mapping[str, str] | None = words()["values"].get(field, {}).get(value)
    if said is not None:
        return said
    dictionary = _dictionary(field, rules)
    entry = rules.dictionaries.entries(dictionary).get(value) if dictionary else None
    return {"ru": entry.name_ru, "kk": entry.name_kk} if entry else {}


def _dictionary(field: str, rules: Rulebook) -> str | None:
    """The dictionary that a field's codes are of."""
    full = field if "." in field else f"contract.{field}"
    return next((check.dictionary for check in rules.fields.codes if check.field == full), None)


def _in_languages(prefix: str, said: Mapping[str, str] | None, otherwise: str) -> Mapping[str, str]:
    return {f"{prefix}_{language}": (said or {}).get(language, otherwise) for language in ("ru", "kk", "en")}


@cache
def words() -> Mapping[str, Any]:
    """The file."""
    read: dict[str, Any] = load_yaml(
        (files("esutd_bus.register") / "data" / "notices.yaml").read_text("utf-8")
    )
    return read
