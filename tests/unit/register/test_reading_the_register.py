from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from register_cases import (
    AMENDMENT_ID,
    BY_ID,
    CONTRACT_ID,
    DISCLOSURE,
    EMPLOYER,
    FOUND,
    GIVEN,
    IIN,
    MESSAGE_ID,
    NEW_ID,
    NOW,
    REGISTERED,
    RULES,
    accepted,
    changed,
    command,
    judge,
    refusals,
)

from esutd_bus.register.decide import needs
from esutd_bus.register.event import Disclosed
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Needs, State
from support.replacing import replace

PERSON = {"person": {"iin": IIN, "surname": "Тестов"}, "documents": [{"number": "1"}]}


def entry(version: int, **columns: Any) -> dict[str, Any]:
    return {
        "contract_id": CONTRACT_ID,
        "version": version,
        "event": "ContractAmended",
        "effective_on": date(2025, 6, 10),
        "recorded_at": NOW,
        "recorded_by": EMPLOYER,
        "message_id": MESSAGE_ID,
        "amendment_id": AMENDMENT_ID,
        "entered": None,
        "clause": "353/8",
        "due_on": date(2025, 6, 17),
        "days_late": 0,
        "leave_id": None,
        "changes": [{"field": "ends_on", "before": None, "after": "2026-06-09"}],
        **columns,
    }


def test_a_contract_is_told_with_its_history_in_order() -> None:
    state = replace(FOUND, history=[entry(2), entry(1, event="ContractRegistered", changes=[])])
    decision = accepted(judge(command("GetContract", {"reference": BY_ID}), state))
    assert decision.events == ()
    assert decision.deadline is None
    assert decision.answer["contract"] == REGISTERED
    first, second = decision.answer["history"]
    assert (first["version"], first["event"], first["change"]) == (1, "ContractRegistered", [])
    assert second == {
        "version": 2,
        "event": "ContractAmended",
        "effective_on": date(2025, 6, 10),
        "recorded_at": NOW,
        "recorded_by": EMPLOYER,
        "message_id": MESSAGE_ID,
        "amendment_id": AMENDMENT_ID,
        "due_on": date(2025, 6, 17),
        "days_late": 0,
        "leave_id": None,
        "change": [{"field": "ends_on", "before": None, "after": "2026-06-09"}],
    }


def test_a_terminated_contract_can_be_read() -> None:
    state = State(contract_by_id={**REGISTERED, "status": "terminated"})
    assert accepted(judge(command("GetContract", {"reference": BY_ID}), state))


def test_the_history_is_asked_for() -> None:
    asked = command("GetContract", {"reference": {"external_id": "e" * 32}})
    assert needs(asked) == Needs(contract_external_id="e" * 32, history=True, leaves=True)


@pytest.mark.clause("353/14")
@pytest.mark.clause("slides/personal-file")
def test_a_personal_file_goes_out_and_is_logged() -> None:
    asked = command("GetPersonalFile", {"disclosure": DISCLOSURE})
    decision = accepted(judge(asked, State(fetched={"person": PERSON}, consents=[GIVEN])))
    assert needs(asked) == Needs(consents_of=IIN)
    assert decision.answer == PERSON
    assert decision.events == (
        Disclosed(
            {
                "id": NEW_ID,
                "employer": EMPLOYER,
                "employee_iin": IIN,
                "purpose": DISCLOSURE["purpose"],
                "consent_id": GIVEN["id"],
                "message_id": MESSAGE_ID,
                "disclosed_at": NOW,
            }
        ),
    )


@pytest.mark.code("SCSE012")
def test_a_person_the_registry_does_not_know_is_refused() -> None:
    asked = command("GetPersonalFile", {"disclosure": DISCLOSURE})
    assert refusals(judge(asked, State(fetched={"person": None}))) == [("SCSE012", "disclosure.employee_iin")]


def test_a_refused_message_says_nothing_of_a_person_nobody_asked_for() -> None:
    asked = command("GetPersonalFile", {"disclosure": DISCLOSURE}, refusals=(Refusal("ESB004"),))
    assert refusals(judge(asked)) == [("ESB004", None)]


def test_a_file_that_was_not_fetched_cannot_go_out() -> None:
    with pytest.raises(KeyError):
        judge(command("GetPersonalFile", {"disclosure": DISCLOSURE}), State(consents=[GIVEN]))


@pytest.mark.code("SCSE045")
def test_a_wrong_iin_is_refused() -> None:
    wrong = f"{IIN[:11]}{(int(IIN[11]) + 1) % 10}"
    asked = command("GetPersonalFile", {"disclosure": changed(DISCLOSURE, employee_iin=wrong)})
    assert refusals(judge(asked, State(fetched={"person": PERSON}))) == [
        ("SCSE045", "disclosure.employee_iin")
    ]


@pytest.mark.parametrize(
    ("column", "code"),
    [
        pytest.param(column, code, marks=pytest.mark.code(code))
        for column, code in RULES.fields.required["disclosure"].items()
    ],
)
def test_a_disclosure_says_whom_about_and_why(column: str, code: str) -> None:
    asked = command("GetPersonalFile", {"disclosure": changed(DISCLOSURE, **{column: ...})})
    assert refusals(judge(asked, State(fetched={"person": PERSON}))) == [(code, f"disclosure.{column}")]
