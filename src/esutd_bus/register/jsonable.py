"""Column values as JSON keeps them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

JsonValue = str | int | bool | None


def jsonable(value: Any) -> JsonValue:
    """A column's value as JSON: dates in ISO 8601, decimals as text without exponent, ids as text."""
    match value:
        case None | str() | bool() | int():
            return value
        case date() | datetime():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case UUID():
            return str(value)
    raise TypeError(f"a {type(value).__name__} is no column's value")


def as_text(value: JsonValue) -> str | None:
    """A kept value as a message shows it: `true` and `false` in XML's spelling, nothing for nothing."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
    return str(value)
