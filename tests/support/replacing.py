"""`copy.replace` of Python 3.13: a value like another one, of whatever immutable kind, but for some fields."""

from __future__ import annotations

import dataclasses
from typing import Any


def replace(value: Any, /, **changes: Any) -> Any:
    """A copy of a dataclass or a named tuple with these fields changed."""
    if isinstance(value, tuple):
        return value._replace(**changes)
    return dataclasses.replace(value, **changes)
