"""GetPersonalFile: what the state tells an employer about its employee (slides, service two).

The person is fetched from the register of persons before the decision. Here it is decided whether the file
may go out, and the disclosure is logged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted, Disclosed
from esutd_bus.register.identifiers import is_iin
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules import completeness, consent
from esutd_bus.register.state import Needs, Row

_IIN = "disclosure.employee_iin"


def _texts(*names: str) -> dict[str, type]:
    return dict.fromkeys(names, str)


def _entries(*names: str) -> dict[str, type]:
    """Entries of the registry's dictionaries: three keys each."""
    return _texts(*(f"{name}_{part}" for name in names for part in ("code", "name_ru", "name_kk")))


_PERIOD: Mapping[str, type] = {"begin_date": date, "end_date": date}
ADDRESS = Shape(
    sometimes={
        **_entries("country", "district", "region"),
        **_texts("foreign_district", "foreign_region", "city", "street", "building", "corpus", "flat"),
        **_PERIOD,
    }
)
_PERSON = Shape(
    always={**_texts("iin"), "birth_date": date, **_entries("sex", "nationality", "citizenship")},
    sometimes={
        **_texts("surname", "name", "patronymic"),
        "death_date": date,
        **_entries("life_status", "birth_country", "birth_district", "birth_region"),
        **_texts("birth_foreign_district", "birth_foreign_region", "birth_city"),
    },
)
DOCUMENT = Shape(
    always={**_entries("type"), **_texts("number")},
    sometimes={**_entries("issue_organization", "status"), **_texts("series"), **_PERIOD},
)
_FILE = Sources(
    rows={"person": _PERSON, "address": ADDRESS, "temporary_address": ADDRESS},
    lists={"documents": DOCUMENT},
)
"""What the registry of individuals tells."""


def needs(command: Command) -> Needs:
    """What the employee has consented to."""
    return Needs(consents_of=command.values.get("disclosure", {}).get("employee_iin"))


def iin_is_right(case: Case) -> Iterator[Refusal]:
    """SCSE045: the IIN has a possible date of birth and the right check digit. Source: code text."""
    iin = case.value(_IIN)
    if iin is not None and not is_iin(iin):
        yield Refusal("SCSE045", _IIN)


def person_is_known(case: Case) -> Iterator[Refusal]:
    """SCSE012: the register of persons knows the employee. Source: code text.

    Where the message is refused anyway the registry is not asked, and nothing follows from its silence.
    """
    if "person" in case.state.fetched and case.state.fetched["person"] is None:
        yield Refusal("SCSE012", _IIN)


def accept(case: Case) -> Accepted:
    """The file goes out; who learned about whom, why, on what consent is kept (order 353, clause 14)."""
    return Accepted(events=(Disclosed(disclosure(case)),), answer=dict(case.state.fetched["person"]))


def disclosure(case: Case) -> Row:
    """The row that tells who has learned about whom, why, on what consent."""
    command, given = case.command, case.table("disclosure")
    return {
        "id": command.new_id,
        "employer": command.employer,
        "employee_iin": given["employee_iin"],
        "purpose": given["purpose"],
        "consent_id": consent.consent_of(case)["id"],
        "message_id": command.message_id,
        "disclosed_at": case.now,
    }


DECIDER = Decider(
    needs,
    (completeness.disclosure_is_complete, iin_is_right, person_is_known),
    accept,
    _FILE,
    creates="disclosure",
    ports=frozenset({"person"}),
    consented=True,
)
