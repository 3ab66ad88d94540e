"""A table in a file, CSV or XLSX; and another one like it."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from esutd_bus.personnel.cells import Cell, plain
from esutd_bus.personnel.columns import read_columns

DELIMITERS = ";,\t"
DATE_FORMAT = "DD.MM.YYYY"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_XLSX = ".xlsx"
_TEXT = "@"


class SheetError(ValueError):
    """A file that is no table; the message says why, in Russian."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a table was written, for another one to be written alike."""

    suffix: str
    encoding: str = "utf-8"
    delimiter: str = ";"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: the first row's names, and the rows below as they stand in the file."""

    names: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]
    """(number as the file counts, from 1; cells), without empty rows."""

    form: Form

    def with_columns(self, names: Sequence[str], rows: Iterable[tuple[int, tuple[Cell, ...]]]) -> Sheet:
        """Another table of this form."""
        return replace(self, names=tuple(names), rows=tuple(rows))


def read_sheet(file: Path) -> Sheet:
    """The table of a file; of a workbook its first sheet. Raises SheetError, OSError."""
    octets = file.read_bytes()
    if file.suffix.lower() == _XLSX:
        return _of_workbook(octets)
    if octets.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0")):
        raise SheetError("это книга Excel, но не .xlsx: сохраните её как «Книга Excel (.xlsx)»")
    return _of_csv(octets)


def write_sheet(sheet: Sheet, file: Path) -> None:
    """Writes it whole, or not at all. Raises OSError."""
    beside = file.with_name(f".{file.name}.new")
    beside.write_bytes(_workbook(sheet) if sheet.form.suffix == _XLSX else _csv(sheet))
    beside.replace(file)


def _of_csv(octets: bytes) -> Sheet:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if octets.startswith(mark)), None)
    if encoding is None:
        encoding = "utf-8" if _decodes(octets, "utf-8") else "cp1251"
    try:
        text = octets.decode(encoding)
    except UnicodeDecodeError as error:
        raise SheetError(f"не текст в UTF-8 и не в Windows-1251: байт {error.start}") from error
    delimiter = max(DELIMITERS, key=lambda one: _columns_known(text, one))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, tuple[Cell, ...]]] = []
    begins = 1
    try:
        for cells in reader:
            rows.append((begins, tuple(cells)))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise SheetError(f"строка {begins}: {_csv_fault(error)}") from error
    return _sheet(rows, Form(".csv", encoding, delimiter))


def _csv_fault(error: csv.Error) -> str:
    if "unexpected end" in str(error):
        return "кавычка открыта и не закрыта"
    return f"не читается как CSV: {error}"


def _decodes(octets: bytes, encoding: str) -> bool:
    try:
        octets.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _columns_known(text: str, delimiter: str) -> int:
    """How many columns' names the first row has, if that is the delimiter."""
    reader = csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter, strict=True)
    columns = read_columns()
    try:
        return sum(columns.named(name) is not None for name in next(reader, []))
    except csv.Error:
        return 0


def _of_workbook(octets: bytes) -> Sheet:
    from openpyxl import load_workbook  # noqa: PLC0415  # half a second that a CSV need not wait for
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        book = load_workbook(io.BytesIO(octets), read_only=True, data_only=True)
        rows = list(enumerate(book.worksheets[0].iter_rows(values_only=True), start=1))
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError, OSError) as error:
        raise SheetError(f"не книга Excel (.xlsx): {error}") from error
    return _sheet(rows, Form(_XLSX))


def _sheet(rows: Iterable[tuple[int, tuple[Cell, ...]]], form: Form) -> Sheet:
    filled = [(number, cells) for number, cells in rows if any(plain(cell) for cell in cells)]
    if not filled:
        raise SheetError("в таблице ничего нет")
    names = tuple(plain(cell) for cell in filled[0][1])
    while names and not names[-1]:
        names = names[:-1]
    width = len(names)
    below = []
    for number, cells in filled[1:]:
        if any(plain(cell) for cell in cells[width:]):
            raise SheetError(f"строка {number}: значений больше, чем колонок ({width})")
        below.append((number, (*cells[:width], *[None] * (width - len(cells)))))
    return Sheet(names, tuple(below), form)


def _csv(sheet: Sheet) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=sheet.form.delimiter, lineterminator="\r\n")
    writer.writerow(sheet.names)
    writer.writerows([plain(cell) for cell in cells] for _, cells in sheet.rows)
    # What Windows-1251 has no letter for (қ, ұ …) came from the service; it must not cost the whole file.
    return text.getvalue().encode(sheet.form.encoding, errors="replace")


def _workbook(sheet: Sheet) -> bytes:
    from openpyxl import Workbook  # noqa: PLC0415  # as above
    from openpyxl.styles import Font  # noqa: PLC0415

    book = Workbook()
    page = book.active
    page.title = "Договоры"
    page.freeze_panes = "A2"
    page.append(list(sheet.names))
    for cell in page[1]:
        cell.font = Font(bold=True)
    for place, (_, cells) in enumerate(sheet.rows, start=2):
        for column, value in enumerate(cells, start=1):
            _put(page.cell(place, column), value)
    for column in page.columns:
        widest = max(len(plain(cell.value)) for cell in column)
        page.column_dimensions[column[0].column_letter].width = min(max(widest + 2, 10), 60)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _put(place: Any, value: Cell) -> None:
    """A value as it is: text stays text, digits and what begins with «=» too."""
    if isinstance(value, str):
        place.value = value
        place.data_type = "s"
        place.number_format = _TEXT
    else:
        place.value = value
        if isinstance(value, (date, datetime)):
            place.number_format = DATE_FORMAT
