"""What a leaf's value may be made into on its way into a column."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from esutd_bus.register.identifiers import is_bin, is_iin

SCHEMA_CODE = "ESB004"
"""Where neither the mapping nor the converter names a code."""


@dataclass(frozen=True, slots=True)
class Converter:
    """A check or a change of form; `convert` raises ValueError where the value's form is wrong."""

    convert: Callable[[Any], Any]
    malformed: str = SCHEMA_CODE
    """The answer code for a wrong form."""

    identifies: bool = False
    """The form of identifiers is judged before anything else of a message."""


def _checked(is_valid: Callable[[str], bool], expected: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if not is_valid(value):
            raise ValueError(expected)
        return value

    return convert


def _instant_text(value: datetime) -> str:
    return value.isoformat()


_EXTERNAL_ID = re.compile(r"[A-Za-z0-9-]{32,45}")

CONVERTERS = {
    "uuid": Converter(UUID),
    "bin": Converter(_checked(is_bin, "a BIN with its check digit"), "SCSE043", identifies=True),
    "iin": Converter(_checked(is_iin, "an IIN with its check digit"), "SCSE045", identifies=True),
    "external_id": Converter(
        _checked(lambda text: _EXTERNAL_ID.fullmatch(text) is not None, "32 to 45 of A–Z, a–z, 0–9, «-»"),
        "SCSE087",
    ),
    "instant_text": Converter(_instant_text),
}
