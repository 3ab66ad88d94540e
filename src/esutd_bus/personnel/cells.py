"""Cells: what stands in a table, as the text that the register's schema asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal

from esutd_bus.personnel.columns import Column, alike
from esutd_bus.register.dictionaries import Dictionaries

Cell = str | int | float | Decimal | bool | date | datetime | None
"""What a table holds in one place: text of CSV, a value of a workbook."""

_RUSSIAN_DATE = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?: 0?0:00(?::00)?)?")
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00)?)?")
_CODE_FIRST = re.compile(r"([A-Za-zА-Яа-я0-9.\-]{1,20})\s*(?:[-–—:]\s+|\s)\S")
_LOST_ZEROS = range(9, 12)
"""So many digits of an IIN are left where Excel took it for a number."""

_FLAGS = {
    **dict.fromkeys(("да", "иә", "true", "1"), "true"),
    **dict.fromkeys(("нет", "жоқ", "false", "0"), "false"),
}
_CANDIDATES_TOLD = 5


class CellError(ValueError):
    """A cell that cannot be read; the message says why, in Russian."""


class Cells:
    """Reads cells by the kind of their columns; codes by the dictionaries, or by the names there."""

    def __init__(self, dictionaries: Dictionaries) -> None:
        self._dictionaries = dictionaries
        self._by_name: dict[str, Mapping[str, list[str]]] = {}

    def text(self, column: Column, cell: Cell) -> str:
        """The cell as text for the schema, which judges what is not understood here; empty: nothing is said.

        Raises:
            CellError: a name that the dictionary has not, or has more than once.
        """
        written = plain(cell)
        if not written:
            return ""
        if column.kind == "code":
            return self._code(column.dictionary or "", written)
        if column.kind == "word":
            return column.words.get(alike(written), written)
        return _FORMS.get(column.kind, str)(written)

    def _code(self, dictionary: str, written: str) -> str:
        entries = self._dictionaries.entries(dictionary)
        if written in entries:
            return written
        if written.isdigit():  # zeros in front that a workbook has lost
            found = [code for code in entries if code.isdigit() and int(code) == int(written)]
            if len(found) == 1:
                return found[0]
        named = self._codes_of(dictionary).get(alike(written), [])
        if len(named) == 1:
            return named[0]
        if named:
            told = ", ".join(named[:_CANDIDATES_TOLD]) + (", …" if len(named) > _CANDIDATES_TOLD else "")
            raise CellError(f"«{written}» в справочнике не одно: укажите код ({told})")
        first = _CODE_FIRST.match(written)  # «2 — На определенный срок …»
        if first is not None and first[1] in entries:
            return first[1]
        if re.search(r"\s", written):
            raise CellError(f"«{written}» в справочнике нет")
        return written

    def _codes_of(self, dictionary: str) -> Mapping[str, list[str]]:
        """Name → codes in force; of an entry and one below it with the same name, the one below."""
        found = self._by_name.get(dictionary)
        if found is None:
            by_name: dict[str, set[str]] = {}
            for code, entry in self._dictionaries.entries(dictionary).items():
                if entry.is_actual:
                    for name in (entry.name_ru, entry.name_kk):
                        by_name.setdefault(alike(name), set()).add(code)
            found = self._by_name[dictionary] = {
                name: self._lowest(dictionary, codes) for name, codes in by_name.items()
            }
        return found

    def _lowest(self, dictionary: str, codes: set[str]) -> list[str]:
        leaves = [code for code in codes if self._dictionaries.is_leaf(dictionary, code)]
        return sorted(leaves or codes)


def plain(cell: Cell) -> str:
    """A cell as a person reads it, without the space around it."""
    match cell:
        case None:
            return ""
        case bool():
            return "да" if cell else "нет"
        case datetime() | date():
            return f"{cell:%d.%m.%Y}"
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return str(cell).replace("\xa0", " ").strip()


def _date(written: str) -> str:
    """A date that is one as `YYYY-MM-DD`; all else as it is."""
    russian = _RUSSIAN_DATE.fullmatch(written)
    if russian is not None:
        return f"{russian[3]}-{int(russian[2]):02}-{int(russian[1]):02}"
    iso = _ISO_DATE.fullmatch(written)
    return iso[1] if iso is not None else written


def _iin(written: str) -> str:
    return written.zfill(12) if written.isdigit() and len(written) in _LOST_ZEROS else written


_FORMS: Mapping[str, Callable[[str], str]] = {
    "date": _date,
    "iin": _iin,
    "number": lambda written: re.sub(r"\s", "", written).replace(",", "."),
    "flag": lambda written: _FLAGS.get(written.casefold(), written),
}
"""Kind of a column → how its text is made what the schema asks for; of others it stays."""
