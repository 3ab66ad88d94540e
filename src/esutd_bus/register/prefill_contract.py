"""PrefillContract: what the state knows of both sides of a contract that is still a draft (slides: prefill).

The employer's data come from the register of legal entities, the employee's from that of individuals, on the employee's
consent (order 353, clauses 14, 17). Here it is decided whether they may go out, and the disclosure is logged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from esutd_bus.register import get_personal_file, registry_checks
from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.event import Accepted, Disclosed
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules import completeness
from esutd_bus.register.state import Row

_IIN: Final = "disclosure.employee_iin"
_VALID: Final = "00"
_IDENTITY_CARD: Final = "002"
_PASSPORT: Final = "001"
_IDENTITY: Final = (_PASSPORT, _IDENTITY_CARD)
"""Documents by which a citizen signs a contract, the usual one last."""

_NAMES: Final = ("surname", "name", "patronymic")
_EMPLOYER: Final = {
    "bin": "bin",
    "name_ru": "full_name_ru",
    "name_kk": "full_name_kk",
    "short_name_ru": "short_name_ru",
    "short_name_kk": "short_name_kk",
}
_ADDRESS: Final = (
    "postal_code",
    *(f"{part}_{language}" for part in ("district", "region", "city", "street") for language in ("ru", "kk")),
    "building",
)
_EMPLOYEE: Final = (
    *("iin", *_NAMES, "birth_date"),
    *(f"{entry}_{part}" for entry in ("sex", "citizenship") for part in ("code", "name_ru", "name_kk")),
)


def employee_is_known(case: Case) -> Iterator[Refusal]:
    """SCSE012: the register of persons knows the employee, as one who lives. Source: code text.

    Where the message is refused anyway the registry is not asked, and nothing follows from its silence.
    """
    if "person" in case.state.fetched:
        found = case.state.fetched["person"]
        if found is None or not registry_checks.is_alive(found["person"]):
            yield Refusal("SCSE012", _IIN)


def employer_is_known(case: Case) -> Iterator[Refusal]:
    """ESB012: a registry knows the employer, and a legal entity is not liquidated.

    Source: order 353, clause 3: a contract has an employer.
    """
    if "employer_data" in case.state.fetched:
        found = case.state.fetched["employer_data"]
        organisation = (found or {}).get("organisation")
        if found is None or (organisation and not registry_checks.employer_is_confirmed(organisation)):
            yield Refusal("ESB012", path="employer")


def accept(case: Case) -> Accepted:
    """The draft's data go out; who learned about whom, why, on what consent is kept."""
    file, employer = case.state.fetched["person"], case.state.fetched["employer_data"]
    answer: dict[str, Row] = {
        **_employer(employer),
        "employee": _of(file["person"], _EMPLOYEE),
        "address": file.get("address", {}),
        "document": _document(file["documents"], case.today),
    }
    told = {source: row for source, row in answer.items() if row}
    return Accepted(events=(Disclosed(get_personal_file.disclosure(case)),), answer=told)


def _employer(found: Mapping[str, Any]) -> dict[str, Row]:
    """The sources that tell of the employer: an individual's name stands where an organisation's head does."""
    organisation = found.get("organisation")
    if organisation is None:
        individual = found["individual"]
        return {"draft_employer": {"iin": individual["iin"]}, "head": _of(individual, _NAMES)}
    head = {name: organisation[f"head_{name}"] for name in _NAMES if f"head_{name}" in organisation}
    return {
        "draft_employer": {key: organisation[of] for key, of in _EMPLOYER.items() if of in organisation},
        "head": head,
        "employer_address": _of(organisation, _ADDRESS),
    }


def _document(documents: Sequence[Row], today: date) -> Row:
    """The document by which the employee signs: valid today, of several the usual kind, then the newest."""
    valid = [
        row
        for row in documents
        if row["type_code"] in _IDENTITY
        and row.get("status_code", _VALID) == _VALID
        and row.get("end_date", today) >= today
    ]
    newest = (_IDENTITY.index, date.min)
    return max(
        valid, key=lambda row: (newest[0](row["type_code"]), row.get("begin_date", newest[1])), default={}
    )


def _of(row: Row, columns: Sequence[str]) -> Row:
    return {column: row[column] for column in columns if column in row}


_NAME: Final = dict.fromkeys(_NAMES, str)

DECIDER = Decider(
    get_personal_file.needs,
    (
        completeness.disclosure_is_complete,
        get_personal_file.iin_is_right,
        employee_is_known,
        employer_is_known,
    ),
    accept,
    Sources(
        rows={
            "draft_employer": Shape(sometimes={"iin": str, **dict.fromkeys(_EMPLOYER, str)}),
            "head": Shape(sometimes=_NAME),
            "employer_address": Shape(sometimes=dict.fromkeys(_ADDRESS, str)),
            "employee": Shape(
                always={
                    **dict.fromkeys((column for column in _EMPLOYEE if column not in _NAMES), str),
                    "birth_date": date,
                },
                sometimes=_NAME,
            ),
            "address": get_personal_file.ADDRESS,
            "document": Shape(
                sometimes={**get_personal_file.DOCUMENT.always, **get_personal_file.DOCUMENT.sometimes}
            ),
        }
    ),
    creates="disclosure",
    ports=frozenset({"person", "employer_data"}),
    consented=True,
)
