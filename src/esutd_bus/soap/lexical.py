"""Values of XML Schema's built-in types as Python values, and back (XML Schema Part 2, chapter 3).

A reader takes text whose white space is already normalised, a writer takes any value; both raise
`ValueError` for what is outside the type or outside what the other side can hold, and a writer
`TypeError` for a value of another type. What a writer accepts, the reader of the same type gives back
equal.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DOUBLE = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T" + _CLOCK)
_TIME = re.compile(_CLOCK)
_END_OF_DAY = re.compile(r"24:00:00(?:\.0+)?(?=Z|[+-]|$)")
_FURTHEST_ZONE = timedelta(hours=14)
_DIGITS_CARRIED = 1000


@dataclass(frozen=True, slots=True)
class Lexical:
    """How one built-in type is read and written."""

    name: str
    """The type's name as a `Node` shows it: `string`, `date`, `decimal`, …"""

    expects: str
    """What a value looks like, in English, for a problem's detail."""

    read: Callable[[str], Any]
    write: Callable[[Any], str]


def is_xml_text(text: str) -> bool:
    """Whether XML 1.0 can carry every character of `text` (XML 1.0, production 2)."""
    # Printable text, nearly all there is, needs no look at each character: controls, surrogates and
    # unassigned code points are not printable.
    return text.isprintable() or not _NOT_XML.search(text)


def only_xml_text(text: str) -> str:
    """`text` with U+FFFD in place of each character that XML 1.0 cannot carry."""
    return text if text.isprintable() else _NOT_XML.sub("\ufffd", text)


def escape(text: str) -> str:
    """`text` as character data. A carriage return is written so that no parser turns it into a line feed."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if "\r" in text:
        text = text.replace("\r", "&#13;")
    return text


def write_string(value: Any) -> str:
    """Text, escaped."""
    if not isinstance(value, str):
        raise TypeError(f"text expected, {type(value).__name__} given")
    if not is_xml_text(value):
        raise ValueError("a character that XML 1.0 cannot carry")
    return escape(value)


def _read_boolean(text: str) -> bool:
    if text in {"true", "1"}:
        return True
    if text in {"false", "0"}:
        return False
    raise ValueError("not a boolean")


def _write_boolean(value: Any) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    raise TypeError(f"bool expected, {type(value).__name__} given")


def _read_decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text) or len(text) > _DIGITS_CARRIED:
        raise ValueError("not a decimal number")
    return Decimal(text)


def _write_decimal(value: Any) -> str:
    if isinstance(value, int):
        return _write_integer(value)
    if not isinstance(value, Decimal):
        raise TypeError(f"Decimal expected, {type(value).__name__} given")
    if not value.is_finite():
        raise ValueError("a decimal number is finite")
    # The exponent first: written out, 1E+999999999 would fill the memory.
    if abs(value.adjusted()) > _DIGITS_CARRIED or len(text := format(value, "f")) > _DIGITS_CARRIED:
        raise ValueError("too many digits")
    return text


def _read_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or len(text) > _DIGITS_CARRIED:
        raise ValueError("not a whole number")
    return int(text)


def _write_integer(value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"int expected, {type(value).__name__} given")
    if value.bit_length() > _DIGITS_CARRIED:
        raise ValueError("too many digits")
    return str(value)


def _read_double(text: str) -> float:
    # INF and NaN are values of the type, but none that a register could reckon with.
    if not _DOUBLE.fullmatch(text) or not isfinite(value := float(text)):
        raise ValueError("not a finite number")
    return value


def _write_double(value: Any) -> str:
    if not isinstance(value, float):
        raise TypeError(f"float expected, {type(value).__name__} given")
    if not isfinite(value):
        raise ValueError("a finite number expected")
    return repr(value)


def _read_date(text: str) -> date:
    # A zone, which xs:date may have, is refused: a date holds none, and dropping it would move the day.
    if not _DATE.fullmatch(text):
        raise ValueError("not a date without zone")
    return date.fromisoformat(text)


def _write_date(value: Any) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError(f"date expected, {type(value).__name__} given")
    return value.isoformat()


def _zone_in_range(value: datetime | time) -> None:
    offset = value.utcoffset()
    if offset is not None and (abs(offset) > _FURTHEST_ZONE or offset % timedelta(minutes=1)):
        raise ValueError("a zone is whole minutes, at most 14:00 from UTC")


def _read_date_time(text: str) -> datetime:
    """With zone or without, as written. Digits beyond microseconds (.NET and Java send them) are dropped.

    Year 0000, years beyond 9999 or before 1 and leap seconds do not fit and are refused. `24:00:00` is
    the next day's midnight.
    """
    midnight, ends_day = _END_OF_DAY.subn("00:00:00", text, count=1) if "T24:" in text else (text, 0)
    if not _DATE_TIME.fullmatch(midnight):
        raise ValueError("not a date and time")
    value = datetime.fromisoformat(midnight)
    if not ends_day:
        return value
    try:
        return value + timedelta(days=1)
    except OverflowError as error:
        raise ValueError("beyond the year 9999") from error


def _write_date_time(value: Any) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"datetime expected, {type(value).__name__} given")
    _zone_in_range(value)
    return value.isoformat()


def _read_time(text: str) -> time:
    midnight = _END_OF_DAY.sub("00:00:00", text, count=1) if text.startswith("24:") else text
    if not _TIME.fullmatch(midnight):
        raise ValueError("not a time of day")
    return time.fromisoformat(midnight)


def _write_time(value: Any) -> str:
    if not isinstance(value, time):
        raise TypeError(f"time expected, {type(value).__name__} given")
    _zone_in_range(value)
    return value.isoformat()


def _read_base64(text: str) -> bytes:
    return base64.b64decode(text.replace(" ", ""), validate=True)


def _write_base64(value: Any) -> str:
    if not isinstance(value, bytes):
        raise TypeError(f"bytes expected, {type(value).__name__} given")
    return base64.b64encode(value).decode("ascii")


BUILT_IN = {
    "string": Lexical("string", "text", str, write_string),
    "anyURI": Lexical("string", "an address (URI)", str, write_string),
    "boolean": Lexical("boolean", "true or false", _read_boolean, _write_boolean),
    "decimal": Lexical("decimal", "a decimal number", _read_decimal, _write_decimal),
    "integer": Lexical("integer", "a whole number", _read_integer, _write_integer),
    "float": Lexical("double", "a number", _read_double, _write_double),
    "double": Lexical("double", "a number", _read_double, _write_double),
    "date": Lexical("date", "a date as YYYY-MM-DD", _read_date, _write_date),
    "dateTime": Lexical(
        "dateTime", "a date and time as YYYY-MM-DDThh:mm:ss", _read_date_time, _write_date_time
    ),
    "time": Lexical("time", "a time of day as hh:mm:ss", _read_time, _write_time),
    "base64Binary": Lexical("base64Binary", "data in base64", _read_base64, _write_base64),
}
"""XSD's name of a built-in type → how it and the types derived from it (`int`, `token`) are carried."""

NOT_CARRIED = frozenset({"ID", "IDREF", "ENTITY", "QName", "NOTATION"})
"""Types whose meaning reaches beyond their own text."""
