"""Rows of the store's tables as PostgreSQL's binary COPY takes them."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final

import orjson
from psycopg.types.numeric import DecimalBinaryDumper
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from esutd_bus.store.statements import qualified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import psycopg
    from sqlalchemy import Table

    Encode = Callable[[Any], bytes]

_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL: Final = b"\xff\xff"
_ABSENT: Final = b"\xff\xff\xff\xff"
_length: Final = struct.Struct("!i").pack
_int2: Final = struct.Struct("!ih").pack
_int4: Final = struct.Struct("!ii").pack
_int8: Final = struct.Struct("!iq").pack
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(2000, 1, 1).toordinal()


def copy(connection: psycopg.Connection[Any], table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds the rows. A column that no row has is left out."""
    told = set().union(*rows)
    columns = {
        column.name: _column([row.get(column.name) for row in rows], _encoder(column.type))
        for column in table.columns
        if column.name in told
    }
    names = ", ".join(f'"{name}"' for name in columns)
    statement: Any = f"COPY {qualified(table)} ({names}) FROM STDIN (FORMAT binary)"
    begin = struct.pack("!h", len(columns))
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        encoded = chain.from_iterable(zip(repeat(begin), *columns.values(), strict=False))
        stream.write(b"".join((_HEAD, *encoded, _TAIL)))


def _column(values: Sequence[Any], encode: Encode) -> Iterable[bytes]:
    if encode in _OFTEN_THE_SAME:
        different = set(values)
        if len(different) < len(values) // 2:
            told = {value: _ABSENT if value is None else encode(value) for value in different}
            return map(told.__getitem__, values)
    return [_ABSENT if value is None else encode(value) for value in values]


def _encoder(kind: object) -> Encode:
    for known, encode in _ENCODERS.items():
        if isinstance(kind, known):
            return encode
    raise TypeError(kind)


def _text(value: str) -> bytes:
    octets = value.encode()
    return _length(len(octets)) + octets


def _octets(value: bytes) -> bytes:
    return _length(len(value)) + value


def _json(value: object) -> bytes:
    octets = orjson.dumps(value)
    return _length(1 + len(octets)) + b"\x01" + octets


def _instant(value: datetime) -> bytes:
    since = value - _EPOCH
    return _int8(8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def _numeric(value: Decimal) -> bytes:
    octets = bytes(DecimalBinaryDumper(Decimal).dump(value) or b"")
    return _length(len(octets)) + octets


_ENCODERS: Final[Mapping[type, Encode]] = {
    JSONB: _json,
    Text: _text,
    Uuid: lambda value: _length(16) + value.bytes,
    LargeBinary: _octets,
    DateTime: _instant,
    Date: lambda value: _int4(4, value.toordinal() - _EPOCH_DAY),
    Boolean: lambda value: _length(1) + (b"\x01" if value else b"\x00"),
    # These before their parent, Integer.
    BigInteger: lambda value: _int8(8, value),
    SmallInteger: lambda value: _int2(2, value),
    Integer: lambda value: _int4(4, value),
    Numeric: _numeric,
}

_OFTEN_THE_SAME: Final = {_ENCODERS[kind] for kind in (Text, Date, Boolean, SmallInteger, Integer)}
"""Encoders of codes, names, days: values that are quickly told apart, and that are told alike if they are equal."""
