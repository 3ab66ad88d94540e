"""What fields and entries are called where people read of them (`data/names.yaml`)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal

from esutd_bus.plain_yaml import load_yaml

Language = Literal["ru", "en"]


def field_name(field: str, language: Language = "ru") -> str | None:
    """The name of a column: of `contract` as it is or with its table, of others with theirs; `None`: it has none."""
    named: str | None = _data()["fields"].get(field.removeprefix("contract."), {}).get(language)
    return named


def event_name(kind: str, language: Language = "ru") -> str:
    """The name of an entry in a contract's history; one that has none is called by its kind."""
    named: str = _data()["events"].get(kind, {}).get(language, kind)
    return named


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = load_yaml((files("esutd_bus.register") / "data" / "names.yaml").read_text("utf-8"))
    return data
