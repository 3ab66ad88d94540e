"""A person's sources from ГБД ФЛ's XML, as tidy or untidy as it comes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from esutd_bus.registries import gbdfl_person
from esutd_bus.registries.lenient import descend, parse

IIN = "890312200172"
CORPUS = Path(__file__).parents[4] / "shared" / "corpora" / "shep" / "gbdfl-answer.xml"


def entry(name: str, code: str, ru: str | None = None, kz: str | None = None) -> str:
    names = "".join(f"<{tag}>{text}</{tag}>" for tag, text in (("nameRu", ru), ("nameKz", kz)) if text)
    return f"<{name}><code>{code}</code>{names}</{name}>"


def read(inside: str) -> Any:
    return gbdfl_person.read(parse(f"<person>{inside}</person>".encode()), IIN)


def test_nothing_is_known_but_the_iin() -> None:
    assert read("") == {"person": {"iin": IIN}, "documents": []}


def test_the_person() -> None:
    found = read(
        "<surname>САРСЕНБАЕВА</surname><name>ГҮЛЖАН</name><patronymic>ТӨЛЕГЕНҚЫЗЫ</patronymic>"
        "<birthDate>1889-03-12</birthDate><deathDate>1950-01-02+06:00</deathDate>"
        + entry("gender", "2", "Женский", "Әйел")
        + entry("nationality", "005", "КАЗАШКА", "ҚАЗАҚ")
        + entry("citizenship", "398", "КАЗАХСТАН", "ҚАЗАҚСТАН")
        + entry("lifeStatus", "0", "Нормальный", "Қалыпты")
        + "<birthPlace>"
        + entry("country", "398", "КАЗАХСТАН", "ҚАЗАҚСТАН")
        + entry("district", "1926", "З-КАЗАХСТАНСКАЯ", "БАТ-ҚАЗАҚСТАН")
        + entry("region", "1926401", "УРАЛЬСК", "ОРАЛ")
        + "<foreignData><districtName>О</districtName><regionName>Р</regionName></foreignData>"
        + "<city>ОРАЛ</city></birthPlace>"
    )

    assert found["person"] == {
        "iin": IIN,
        "surname": "САРСЕНБАЕВА",
        "name": "ГҮЛЖАН",
        "patronymic": "ТӨЛЕГЕНҚЫЗЫ",
        "birth_date": date(1889, 3, 12),
        "death_date": date(1950, 1, 2),
        "sex_code": "2",
        "sex_name_ru": "Женский",
        "sex_name_kk": "Әйел",
        "nationality_code": "005",
        "nationality_name_ru": "КАЗАШКА",
        "nationality_name_kk": "ҚАЗАҚ",
        "citizenship_code": "398",
        "citizenship_name_ru": "КАЗАХСТАН",
        "citizenship_name_kk": "ҚАЗАҚСТАН",
        "life_status_code": "0",
        "life_status_name_ru": "Нормальный",
        "life_status_name_kk": "Қалыпты",
        "birth_country_code": "398",
        "birth_country_name_ru": "КАЗАХСТАН",
        "birth_country_name_kk": "ҚАЗАҚСТАН",
        "birth_district_code": "1926",
        "birth_district_name_ru": "З-КАЗАХСТАНСКАЯ",
        "birth_district_name_kk": "БАТ-ҚАЗАҚСТАН",
        "birth_region_code": "1926401",
        "birth_region_name_ru": "УРАЛЬСК",
        "birth_region_name_kk": "ОРАЛ",
        "birth_foreign_district": "О",
        "birth_foreign_region": "Р",
        "birth_city": "ОРАЛ",
    }


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"ru": "РУ", "kz": "КЗ"}, ("РУ", "КЗ")),
        ({"ru": "РУ"}, ("РУ", "РУ")),
        ({"kz": "КЗ"}, ("КЗ", "КЗ")),
        ({"ru": "..", "kz": "-"}, ("2", "2")),
    ],
)
def test_an_entry_always_has_both_names(names: dict[str, str], expected: tuple[str, str]) -> None:
    person = read(entry("gender", "2", **names))["person"]

    assert (person["sex_name_ru"], person["sex_name_kk"]) == expected


@pytest.mark.parametrize(
    "gender", ["<gender/>", "<gender>..</gender>", "<gender><nameRu>Ж</nameRu></gender>"]
)
def test_an_entry_without_a_code_is_none(gender: str) -> None:
    assert read(gender)["person"] == {"iin": IIN}


def test_an_address_of_placeholders_is_none() -> None:
    found = read(
        "<regAddress><country>..</country><street>..</street><flat>-</flat></regAddress><addresses/>"
    )

    assert "address" not in found
    assert "temporary_address" not in found


def address(street: str, begin: str = "", status: str = "") -> str:
    known = entry("status", status) if status else ""
    return f"<address><street>{street}</street><beginDate>{begin}</beginDate>{known}</address>"


@pytest.mark.parametrize(
    ("addresses", "street"),
    [
        (address("А", "2020-01-01") + address("Б", "2021-01-01"), "Б"),
        (address("А", "2021-01-01", "1") + address("Б", "2020-01-01", "1"), "А"),
        (address("А", "2020-01-01", "1") + address("Б", "2021-01-01", "2"), "А"),
        (address("А") + address("Б", "2021-01-01"), "Б"),
        (address("А", "2020-01-01", "2"), None),
    ],
)
def test_the_temporary_address_is_the_latest_still_registered(addresses: str, street: str | None) -> None:
    found = read(f"<addresses>{addresses}</addresses>")

    assert found.get("temporary_address", {}).get("street") == street


def test_documents_keep_their_order() -> None:
    one = "<document><number>1</number><beginDate>2020-01-01</beginDate></document>"
    other = f"<document>{entry('type', '002', 'УДОСТОВЕРЕНИЕ')}<number>2</number><endDate>нет</endDate></document>"

    assert read(f"<documents>{one}{other}</documents>")["documents"] == [
        {"number": "1", "begin_date": date(2020, 1, 1)},
        {
            "type_code": "002",
            "type_name_ru": "УДОСТОВЕРЕНИЕ",
            "type_name_kk": "УДОСТОВЕРЕНИЕ",
            "number": "2",
        },
    ]


@pytest.mark.parametrize(
    ("records", "chosen"),
    [
        (["<n>1</n>", "<n>2</n>"], "1"),
        (["<n>1</n><removed>true</removed>", "<n>2</n><removed>false</removed>"], "2"),
        (["<n>1</n><removed>true</removed>", "<n>2</n>" + entry("lifeStatus", "3")], "2"),
        (["<n>1</n>" + entry("lifeStatus", "3"), "<n>2</n>" + entry("lifeStatus", "0")], "2"),
        (["<n>1</n><excludeStatus/>", "<n>2</n>" + entry("lifeStatus", "3")], "2"),
        (["<n>1</n>" + entry("lifeStatus", "3")], "1"),
    ],
)
def test_of_several_records_the_one_that_stands_is_chosen(records: list[str], chosen: str) -> None:
    persons = [parse(f"<person>{record}</person>".encode()) for record in records]

    assert gbdfl_person.choose(persons).findtext("n") == chosen


def test_a_real_answer() -> None:
    if not CORPUS.exists():
        pytest.skip(f"no corpus of bus messages at {CORPUS}")
    person = descend(etree.parse(CORPUS).getroot(), "data/persons/person")
    assert person is not None

    found = gbdfl_person.read(person, "000000000000")

    assert set(found) == {"person", "address", "documents"}
    assert found["person"]["nationality_name_ru"] == "КАЗАШКА"
    assert found["person"]["birth_region_code"] == "1926401"
    assert "birth_city" not in found["person"]
    assert found["address"] == {"begin_date": date(2014, 1, 1)}
    (document,) = found["documents"]
    assert document["type_code"] == "002"
    assert document["end_date"] == date(2030, 1, 1)
