"""Tables in files: whatever the encoding, the delimiter and the quotes, the same cells come out, and go in again."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from esutd_bus.personnel.cells import plain
from esutd_bus.personnel.sheet import DELIMITERS, Form, Sheet, SheetError, read_sheet, write_sheet

NAMES = ("Номер договора", "ИИН", "Дата договора", "Адрес")
LETTERS = st.sampled_from("абвгдеЖЗИЙ ёЁъыэюя «»№—0123456789ABCxyz;,\t\"'\n=-+")
CELL = st.text(LETTERS, max_size=12)
ROWS = st.lists(st.lists(CELL, min_size=4, max_size=4), max_size=6)


def as_file(folder: Path, rows: list[list[str]], encoding: str, delimiter: str, end: str) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows([NAMES, *rows])
    file = folder / "t.csv"
    file.write_bytes(text.getvalue().encode(encoding))
    return file


@given(
    rows=ROWS,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1251", "utf-16"]),
    delimiter=st.sampled_from(DELIMITERS),
    end=st.sampled_from(["\r\n", "\n"]),
)
def test_every_dialect_is_read_and_written_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], encoding: str, delimiter: str, end: str
) -> None:
    file = as_file(tmp_path_factory.getbasetemp(), rows, encoding, delimiter, end)
    sheet = read_sheet(file)
    assert sheet.names == NAMES
    filled = [tuple(row) for row in rows if any(cell.strip() for cell in row)]
    assert [cells for _, cells in sheet.rows] == filled
    again = file.with_name("again.csv")
    write_sheet(sheet, again)
    kept = read_sheet(again)
    assert kept.form == sheet.form
    assert [tuple(map(plain, cells)) for _, cells in kept.rows] == [
        tuple(map(plain, cells)) for cells in filled
    ]


def test_lines_are_counted_as_the_file_counts(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("\n".join([";".join(NAMES), "1;2;3;4", "", ";;;", '2;2;3;"две\nстроки"', "3;2;3;4"]))
    assert [number for number, _ in read_sheet(file).rows] == [2, 5, 7]


def test_a_workbook_keeps_its_values(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(list(NAMES))
    book.active.append(["ТД-1", 850312100031, datetime(2026, 3, 2), "=1+1 не формула"])  # noqa: DTZ001  # as openpyxl gives it
    book.active["D2"].data_type = "s"
    book.save(tmp_path / "t.xlsx")
    sheet = read_sheet(tmp_path / "t.xlsx")
    write_sheet(sheet, tmp_path / "again.xlsx")
    assert read_sheet(tmp_path / "again.xlsx") == sheet
    assert sheet.rows == ((2, ("ТД-1", 850312100031, datetime(2026, 3, 2), "=1+1 не формула")),)  # noqa: DTZ001
    assert load_workbook(tmp_path / "again.xlsx").active["C2"].number_format == "DD.MM.YYYY"


def test_what_windows_1251_cannot_say_costs_one_letter(tmp_path: Path) -> None:
    sheet = Sheet(("Коды",), ((2, ("Қате",)), (3, (date(2026, 3, 2),))), Form(".csv", "cp1251", ";"))
    write_sheet(sheet, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes().decode("cp1251") == "Коды\r\n?ате\r\n02.03.2026\r\n"


@pytest.mark.parametrize(
    ("name", "octets", "why"),
    [
        ("t.csv", b"", "ничего нет"),
        ("t.csv", b"\xef\xbb\xbf\r\n;;\r\n", "ничего нет"),
        ("t.csv", b'a;b\r\n1;"2\r\n3;4\r\n', "строка 2: кавычка открыта"),
        ("t.csv", b"a;b\r\n1;2;3\r\n", "строка 2: значений больше, чем колонок"),
        ("t.csv", b"a;\x98\r\n", "не текст в UTF-8 и не в Windows-1251"),
        ("t.csv", b"\xff\xfea", "не текст"),
        ("t.csv", b"PK\x03\x04", "сохраните её как"),
        ("t.xlsx", b"a;b\r\n", "не книга Excel"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, name: str, octets: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(octets)
    with pytest.raises(SheetError, match=why):
        read_sheet(tmp_path / name)
