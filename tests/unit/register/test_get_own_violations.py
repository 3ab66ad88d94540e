from __future__ import annotations

from typing import Any

import pytest
from register_cases import CONTRACT_ID, NOW, TODAY, accepted, command, judge, refusals

from esutd_bus.register.command import Command
from esutd_bus.register.decide import needs
from esutd_bus.register.search import Found, Page, ViolationSearch
from esutd_bus.register.state import Needs, State

OF_CONTRACT: dict[str, Any] = {"contract_id": CONTRACT_ID, "external_id": "e" * 32, "number": "17"}
LATE: dict[str, Any] = {
    **OF_CONTRACT,
    "clause": "353/12",
    "event": "ContractTerminated",
    "version": 3,
    "due_on": TODAY,
    "days_late": 2,
    "recorded_at": NOW,
}


def asked(number: int = 1, size: int = 10) -> Command:
    return command("GetOwnViolations", {"search": {"page_number": number, "page_size": size}})


@pytest.mark.clause("353/6")
@pytest.mark.clause("slides/violations")
def test_a_contract_without_its_working_time_is_told() -> None:
    found = Found([{**OF_CONTRACT, "clause": None}], total=1)
    decision = accepted(judge(asked(), State(found=found)))
    assert decision.answer == {
        "violations": [{**OF_CONTRACT, "kind": "workingTimeMissing", "clause": "353/6"}],
        "found": {"total": 1},
    }
    assert decision.events == ()


@pytest.mark.clause("slides/violations")
@pytest.mark.parametrize(
    ("clause", "code"), [("353/7", "SCSE088"), ("353/8", "SCSE089"), ("353/12", "SCSE091")]
)
def test_a_late_entry_is_told_with_the_code_its_receipt_had(clause: str, code: str) -> None:
    found = Found([{**LATE, "clause": clause}], total=1)
    (violation,) = accepted(judge(asked(), State(found=found))).answer["violations"]
    assert violation == {**LATE, "kind": "lateEntry", "clause": clause, "code": code}


def test_a_page_is_looked_for() -> None:
    assert needs(asked(3, 20)) == Needs(search=ViolationSearch(Page(3, 20)))
    assert needs(asked(0)) == Needs()


@pytest.mark.code("SCSE218")
@pytest.mark.code("SCSE219")
def test_a_page_is_one() -> None:
    assert refusals(judge(asked(0, 101))) == [
        ("SCSE218", "search.page_number"),
        ("SCSE219", "search.page_size"),
    ]
