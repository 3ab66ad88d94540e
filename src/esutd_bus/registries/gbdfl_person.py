"""A `Person` from ГБД ФЛ's XML (`xsd/shep/gbdfl-person.xsd`), read leniently."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from esutd_bus.registries.lenient import children, date_at, descend, text_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import _Element as Element

    from esutd_bus.registries.person_registry import Person

_ALIVE = "0"
_REGISTERED = "1"

_PERSON_TEXTS = {
    "surname": "surname",
    "name": "name",
    "patronymic": "patronymic",
    "birth_foreign_district": "birthPlace/foreignData/districtName",
    "birth_foreign_region": "birthPlace/foreignData/regionName",
    "birth_city": "birthPlace/city",
}
_PERSON_DATES = {"birth_date": "birthDate", "death_date": "deathDate"}
_PERSON_ENTRIES = {
    "sex": "gender",
    "nationality": "nationality",
    "citizenship": "citizenship",
    "life_status": "lifeStatus",
    "birth_country": "birthPlace/country",
    "birth_district": "birthPlace/district",
    "birth_region": "birthPlace/region",
}
_ADDRESS_TEXTS = {
    "foreign_district": "foreignData/districtName",
    "foreign_region": "foreignData/regionName",
    "city": "city",
    "street": "street",
    "building": "building",
    "corpus": "corpus",
    "flat": "flat",
}
_ADDRESS_ENTRIES = {"country": "country", "district": "district", "region": "region"}
_PERIOD = {"begin_date": "beginDate", "end_date": "endDate"}
_DOCUMENT_TEXTS = {"number": "number", "series": "series"}
_DOCUMENT_ENTRIES = {"type": "type", "issue_organization": "issueOrganization", "status": "status"}


def choose(persons: list[Element]) -> Element:
    """Of several records of one IIN the one that stands: not removed or excluded, alive; else the first."""
    return max(
        persons,
        key=lambda person: (
            text_at(person, "removed") not in ("true", "1"),
            descend(person, "excludeStatus") is None,
            text_at(person, "lifeStatus/code") in (_ALIVE, None),
        ),
    )


def read(person: Element, iin: str) -> Person:
    """The person's sources; for the keys see `Person`."""
    sources: Person = {
        "person": {"iin": iin, **_row(person, _PERSON_TEXTS, _PERSON_DATES, _PERSON_ENTRIES)},
        "address": _address(descend(person, "regAddress")),
        "temporary_address": _temporary_address(person),
        "documents": [_document(document) for document in children(descend(person, "documents"), "document")],
    }
    return {name: source for name, source in sources.items() if source or name == "documents"}


def _temporary_address(person: Element) -> dict[str, Any]:
    """The latest begun of the addresses still registered."""
    addresses = [
        _address(address)
        for address in children(descend(person, "addresses"), "address")
        if text_at(address, "status/code") in (_REGISTERED, None)
    ]
    return max(addresses, key=lambda address: address.get("begin_date", date.min), default={})


def _address(address: Element | None) -> dict[str, Any]:
    return _row(address, _ADDRESS_TEXTS, _PERIOD, _ADDRESS_ENTRIES)


def _document(document: Element) -> dict[str, Any]:
    return _row(document, _DOCUMENT_TEXTS, _PERIOD, _DOCUMENT_ENTRIES)


def _row(
    group: Element | None, texts: Mapping[str, str], dates: Mapping[str, str], entries: Mapping[str, str]
) -> dict[str, Any]:
    """Keys → what stands at their paths, without those that are not there."""
    row: dict[str, Any] = {key: text_at(group, path) for key, path in texts.items()}
    row |= {key: date_at(group, path) for key, path in dates.items()}
    for key, path in entries.items():
        row |= _entry(key, descend(group, path))
    return {key: value for key, value in row.items() if value is not None}


def _entry(key: str, entry: Element | None) -> dict[str, str]:
    """A dictionary entry, if it has a code. A name that is missing is the other language's, or the code."""
    code = text_at(entry, "code")
    if code is None:
        return {}
    name_ru, name_kk = text_at(entry, "nameRu"), text_at(entry, "nameKz")
    return {
        f"{key}_code": code,
        f"{key}_name_ru": name_ru or name_kk or code,
        f"{key}_name_kk": name_kk or name_ru or code,
    }
