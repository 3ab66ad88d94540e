from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from register_cases import (
    EMPLOYER,
    IIN,
    MESSAGE_ID,
    NEW_ID,
    NOW,
    OTHER_IIN,
    REGISTERED,
    TODAY,
    accepted,
    command,
    judge,
    refusals,
)

from esutd_bus.register.command import Command
from esutd_bus.register.decide import needs
from esutd_bus.register.event import ContractEvent, RowAdded
from esutd_bus.register.state import Needs, State

FORMER, NEW = "iin_change.former_iin", "iin_change.iin"
SECOND_JOB = {**REGISTERED, "id": UUID(int=8), "version": 2}
ENDED = {**REGISTERED, "id": UUID(int=9), "status": "terminated"}
DELETED = {**REGISTERED, "id": UUID(int=10), "status": "deleted"}


def change(**columns: Any) -> Command:
    return command("ChangeEmployeeIin", {"iin_change": {"former_iin": IIN, "iin": OTHER_IIN, **columns}})


def holding(*contracts: Any, known: Any = None) -> State:
    return State(contracts_of_employee=contracts, iin_change=known)


def test_every_contract_in_force_follows_the_person() -> None:
    decision = accepted(judge(change(), holding(REGISTERED, ENDED, SECOND_JOB, DELETED)))
    *changed, link = decision.events
    assert changed == [
        ContractEvent(
            "EmployeeIinChanged",
            {**row, "employee_iin": OTHER_IIN, "version": row["version"] + 1},
            {"employee_iin": (IIN, OTHER_IIN)},
            TODAY,
        )
        for row in (REGISTERED, SECOND_JOB)
    ]
    assert link == RowAdded(
        "iin_change",
        {
            "id": NEW_ID,
            "employer": EMPLOYER,
            "former_iin": IIN,
            "iin": OTHER_IIN,
            "message_id": MESSAGE_ID,
            "recorded_at": NOW,
        },
    )
    assert decision.answer == {"contracts": [REGISTERED, SECOND_JOB]}
    assert decision.deadline is None


def test_what_another_employer_told_is_not_kept_twice() -> None:
    (event,) = accepted(judge(change(), holding(REGISTERED, known={"former_iin": IIN}))).events
    assert isinstance(event, ContractEvent)


def test_the_employees_contracts_and_the_new_iins_past_are_asked_for() -> None:
    assert needs(change()) == Needs(employee_iin=IIN, new_iin=OTHER_IIN)
    assert needs(command("ChangeEmployeeIin", {})) == Needs()


@pytest.mark.code("SCSE117")
def test_the_iins_differ() -> None:
    assert refusals(judge(change(iin=IIN), holding(REGISTERED))) == [("SCSE117", NEW)]


@pytest.mark.code("SCSE012")
@pytest.mark.parametrize("contracts", [[], [DELETED]])
def test_the_employee_works_here(contracts: list[Any]) -> None:
    assert refusals(judge(change(), holding(*contracts))) == [("SCSE012", FORMER)]


@pytest.mark.clause("353/13")
@pytest.mark.code("SCSE092")
def test_terminated_contracts_are_not_changed() -> None:
    assert refusals(judge(change(), holding(ENDED, DELETED))) == [("SCSE092", FORMER)]


@pytest.mark.code("SCSE145")
def test_two_people_do_not_become_one() -> None:
    third = f"{IIN[:6]}2{IIN[7:]}"
    assert refusals(judge(change(), holding(REGISTERED, known={"former_iin": third}))) == [("SCSE145", NEW)]


@pytest.mark.code("SCSE045")
@pytest.mark.parametrize("column", ["former_iin", "iin"])
def test_both_iins_are_right(column: str) -> None:
    wrong = f"{IIN[:11]}{(int(IIN[11]) + 1) % 10}"
    assert refusals(judge(change(**{column: wrong}), holding(REGISTERED))) == [
        ("SCSE045", f"iin_change.{column}")
    ]


@pytest.mark.code("SCSE011")
@pytest.mark.parametrize("column", ["former_iin", "iin"])
def test_both_iins_are_told(column: str) -> None:
    assert refusals(judge(change(**{column: None}), holding(REGISTERED))) == [
        ("SCSE011", f"iin_change.{column}")
    ]
