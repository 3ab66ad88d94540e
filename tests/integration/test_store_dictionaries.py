"""Dictionaries in the database: loaded whole, in part, twice; read back as they were."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest
from store_works import in_a_loop, rows

from esutd_bus.register.dictionaries import Dictionaries, Entry
from esutd_bus.register.dictionary_files import read_directory, read_packaged
from esutd_bus.store.connection import connect, connect_now
from esutd_bus.store.dictionaries import load, load_packaged_once, read

EDITION = "SELECT version FROM edition WHERE subject = 'dictionaries'"


def told(dictionaries: Dictionaries) -> dict[str, dict[str, Entry]]:
    return {name: dict(dictionaries.entries(name)) for name in dictionaries.names}


def put(database: str, edition: Dictionaries) -> int:
    with connect_now(database) as connection:
        return load(connection, edition)


async def kept(database: str) -> dict[str, dict[str, Entry]]:
    async with await connect(database) as connection:
        return told(await read(connection))


@in_a_loop
async def test_what_was_loaded_is_read_back(database: str) -> None:
    packaged = read_packaged()
    count = put(database, packaged)
    assert count == sum(len(packaged.entries(name)) for name in packaged.names)
    assert await kept(database) == told(packaged)


@in_a_loop
async def test_loading_twice_changes_nothing_but_the_edition(database: str) -> None:
    packaged = read_packaged()
    count = put(database, packaged)
    assert put(database, packaged) == count
    assert await kept(database) == told(packaged)
    assert rows(database, EDITION) == [(2,)]


@in_a_loop
async def test_a_folder_replaces_the_dictionaries_it_holds(database: str, tmp_path: Path) -> None:
    put(database, read_packaged())
    (tmp_path / "remote-work.csv").write_text(
        "code,name_ru,name_kk,parent_code,is_actual\n1,Да,Иә,,1\n9,Вахта,Вахта,,0\n", encoding="utf-8"
    )
    assert put(database, read_directory(tmp_path)) == 2
    replaced = {"1": Entry("1", "Да", "Иә"), "9": Entry("9", "Вахта", "Вахта", is_actual=False)}
    assert await kept(database) == {**told(read_packaged()), "remote-work": replaced}


@in_a_loop
async def test_every_column_of_an_entry_is_kept(database: str) -> None:
    parent = Entry("1", "один", "бір")
    whole = Entry(
        "2", 'два "и" \\N', "екі\n", parent_code="1", is_actual=False, level="district", list_type="L2"
    )
    edition = Dictionaries({"position": [parent, whole]})
    put(database, edition)
    assert await kept(database) == {"position": {"1": parent, "2": whole}}


def test_packaged_dictionaries_are_loaded_into_an_empty_database_only(database: str) -> None:
    assert load_packaged_once(database) > 0
    assert load_packaged_once(database) == 0
    assert rows(database, EDITION) == [(1,)]


@in_a_loop
async def test_two_who_load_at_once_come_one_after_the_other(database: str) -> None:
    editions = [
        Dictionaries({"position": [Entry(str(n), who, who) for n in range(500)]}) for who in ("one", "other")
    ]
    loading = [threading.Thread(target=put, args=(database, edition)) for edition in editions]
    for each in loading:
        each.start()
    for each in loading:
        each.join()
    assert rows(database, EDITION) == [(2,)]
    assert await kept(database) in [told(edition) for edition in editions]


def test_a_load_that_fails_leaves_the_edition_in_force(database: str) -> None:
    put(database, Dictionaries({"position": [Entry("1", "a", "a")]}))
    impossible = Dictionaries({"position": [Entry("2", "a\x00", "a")]})
    with pytest.raises(psycopg.DataError):
        put(database, impossible)
    assert rows(database, "SELECT code FROM dictionary_entry") == [("1",)]
    assert rows(database, EDITION) == [(1,)]
