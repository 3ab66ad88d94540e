"""Dictionaries as CSV files: one file a dictionary, `NAME.csv`, UTF-8."""

from __future__ import annotations

import csv
import io
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from esutd_bus.register.dictionaries import KATO, Dictionaries, DictionaryError, Entry, faults

_COLUMNS = ("code", "name_ru", "name_kk", "parent_code", "is_actual")
_OWN_COLUMNS = {
    KATO: ("code", "level", "name_ru", "name_kk"),
    "harmful-conditions": (*_COLUMNS, "list_type"),
}
_MAY_BE_EMPTY = frozenset({"parent_code"})
_LEVELS = frozenset({"oblast", "district", "sub_district", "settlement"})
_FLAGS = {"1": True, "0": False}


@cache
def read_packaged() -> Dictionaries:
    """The dictionaries the package carries."""
    return _read(_packaged())


def read_directory(path: Path) -> Dictionaries:
    """Newer dictionaries from the `*.csv` files of a directory; not all of them have to be there.

    Raises `DictionaryError`, naming file and line, for a name the register does not know, wrong columns, a
    value that cannot be, a code that stands twice or an entry whose parent is missing.
    """
    if not path.is_dir():
        raise DictionaryError(f"{path}: not a directory")
    dictionaries = _read(path)
    if not dictionaries.names:
        raise DictionaryError(f"{path}: holds no *.csv files")
    unknown = dictionaries.names - read_packaged().names
    if unknown:
        known = ", ".join(sorted(read_packaged().names))
        raise DictionaryError(f"{path / f'{min(unknown)}.csv'}: no such dictionary; the register has {known}")
    return dictionaries


def _packaged() -> Traversable:
    return files("esutd_bus.register") / "data" / "dictionaries"


def _read(directory: Traversable) -> Dictionaries:
    found = sorted((f for f in directory.iterdir() if f.name.endswith(".csv")), key=lambda f: f.name)
    return Dictionaries({file.name.removesuffix(".csv"): _read_file(file) for file in found})


def _read_file(file: Traversable) -> list[Entry]:
    name = file.name.removesuffix(".csv")
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DictionaryError(f"{file}: not UTF-8 ({error.reason} at byte {error.start})") from None
    # strict: csv would otherwise take an unclosed quote for an entry as long as the rest of the file.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    entries: list[Entry] = []
    lines: list[int] = []
    try:
        columns = _header(name, next(reader, []))
        for cells in reader:
            lines.append(reader.line_num)
            entries.append(_entry(columns, cells))
    except (csv.Error, DictionaryError) as error:
        raise DictionaryError(f"{file}, line {max(reader.line_num, 1)}: {error}") from None
    for index, fault in faults(name, entries):
        raise DictionaryError(f"{file}, line {lines[index] if entries else 1}: {fault}")
    return entries


def _header(name: str, cells: list[str]) -> list[str]:
    expected = _OWN_COLUMNS.get(name, _COLUMNS)
    if sorted(cells) != sorted(expected):
        raise DictionaryError(f"expected the columns {','.join(expected)}, found {','.join(cells) or 'none'}")
    return cells


def _entry(columns: list[str], cells: list[str]) -> Entry:
    if len(cells) != len(columns):
        raise DictionaryError(f"expected {len(columns)} values, found {len(cells)}")
    row = dict(zip(columns, cells, strict=True))
    for column, value in row.items():
        if not value and column not in _MAY_BE_EMPTY:
            raise DictionaryError(f"{column} is empty")
    if row["code"] != row["code"].strip():
        raise DictionaryError(f"code {row['code']!r} has spaces around it")
    if row.get("is_actual", "1") not in _FLAGS:
        raise DictionaryError(f"is_actual is {row['is_actual']!r}, expected 1 or 0")
    if "level" in row and row["level"] not in _LEVELS:
        raise DictionaryError(f"level is {row['level']!r}, expected one of {', '.join(sorted(_LEVELS))}")
    return Entry(
        code=row["code"],
        name_ru=row["name_ru"],
        name_kk=row["name_kk"],
        parent_code=row.get("parent_code") or None,
        is_actual=_FLAGS[row.get("is_actual", "1")],
        level=row.get("level"),
        list_type=row.get("list_type"),
    )
