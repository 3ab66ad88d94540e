"""Cells as the schema's texts: dates however they are written, codes by name, zeros that Excel has lost."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutd_bus.personnel.cells import Cell, CellError, Cells
from esutd_bus.personnel.columns import Column, read_columns
from esutd_bus.register.dictionary_files import read_packaged

CELLS = Cells(read_packaged())


def column(path: str) -> Column:
    return next(one for one in read_columns().known if one.path == path)


DAY = column("concludedOn")


FORMS = ("%d.%m.%Y", "%d/%m/%Y", "%Y-%m-%d", "%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00", "%d.%m.%Y 0:00")


@given(
    day=st.dates(min_value=date(1900, 1, 1), max_value=date(2999, 12, 31)),
    form=st.sampled_from(FORMS),
    around=st.sampled_from(["", " ", "\xa0", "\t"]),
)
def test_a_date_is_a_date_however_it_is_written(day: date, form: str, around: str) -> None:
    assert CELLS.text(DAY, around + day.strftime(form) + around) == day.isoformat()
    assert CELLS.text(DAY, f"{day.day}.{day.month}.{day.year}") == day.isoformat()
    assert CELLS.text(DAY, day) == CELLS.text(DAY, datetime(day.year, day.month, day.day)) == day.isoformat()  # noqa: DTZ001  # as openpyxl gives it


@given(text=st.text())
def test_text_never_breaks_a_date(text: str) -> None:
    """What is no date is left for the schema to refuse."""
    CELLS.text(DAY, text)


@pytest.mark.parametrize(
    ("path", "cell", "text"),
    [
        ("employee/iin", "850312100031", "850312100031"),
        ("employee/iin", 10203100037, "010203100037"),
        ("employee/iin", 850312100031.0, "850312100031"),
        ("employee/iin", "12", "12"),
        ("term/termCode", "1", "1"),
        ("term/termCode", 1, "1"),
        ("term/termCode", 1.0, "1"),
        ("term/termCode", "на неопределенный срок", "1"),
        ("term/termCode", "На неопределённый срок", "1"),
        ("term/termCode", "Белгіленбеген мерзімге", "1"),
        ("term/termCode", "1 — На неопределенный срок", "1"),
        ("term/termCode", "99", "99"),
        ("workPlace/countryCode", "Казахстан", "398"),
        ("workPlace/countryCode", 4, "004"),
        ("positionCode", "2511-1-002", "2511-1-002"),
        ("workingTime/tariffRate", "0,5", "0.5"),
        ("workingTime/tariffRate", 0.5, "0.5"),
        ("workingTime/tariffRate", "1 000,25", "1000.25"),
        ("liableForMilitaryService", "Да", "true"),
        ("liableForMilitaryService", "нет", "false"),
        ("liableForMilitaryService", True, "true"),
        ("liableForMilitaryService", 0, "false"),
        ("workingConditions/kind", "Вредные", "harmful"),
        ("workingConditions/kind", "тяжёлые", "heavy"),
        ("workingConditions/kind", "harmful", "harmful"),
        ("foreignWorker/basis", "ИРС", "foreignLabourForce"),
        ("number", 17, "17"),
        ("number", date(2026, 3, 2), "02.03.2026"),
        ("number", "  ТД-1\xa0", "ТД-1"),
        ("number", None, ""),
        ("number", " ", ""),
    ],
)
def test_a_cell_becomes_its_text(path: str, cell: Any, text: str) -> None:
    assert CELLS.text(column(path), cell) == text


@pytest.mark.parametrize("code", ["position", "kato", "country", "contract-term", "working-hours"])
def test_a_code_is_itself(code: str) -> None:
    of_it = next(one for one in read_columns().known if one.dictionary == code)
    for known in list(read_packaged().entries(code))[:200]:
        assert CELLS.text(of_it, known) == known


@pytest.mark.parametrize(
    ("path", "cell", "why"),
    [
        ("workPlace/katoCode", "с.Жамбыл", "не одно: укажите код"),
        ("positionCode", "Самый главный", "в справочнике нет"),
    ],
)
def test_a_name_that_is_none_is_told(path: str, cell: Cell, why: str) -> None:
    with pytest.raises(CellError, match=why):
        CELLS.text(column(path), cell)
