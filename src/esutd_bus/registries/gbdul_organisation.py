"""An `Organisation` from ГБД ЮЛ's XML (`xsd/shep/gbdul.xsd`), read leniently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from esutd_bus.registries.lenient import children, date_at, descend, text_at

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from esutd_bus.registries.organisation_registry import Organisation

_TEXTS = {
    "full_name_ru": "FullNameRu",
    "full_name_kk": "FullNameKz",
    "short_name_ru": "ShortNameRu",
    "short_name_kk": "ShortNameKz",
    "status_code": "RegStatus/Code",
    "status_name_ru": "RegStatus/NameRu",
    "status_name_kk": "RegStatus/NameKz",
    "successor": "Liquidation/BinReceiver",
    "head_organisation": "HeaderOrganization/BIN",
    "head_iin": "OrganizationLeader/IIN",
    "head_surname": "OrganizationLeader/SurName",
    "head_name": "OrganizationLeader/Name",
    "head_patronymic": "OrganizationLeader/MiddleName",
    "postal_code": "Address/ZIPCode",
    "district_ru": "Address/DistrictRu",
    "district_kk": "Address/DistrictKz",
    "region_ru": "Address/RegionRu",
    "region_kk": "Address/RegionKz",
    "city_ru": "Address/CityRu",
    "city_kk": "Address/CityKz",
    "street_ru": "Address/StreetRu",
    "street_kk": "Address/StreetKz",
    "building": "Address/BuildingNumber",
}
_ACTIVITY = {
    "activity_code": "OKED",
    "activity_name_ru": "ActivityNameRu",
    "activity_name_kk": "ActivityNameKz",
}

_ENDED = ("ликвид", "прекра", "исключ")
"""What the name of a status holds that says: this organisation is no more. The codes are not public."""
_REORGANISED = ("реорганиз", "выделен", "разделен", "слиян", "присоедин", "преобраз")


def read(organisation: Element, number: str) -> Organisation:
    """The organisation; for the keys see `Organisation`."""
    row: dict[str, Any] = {key: text_at(organisation, path) for key, path in _TEXTS.items()}
    row["registered_on"] = date_at(organisation, "RegistrationDate")
    liquidated_on = date_at(organisation, "Liquidation/LiqDate")
    row["ended_on"] = liquidated_on or date_at(organisation, "Liquidation/LiqDecisionDate")
    main = next(
        (one for one in children(organisation, "Activity") if text_at(one, "Main") in ("true", "1")), None
    )
    row |= {key: text_at(main, path) for key, path in _ACTIVITY.items()}
    return {
        **{key: value for key, value in row.items() if value is not None},
        "bin": number,
        "is_liquidated": liquidated_on is not None or _says(organisation, "RegStatus/NameRu", _ENDED),
        "is_reorganised": row["successor"] is not None
        or descend(organisation, "Liquidation/ReorgType") is not None,
        "is_made_by_reorganisation": _says(organisation, "CreationMethod/NameRu", _REORGANISED),
        "founders": tuple(
            filter(None, (text_at(founder, "BIN") for founder in children(organisation, "FoundersUL")))
        ),
    }


def _says(organisation: Element, path: str, words: tuple[str, ...]) -> bool:
    told = (text_at(organisation, path) or "").casefold()
    return any(word in told for word in words)
