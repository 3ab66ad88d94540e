from __future__ import annotations

from pathlib import Path

import pytest

from esutd_bus.register.calendar import Calendar
from esutd_bus.register.dictionaries import Dictionaries, DictionaryError, Entry
from esutd_bus.register.dictionary_files import read_directory, read_packaged
from esutd_bus.register.fields import read_packaged_fields
from esutd_bus.register.rulebook import Rulebook

HEADER = "code,name_ru,name_kk,parent_code,is_actual\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, name: str, text: str) -> Path:
    (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "count"),
    [("position", 14108), ("kato", 15594), ("termination-reason", 56), ("court", 498), ("country", 238)],
)
def test_the_packaged_dictionaries_are_whole(name: str, count: int) -> None:
    assert len(read_packaged().entries(name)) == count


def test_an_entry_tells_what_its_file_tells() -> None:
    dictionaries = read_packaged()
    assert dictionaries.entries("contract-term")["1"] == Entry(
        "1", "На неопределенный срок", "Белгіленбеген мерзімге"
    )
    assert dictionaries.entries("kato")["711210000"] == Entry(
        "711210000", "район Есиль", "Есіл ауданы", level="sub_district"
    )
    assert dictionaries.entries("harmful-conditions")["L3.6.55"].list_type == "L3"
    assert dictionaries.entries("harmful-conditions")["L3.6.55"].parent_code == "L3.6"


def test_leaves_are_entries_with_nothing_below() -> None:
    dictionaries = read_packaged()
    assert dictionaries.is_leaf("position", "2511-1-002")
    assert dictionaries.exists("position", "2511-1")
    assert not dictionaries.is_leaf("position", "2511-1")
    assert not dictionaries.is_leaf("position", "0000-0-000")
    assert not dictionaries.exists("position", "0000-0-000")


def test_a_retired_entry_counts_as_not_found() -> None:
    dictionaries = read_packaged()
    assert dictionaries.entries("termination-reason")["03-026"].is_actual is False
    assert not dictionaries.exists("termination-reason", "03-026")
    assert not dictionaries.is_leaf("termination-reason", "03-026")


def test_a_group_whose_entries_are_all_retired_is_still_no_leaf() -> None:
    dictionaries = Dictionaries(
        {"position": [Entry("1", "А", "А"), Entry("11", "Б", "Б", "1", is_actual=False)]}
    )
    assert not dictionaries.is_leaf("position", "1")


@pytest.mark.parametrize("city", ["710000000", "750000000", "790000000"])
def test_a_city_of_republican_rank_stands_on_the_regions_level(city: str) -> None:
    dictionaries = read_packaged()
    districts = [code for code in dictionaries.entries("kato") if code[:2] == city[:2] and code != city]
    assert dictionaries.level("kato", city) == "oblast"
    assert districts
    assert {dictionaries.level("kato", code) for code in districts} == {"sub_district"}


def test_an_unknown_code_has_no_level() -> None:
    assert read_packaged().level("kato", "999999999") is None


def test_newer_dictionaries_take_the_place_of_those_with_their_names(folder: Path) -> None:
    newer = read_directory(write(folder, "remote-work", f"{HEADER}4,Новая,Жаңа,,1\n"))
    updated = read_packaged().updated(newer)
    assert newer.names == {"remote-work"}
    assert updated.names == read_packaged().names
    assert updated.exists("remote-work", "4")
    assert not updated.exists("remote-work", "1")
    assert updated.exists("position", "2511-1-002")
    assert read_packaged().exists("remote-work", "1")


def test_a_byte_order_mark_is_no_part_of_the_first_column(folder: Path) -> None:
    newer = read_directory(write(folder, "remote-work", f"\ufeff{HEADER}4,Новая,Жаңа,,1\n"))
    assert newer.exists("remote-work", "4")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("remote-work", "", "line 1: expected the columns"),
        ("remote-work", "code,name_ru\n1,А\n", "line 1: expected the columns code,name_ru,name_kk"),
        ("kato", HEADER, "line 1: expected the columns code,level,name_ru,name_kk"),
        ("remote-work", HEADER, "line 1: the dictionary has no entries"),
        ("remote-work", f"{HEADER}1,А,А,,1\n1,Б,Б,,1\n", "line 3: code 1 stands here a second time"),
        ("position", f"{HEADER}1,А,А,,1\n21,Б,Б,2,1\n", "line 3: code 21 is an orphan: there is no 2"),
        (
            "kato",
            "code,level,name_ru,name_kk\n710000000,oblast,А,А\n751110000,district,Б,Б\n",
            "line 3: code 751110000 is an orphan: there is no 750000000",
        ),
        ("kato", "code,level,name_ru,name_kk\n710000000,city,А,А\n", "line 2: level is 'city'"),
        ("remote-work", f"{HEADER}1,А,А,,yes\n", "line 2: is_actual is 'yes'"),
        ("remote-work", f"{HEADER}1,А,А,\n", "line 2: expected 5 values, found 4"),
        ("remote-work", f"{HEADER}1,А,А,,1,1\n", "line 2: expected 5 values, found 6"),
        ("remote-work", f"{HEADER}1,,А,,1\n", "line 2: name_ru is empty"),
        ("remote-work", f"{HEADER} 1,А,А,,1\n", "line 2: code ' 1' has spaces"),
        ("remote-work", f'{HEADER}1,"А\nБ",А,,1\n1,В,В,,1\n', "line 4: code 1 stands here a second time"),
        ("remote-work", f'{HEADER}1,"А,А,,1\n2,Б,Б,,1\n', "line 3: unexpected end of data"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_line(
    folder: Path, name: str, text: str, told: str
) -> None:
    with pytest.raises(DictionaryError) as error:
        read_directory(write(folder, name, text))
    assert str(error.value).startswith(f"{folder / f'{name}.csv'}, {told}")


def test_another_encoding_is_told(folder: Path) -> None:
    (folder / "remote-work.csv").write_bytes(f"{HEADER}1,Дистанционная,Қ,,1\n".encode("utf-16"))
    with pytest.raises(DictionaryError, match="not UTF-8"):
        read_directory(folder)


def test_a_dictionary_the_register_does_not_have_is_refused(folder: Path) -> None:
    with pytest.raises(DictionaryError, match=r"positions\.csv: no such dictionary; .*position"):
        read_directory(write(folder, "positions", f"{HEADER}1,А,А,,1\n"))


def test_a_folder_without_dictionaries_is_refused(folder: Path) -> None:
    with pytest.raises(DictionaryError, match=r"no \*\.csv"):
        read_directory(folder)
    with pytest.raises(DictionaryError, match="not a directory"):
        read_directory(folder / "nowhere")


def test_dictionaries_made_from_rows_are_checked_too() -> None:
    with pytest.raises(DictionaryError, match="position, entry 2: code 1 stands here a second time"):
        Dictionaries({"position": [Entry("1", "А", "А"), Entry("1", "Б", "Б")]})


def test_a_rulebook_needs_every_dictionary_its_fields_are_checked_against() -> None:
    held = {name: read_packaged().entries(name).values() for name in read_packaged().names - {"country"}}
    with pytest.raises(DictionaryError, match=r"contract\.country_code needs the dictionary country"):
        Rulebook(Dictionaries(held), Calendar())


def test_the_fields_data_and_the_dictionaries_know_the_same_codes() -> None:
    fields, dictionaries = read_packaged_fields(), read_packaged()
    assert set(fields.terms) == set(dictionaries.entries("contract-term"))
    assert set(fields.regimes) == set(dictionaries.entries("working-hours"))
    assert dictionaries.entries("country")[fields.kato_country].name_ru == "КАЗАХСТАН"
