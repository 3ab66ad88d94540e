"""Rows of the store's tables as PostgreSQL's binary COPY takes them."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
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

from benchmarks.country.form import Form, Gap
from esutd_bus.store.statements import qualified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import psycopg
    from sqlalchemy import Column, Table

    Encode = Callable[[Any], bytes]

_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL: Final = b"\xff\xff"
_ABSENT: Final = b"\xff\xff\xff\xff"
_length: Final = struct.Struct("!i").pack
_int2: Final = struct.Struct("!ih").pack
_int4: Final = struct.Struct("!ii").pack
_int8: Final = struct.Struct("!iq").pack
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH_DAY: Final = date(2000, 1, 1).toordinal()


def copy(connection: psycopg.Connection[Any], columns: Sequence[Column[Any]], rows: Iterable[bytes]) -> None:
    """Adds rows to the columns' table."""
    names = ", ".join(f'"{column.name}"' for column in columns)
    statement: Any = f"COPY {qualified(columns[0].table)} ({names}) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        stream.write(b"".join((_HEAD, *rows, _TAIL)))


def told_columns(table: Table, rows: Iterable[Mapping[str, Any]]) -> Sequence[Column[Any]]:
    """Those that a row has, in the table's order: the others have their defaults."""
    told = set().union(*rows)
    return [column for column in table.columns if column.name in told]


def row_form(columns: Sequence[Column[Any]], row: Mapping[str, Any], gaps: Mapping[str, str]) -> Form:
    """A row as COPY takes it. `gaps`: column → the name of the value that is filled in, as its `encoder` tells it."""

    def parts() -> Iterator[bytes | Gap]:
        yield struct.pack("!h", len(columns))
        for column in columns:
            if column.name in gaps:
                yield Gap(gaps[column.name])
            else:
                value = row.get(column.name)
                yield _ABSENT if value is None else encoder(column)(value)

    return Form(parts())


def encoder(column: Column[Any]) -> Encode:
    """Makes a field of a value of the column."""
    for known, encode in _ENCODERS.items():
        if isinstance(column.type, known):
            return encode
    raise TypeError(column)


def _text(value: str) -> bytes:
    octets = value.encode()
    return _length(len(octets)) + octets


def _octets(value: bytes) -> bytes:
    return _length(len(value)) + value


def _json(value: object) -> bytes:
    octets = orjson.dumps(value)
    return _length(1 + len(octets)) + b"\x01" + octets


def _instant(value: datetime) -> bytes:
    return _int8(8, (value - _EPOCH) // _MICROSECOND)


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
