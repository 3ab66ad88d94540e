from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from register_cases import (
    AMENDED,
    BY_ID,
    CONTRACT_ID,
    IIN,
    LEAVE,
    RECORDED,
    REGISTERED,
    TODAY,
    accepted,
    amendment,
    changed,
    command,
    entered,
    happened,
    judge,
    refusals,
    reinstatement,
    termination,
)

from esutd_bus.register.command import Command
from esutd_bus.register.decide import needs
from esutd_bus.register.event import Deadline
from esutd_bus.register.identifiers import check_digit
from esutd_bus.register.state import Needs, State

OTHER_IIN = f"85010120001{check_digit('85010120001')}"
HERE = "reference.contract_id"
NAMED = "employee_reference.iin"


def deletion(reference: Any = BY_ID, iin: str | None = IIN) -> Command:
    named = {"iin": iin} if iin else {}
    return command("DeleteContract", {"reference": reference, "employee_reference": named})


def holding(**columns: Any) -> State:
    """A contract entered on Thursday 24 April 2025: its window closes today."""
    entered_at = datetime(2025, 4, 24, 5, 0, tzinfo=UTC)
    return State(contract_by_id={**REGISTERED, "registered_at": entered_at, **columns})


def told(state: State | None = None, **named: Any) -> list[tuple[str, str | None]]:
    return refusals(judge(deletion(**named), state or holding()))


@pytest.mark.clause("353/9")
def test_a_deleted_contract_stays_marked() -> None:
    decision = accepted(judge(deletion(), holding()))
    event = happened(decision)
    assert event.kind == "ContractDeleted"
    assert event.contract == {**dict(holding().contract_by_id or {}), "status": "deleted", "version": 5}
    assert event.changes == {"status": ("active", "deleted")}
    assert event.effective_on == REGISTERED["starts_on"]
    assert decision.answer == {"contract": event.contract}
    assert decision.deadline == Deadline("353/9", TODAY, 0, None)


def test_the_contract_and_its_history_are_asked_for() -> None:
    assert needs(deletion()) == Needs(contract_id=CONTRACT_ID, history=True)


@pytest.mark.clause("353/9")
@pytest.mark.code("SCSE090")
def test_a_contract_is_deleted_within_thirty_working_days() -> None:
    assert told(holding(registered_at=datetime(2025, 4, 23, 5, 0, tzinfo=UTC))) == [("SCSE090", HERE)]


@pytest.mark.clause("353/9")
@pytest.mark.code("SCSE047")
def test_the_contract_is_the_named_employees() -> None:
    assert told(iin=OTHER_IIN) == [("SCSE047", NAMED)]


@pytest.mark.code("SCSE045")
def test_a_wrong_iin_names_nobody() -> None:
    assert ("SCSE045", NAMED) in told(iin="850101100019")


@pytest.mark.code("SCSE011")
def test_a_deletion_names_the_employee() -> None:
    assert told(iin=None) == [("SCSE011", NAMED)]


@pytest.mark.code("SCSE026")
def test_a_deletion_names_the_contract() -> None:
    assert told(reference={}) == [("SCSE026", "reference.external_id")]


@pytest.mark.code("SCSE025")
@pytest.mark.parametrize("state", [State(), holding(status="deleted")])
def test_what_is_not_there_is_not_deleted(state: State) -> None:
    assert told(state) == [("SCSE025", HERE)]


@pytest.mark.clause("353/13")
@pytest.mark.code("SCSE092")
def test_a_terminated_contract_is_not_deleted() -> None:
    assert told(holding(status="terminated")) == [("SCSE092", HERE)]


@pytest.mark.clause("353/9")
def test_a_contract_that_was_opened_again_is_deleted_like_any_other() -> None:
    """A reinstatement opens a contract that has ended, not one that was never there."""
    ended = entered(termination(), holding(version=1))
    opened = entered(reinstatement(terminated_on=date(2025, 6, 10), reinstated_on=TODAY), ended)
    assert happened(judge(deletion(), opened)).contract["status"] == "deleted"


@pytest.mark.code("SCSE025")
def test_what_belonged_to_a_deleted_contract_is_not_told_either() -> None:
    gone = {**REGISTERED, "status": "deleted"}
    leave = command("RecordLeave", {"reference": BY_ID, "leave": changed(LEAVE, external_id="e" * 32)})
    assert refusals(judge(leave, State(contract_by_id=gone, leaves=[RECORDED]))) == [("SCSE025", HERE)]
    same = amendment(external_id="e" * 32)
    assert refusals(judge(same, State(contract_by_id=gone, amendments=[AMENDED]))) == [("SCSE025", HERE)]
