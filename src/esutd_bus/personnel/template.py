"""An empty table for a personnel officer: the columns, an example, what each holds, and lists to choose from."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from esutd_bus.personnel.columns import Column, read_columns
from esutd_bus.personnel.sheet import DATE_FORMAT
from esutd_bus.register.dictionaries import Dictionaries

ROWS = 1000
"""So many rows are made ready."""

LONGEST_LIST = 300
"""Longer dictionaries are no lists to choose from."""

_NEEDED = PatternFill("solid", fgColor="FFF2CC")
_BOLD = Font(bold=True)


def write_template(file: Path, dictionaries: Dictionaries, today: date) -> None:
    """Writes the workbook. Raises OSError."""
    columns = read_columns()
    book = Workbook()
    page, told, lists = book.active, book.create_sheet("Пояснения"), book.create_sheet("Справочники")
    page.title = "Договоры"
    page.freeze_panes = "A2"
    told.append(["Колонка", "Обязательна", "Что в ней", "Другие названия"])
    for cell in told[1]:
        cell.font = _BOLD
    listed = 0
    for place, column in enumerate(columns.known, start=1):
        letter = get_column_letter(place)
        head = page.cell(1, place, column.ru)
        head.font = _BOLD
        if column.needed:
            head.fill = _NEEDED
        page.column_dimensions[letter].width = max(len(column.ru) + 3, 14)
        for row in range(2, ROWS + 2):
            page.cell(row, place).number_format = DATE_FORMAT if column.kind == "date" else "@"
        example = today if column.example == "today" else column.example or None
        page.cell(2, place).value = example
        names = _choice(column, dictionaries)
        if names:
            listed += 1
            lists.cell(1, listed, column.ru).font = _BOLD
            for row, name in enumerate(names, start=2):
                lists.cell(row, listed, name)
            place_of_list = get_column_letter(listed)
            choice = DataValidation(
                type="list",
                formula1=f"'Справочники'!${place_of_list}$2:${place_of_list}${len(names) + 1}",
                allow_blank=True,
                showErrorMessage=False,  # a code may be written too
            )
            page.add_data_validation(choice)
            choice.add(f"{letter}2:{letter}{ROWS + 1}")
        what = columns.kinds[column.kind] + (f" «{column.dictionary}»" if column.dictionary else "")
        told.append([column.ru, "да" if column.needed else "", what, ", ".join(column.also)])
    for letter, width in (("A", 40), ("B", 14), ("C", 50), ("D", 60)):
        told.column_dimensions[letter].width = width
    book.save(file)


def _choice(column: Column, dictionaries: Dictionaries) -> list[str]:
    """What may be chosen in a column; none where anything may be written, or the list would be too long."""
    if column.kind == "flag":
        return ["да", "нет"]
    if column.dictionary is not None:
        entries = dictionaries.entries(column.dictionary)
        names = [
            entry.name_ru for code, entry in entries.items() if dictionaries.is_leaf(column.dictionary, code)
        ]
        return names if len(names) <= LONGEST_LIST else []
    first = {word: said for said, word in reversed(list(column.words.items()))}
    return sorted(first.values())
