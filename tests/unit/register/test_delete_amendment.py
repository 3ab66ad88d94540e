from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from register_cases import (
    AMENDMENT_ID,
    BY_ID,
    CONTRACT_ID,
    IIN,
    REGISTERED,
    TODAY,
    accepted,
    amendment,
    command,
    entered,
    extension,
    happened,
    judge,
    refusals,
)

from esutd_bus.register.amendment import SAID
from esutd_bus.register.command import Command
from esutd_bus.register.decide import needs
from esutd_bus.register.event import Deadline
from esutd_bus.register.identifiers import check_digit
from esutd_bus.register.state import Needs, State
from support.replacing import replace

OTHER_IIN = f"85010120001{check_digit('85010120001')}"
HERE = "amendment_reference.amendment_id"
FRESH = State(contract_by_id={**REGISTERED, "version": 1})


def amended(
    changes: dict[str, Any], state: State = FRESH, new_id: UUID = AMENDMENT_ID, **columns: Any
) -> State:
    """The state after an amendment; its external id and number follow from its id."""
    unique = {"external_id": f"b{new_id.int:031}", "number": f"17/{new_id.int}"}
    return entered(replace(amendment(changes, **{**unique, **columns}), new_id=new_id), state)


ONE = amended({"established_post": "Главный аналитик"})
TWO = amended({"established_post": "Директор", "position_code": "2512-1-002"}, ONE, UUID(int=5))
"""Both amendments begin on the same day."""


def deletion(
    amendment_id: UUID | None = AMENDMENT_ID, iin: str | None = IIN, reference: Any = BY_ID
) -> Command:
    values = {
        "reference": reference,
        "amendment_reference": {"amendment_id": amendment_id} if amendment_id else {},
        "employee_reference": {"iin": iin} if iin else {},
    }
    return command("DeleteAmendment", values)


def told(state: State = ONE, **named: Any) -> list[tuple[str, str | None]]:
    return refusals(judge(deletion(**named), state))


@pytest.mark.clause("353/9")
def test_without_the_amendment_the_terms_are_those_of_the_registration() -> None:
    (before,) = ONE.amendments
    decision = accepted(judge(deletion(), ONE))
    event = happened(decision)
    assert (event.kind, event.effective_on) == ("AmendmentDeleted", before["starts_on"])
    assert event.contract == {**REGISTERED, "version": 3}
    assert event.amendment == {**before, "status": "deleted", "version": 2}
    assert event.changes == {
        **{f"amendment.{column}": (before[column], None) for column in SAID},
        "established_post": ("Главный аналитик", "Системный аналитик"),
    }
    assert decision.answer == {"contract": event.contract, "amendment": event.amendment}
    assert decision.contract_id == CONTRACT_ID


def test_what_is_needed_is_asked_for() -> None:
    assert needs(deletion()) == Needs(contract_id=CONTRACT_ID, amendments=True, history=True)


def test_a_later_amendment_stays() -> None:
    event = happened(judge(deletion(), TWO))
    assert all(field.startswith("amendment.") for field in event.changes)
    assert event.contract["established_post"] == "Директор"


def test_without_the_later_amendment_the_earlier_one_holds_again() -> None:
    event = happened(judge(deletion(UUID(int=5)), TWO))
    assert (event.contract["established_post"], event.contract["position_code"]) == (
        "Главный аналитик",
        REGISTERED["position_code"],
    )


def test_what_an_amendment_repeated_holds_without_the_first() -> None:
    """The second amendment changed nothing when it was entered; now it does."""
    state = amended({"established_post": "Главный аналитик"}, ONE, UUID(int=5))
    event = happened(judge(deletion(), state))
    assert event.contract["established_post"] == "Главный аналитик"


def test_an_extension_stays_above_the_registration() -> None:
    state = amended({"term_code": "2", "ends_on": date(2025, 6, 10)})
    state = entered(extension(), state)
    event = happened(judge(deletion(), state))
    assert (event.contract["term_code"], event.contract["ends_on"]) == ("2", date(2026, 6, 10))


@pytest.mark.code("SCSE070")
def test_number_and_date_are_free_again() -> None:
    state = entered(deletion(), ONE)
    again = replace(amendment(number="17/4"), new_id=UUID(int=5))
    assert refusals(judge(again, ONE)) == [("SCSE070", "amendment.number")]
    assert refusals(judge(again, state)) == []


@pytest.mark.code("SCSE052")
def test_an_amendment_is_deleted_once() -> None:
    assert told(entered(deletion(), ONE)) == [("SCSE052", HERE)]
    assert told(amendment_id=UUID(int=99)) == [("SCSE052", HERE)]


@pytest.mark.clause("353/9")
@pytest.mark.code("SCSE090")
def test_an_amendment_is_deleted_within_thirty_working_days_of_its_entry() -> None:
    """From Thursday 24 April until 11 June."""
    (row,) = ONE.amendments
    last = replace(ONE, amendments=[{**row, "recorded_at": datetime(2025, 4, 24, 5, 0, tzinfo=UTC)}])
    over = replace(ONE, amendments=[{**row, "recorded_at": datetime(2025, 4, 23, 5, 0, tzinfo=UTC)}])
    assert accepted(judge(deletion(), last)).deadline == Deadline("353/9", TODAY, 0, None)
    assert told(over) == [("SCSE090", HERE)]


@pytest.mark.code("SCSE049")
def test_the_amendment_is_to_the_named_employees_contract() -> None:
    assert told(iin=OTHER_IIN) == [("SCSE049", "employee_reference.iin")]


@pytest.mark.code("SCSE119")
def test_an_amendment_that_changed_the_employer_stays() -> None:
    row = {**ONE.amendments[0], "terms": {"employer": "940340000421"}}
    assert told(replace(ONE, amendments=[row])) == [("SCSE119", HERE)]


@pytest.mark.code("SCSE011")
@pytest.mark.code("SCSE051")
@pytest.mark.code("SCSE026")
def test_contract_amendment_and_employee_are_named() -> None:
    assert told(reference={}, amendment_id=None, iin=None) == [
        ("SCSE026", "reference.external_id"),
        ("SCSE051", "amendment_reference.external_id"),
        ("SCSE011", "employee_reference.iin"),
    ]


@pytest.mark.clause("353/13")
@pytest.mark.code("SCSE092")
def test_an_amendment_of_a_terminated_contract_is_not_deleted() -> None:
    row = {**dict(ONE.contract_by_id or {}), "status": "terminated"}
    assert told(replace(ONE, contract_by_id=row)) == [("SCSE092", "reference.contract_id")]


@pytest.mark.code("SCSE025")
def test_of_a_contract_that_is_not_there_nothing_else_is_told() -> None:
    assert told(State()) == [("SCSE025", "reference.contract_id")]
