"""The columns of a table are those of the contract, and each name means one of them."""

from __future__ import annotations

from collections import Counter

import pytest

from esutd_bus.personnel.columns import HeaderError, alike, read_columns, read_header
from esutd_bus.register.dictionary_files import read_packaged
from esutd_bus.settings import packaged
from esutd_bus.soap.contract import load_contracts

COLUMNS = read_columns()
NEEDED = [one.ru for one in COLUMNS.known if one.needed]


def test_every_leaf_of_a_contract_has_its_column() -> None:
    """But those of an attached document, which no cell holds."""
    service = load_contracts(packaged(".")).by_path["/soap/contracts"]
    register = next(one for one in service.operations.values() if one.name == "RegisterContract")
    leaves = {path for path, _ in register.request.leaves() if path.startswith("contract/")}
    told = {f"contract/{one.path}" for one in COLUMNS.known}
    assert told == {path for path in leaves if "/proof/" not in path}


def test_a_name_means_one_column() -> None:
    names = Counter(alike(name) for one in COLUMNS.known for name in set(map(alike, one.names)))
    names.update(map(alike, COLUMNS.results.values()))
    assert {name for name, count in names.items() if count > 1} == set()


def test_what_columns_say_is_there() -> None:
    assert {one.kind for one in COLUMNS.known} <= COLUMNS.kinds.keys()
    assert {one.dictionary for one in COLUMNS.known if one.kind == "code"} <= read_packaged().names
    assert all(one.words for one in COLUMNS.known if one.kind == "word")


@pytest.mark.parametrize(
    "name", ["ИИН работника", "иин", " ИИН  работника* ", "employee/iin", "IIN", "Иин_Работника"]
)
def test_a_name_is_taken_leniently(name: str) -> None:
    found = COLUMNS.named(name)
    assert found is not None
    assert found.path == "employee/iin"


def test_a_header_is_read() -> None:
    header = read_header([*NEEDED, "Отдел", "", "Коды"])
    assert len(header.places) == len(NEEDED)
    assert header.unknown == ("Отдел",)
    assert header.results == {"codes": len(NEEDED) + 2}


def test_a_column_that_is_missing_is_told() -> None:
    with pytest.raises(HeaderError, match=r"нет колонок: «Номер договора»$"):
        read_header(NEEDED[1:])


def test_two_columns_of_one_thing_are_told() -> None:
    with pytest.raises(HeaderError, match="«ИИН работника» и «ИИН» — об одном"):
        read_header([*NEEDED, "ИИН"])
