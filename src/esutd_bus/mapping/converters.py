"""What a leaf's value is made into on its way into a column."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from esutd_bus.register.calendar import ALMATY
from esutd_bus.register.identifiers import is_bin, is_iin

SCHEMA_CODE = "ESB004"
"""Where neither the mapping nor the converter names a code."""

_EXTERNAL_ID = re.compile(r"[A-Za-z0-9-]{32,45}")
_WHOLE_NUMBERS = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Converter:
    """A check or a change of form; `convert` raises ValueError where the value's form is wrong."""

    convert: Callable[[Any], Any]
    takes: type = str
    gives: type = str
    malformed: str = SCHEMA_CODE
    """The answer code for a wrong form."""

    identifies: bool = False
    """The form of identifiers is judged before anything else of a message."""


def _checked(is_valid: Callable[[Any], bool], expected: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if not is_valid(value):
            raise ValueError(expected)
        return value

    return convert


def _sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def _in_kazakhstan(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=ALMATY)


CONVERTERS: Mapping[str, Converter] = {
    "uuid": Converter(UUID, gives=UUID),
    "bin": Converter(_checked(is_bin, "a BIN with its check digit"), malformed="SCSE043", identifies=True),
    "iin": Converter(_checked(is_iin, "an IIN with its check digit"), malformed="SCSE045", identifies=True),
    "external_id": Converter(
        _checked(lambda text: _EXTERNAL_ID.fullmatch(text) is not None, "32 to 45 of A–Z, a–z, 0–9, «-»"),
        malformed="SCSE087",
    ),
    "instant_text": Converter(datetime.isoformat, takes=datetime),
    "sha256": Converter(_sha256, takes=bytes),
}
"""By the name that a mapping calls them with."""

CONVERTERS_OF_COLUMNS: Mapping[type, Converter] = {
    datetime: Converter(_in_kazakhstan, takes=datetime, gives=datetime),
    int: Converter(
        _checked(_WHOLE_NUMBERS.__contains__, "a whole number of at most 64 bits"), takes=int, gives=int
    ),
}
"""By the column's type, where a mapping names none: a column knows instants, and whole numbers of 64 bits."""
