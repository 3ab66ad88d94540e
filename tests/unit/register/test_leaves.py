from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from register_cases import (
    BY_ID,
    CONTRACT_ID,
    EMPLOYER,
    FOUND,
    IIN,
    LEAVE,
    LEAVE_ID,
    MESSAGE_ID,
    NEW_ID,
    NOW,
    OTHER_IIN,
    RECORDED,
    REGISTERED,
    RULES,
    TODAY,
    accepted,
    changed,
    command,
    happened,
    judge,
    refusals,
)

from esutd_bus.register.command import Command
from esutd_bus.register.decide import needs
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Needs, State
from support.replacing import replace

DAY = timedelta(days=1)
BOTH = ["RecordLeave", "CorrectLeave"]
ALL = [*BOTH, "DeleteLeave"]
KNOWN = replace(FOUND, leaves=[RECORDED])
"""The contract with the leave."""

CARE = changed(LEAVE, leave_type_code="2", first_working_day_on=...)


def entry(operation: str = "RecordLeave", given: Any = LEAVE, **columns: Any) -> Command:
    return command(operation, {"reference": BY_ID, "leave": changed(given, **columns)})


def deletion(iin: str | None = IIN, leave: Any = None) -> Command:
    leave = {"leave_id": LEAVE_ID} if leave is None else leave
    return command(
        "DeleteLeave", {"reference": BY_ID, "leave_reference": leave, "employee_reference": {"iin": iin}}
    )


def meant(operation: str) -> State:
    """The state on which the message of an operation is in order."""
    return FOUND if operation == "RecordLeave" else KNOWN


def asked(operation: str) -> Command:
    return deletion() if operation == "DeleteLeave" else entry(operation)


def told(
    operation: str, state: State | None = None, given: Any = LEAVE, **columns: Any
) -> list[tuple[str, str | None]]:
    return refusals(judge(entry(operation, given, **columns), state or meant(operation)))


@pytest.mark.clause("353/6")
def test_a_leave_is_recorded() -> None:
    decision = accepted(judge(entry(), FOUND))
    event = happened(decision)
    assert event.kind == "LeaveRecorded"
    assert event.contract == {**REGISTERED, "version": 5}
    assert event.leave == {
        **LEAVE,
        "id": NEW_ID,
        "contract_id": CONTRACT_ID,
        "employer": EMPLOYER,
        "status": "active",
        "version": 1,
        "message_id": MESSAGE_ID,
        "recorded_at": NOW,
    }
    assert event.changes == {f"leave.{column}": (None, value) for column, value in LEAVE.items()}
    assert event.effective_on == LEAVE["starts_on"]
    assert decision.answer == {"contract": event.contract, "leave": event.leave}
    assert decision.contract_id == CONTRACT_ID


@pytest.mark.clause("353/6")
@pytest.mark.parametrize("operation", ALL)
def test_no_clause_sets_a_day_for_a_leave(operation: str) -> None:
    assert accepted(judge(asked(operation), meant(operation))).deadline is None


def test_a_leave_for_childcare_tells_two_dates() -> None:
    leave = happened(judge(entry(given=CARE), FOUND)).leave
    assert leave is not None
    assert (leave["leave_type_code"], leave["first_working_day_on"]) == ("2", None)


@pytest.mark.clause("353/6")
def test_a_corrected_leave_keeps_its_past() -> None:
    event = happened(judge(entry("CorrectLeave", CARE, ends_on=date(2025, 11, 2)), KNOWN))
    assert event.kind == "LeaveCorrected"
    assert event.contract == {**REGISTERED, "version": 5}
    assert event.leave == {
        **RECORDED,
        "leave_type_code": "2",
        "ends_on": date(2025, 11, 2),
        "first_working_day_on": None,
        "version": 2,
        "message_id": MESSAGE_ID,
        "recorded_at": NOW,
    }
    assert event.changes == {
        "leave.leave_type_code": ("1", "2"),
        "leave.ends_on": (date(2025, 10, 5), date(2025, 11, 2)),
        "leave.first_working_day_on": (date(2025, 10, 6), None),
    }


@pytest.mark.clause("353/6")
@pytest.mark.parametrize("leave", [{"leave_id": LEAVE_ID}, {"external_id": LEAVE["external_id"]}])
def test_a_deleted_leave_is_marked_and_not_erased(leave: dict[str, Any]) -> None:
    event = happened(judge(deletion(leave=leave), KNOWN))
    assert event.kind == "LeaveDeleted"
    assert event.leave == {
        **RECORDED,
        "status": "deleted",
        "version": 2,
        "message_id": MESSAGE_ID,
        "recorded_at": NOW,
    }
    assert event.changes == {f"leave.{column}": (value, None) for column, value in LEAVE.items()}
    assert event.contract["version"] == 5


def test_the_contract_and_its_leaves_are_asked_for() -> None:
    assert needs(entry()) == Needs(
        contract_id=CONTRACT_ID, leaves=True, leave_external_id=LEAVE["external_id"]
    )
    assert needs(entry("CorrectLeave")) == needs(deletion()) == Needs(contract_id=CONTRACT_ID, leaves=True)
    assert needs(command("RecordLeave", {})) == Needs(leaves=True)


# ── the references


@pytest.mark.parametrize("operation", ALL)
def test_the_contract_must_be_there_and_going_on(operation: str) -> None:
    reference = "reference.contract_id"
    assert refusals(judge(asked(operation))) == [("SCSE025", reference)]
    ended = replace(KNOWN, contract_by_id={**REGISTERED, "status": "terminated"})
    ended = replace(ended, leaves=meant(operation).leaves)
    assert refusals(judge(asked(operation), ended)) == [("SCSE092", reference)]


@pytest.mark.code("SCSE026")
@pytest.mark.parametrize("operation", ALL)
def test_a_message_names_its_contract(operation: str) -> None:
    nameless = {**asked(operation).values, "reference": {}}
    found = refusals(judge(replace(asked(operation), values=nameless), meant(operation)))
    assert found == [("SCSE026", "reference.external_id")]


@pytest.mark.code("SCSE086")
def test_an_external_id_is_used_once() -> None:
    deleted = {**RECORDED, "status": "deleted"}
    for row in (RECORDED, deleted):
        assert told("RecordLeave", replace(FOUND, leave_by_external_id=row)) == [
            ("SCSE086", "leave.external_id")
        ]


@pytest.mark.code("SCSE137")
@pytest.mark.parametrize(
    "leaves", [[], [{**RECORDED, "status": "deleted"}], [{**RECORDED, "external_id": "f" * 32}]]
)
def test_a_leave_that_is_not_there_is_not_corrected(leaves: list[dict[str, Any]]) -> None:
    assert told("CorrectLeave", replace(FOUND, leaves=leaves)) == [("SCSE137", "leave.external_id")]


@pytest.mark.code("SCSE137")
@pytest.mark.parametrize(
    ("leave", "field"),
    [({"leave_id": UUID(int=9)}, "leave_id"), ({"external_id": "f" * 32}, "external_id")],
)
def test_a_leave_that_is_not_there_is_not_deleted(leave: dict[str, Any], field: str) -> None:
    assert refusals(judge(deletion(leave=leave), KNOWN)) == [("SCSE137", f"leave_reference.{field}")]


@pytest.mark.code("SCSE134")
def test_a_deletion_names_the_leave() -> None:
    assert refusals(judge(deletion(leave={}), KNOWN)) == [("SCSE134", "leave_reference.external_id")]


@pytest.mark.code("SCSE132")
def test_a_deletion_names_the_employee_of_the_leave() -> None:
    field = "employee_reference.iin"
    assert refusals(judge(deletion(OTHER_IIN), KNOWN)) == [("SCSE132", field)]
    assert refusals(judge(deletion(None), KNOWN)) == [("SCSE011", field)]


@pytest.mark.code("SCSE045")
def test_a_deletion_names_a_right_iin() -> None:
    assert ("SCSE045", "employee_reference.iin") in refusals(judge(deletion("850101100019"), KNOWN))


# ── what an entry says; a correction as much as the first one


@pytest.mark.clause("353/6")
@pytest.mark.parametrize("operation", BOTH)
@pytest.mark.parametrize(
    ("column", "code"),
    [
        pytest.param(column, code, marks=pytest.mark.code(code))
        for column, code in RULES.fields.required["leave"].items()
    ],
)
def test_a_leave_is_complete(operation: str, column: str, code: str) -> None:
    spoilt: dict[str, Any] = {column: ...}
    assert told(operation, **spoilt) == [(code, f"leave.{column}")]


@pytest.mark.code("SCSE136")
@pytest.mark.parametrize("operation", BOTH)
@pytest.mark.parametrize("code", ["7", "3", "4", "5", "6"])
def test_a_type_is_one_in_use(operation: str, code: str) -> None:
    """The dictionary still names 3 to 6, but has retired them."""
    assert told(operation, leave_type_code=code) == [("SCSE136", "leave.leave_type_code")]


@pytest.mark.code("SCSE121")
def test_a_day_begins_one_leave() -> None:
    another = {**RECORDED, "external_id": "f" * 32}
    assert told("RecordLeave", replace(FOUND, leaves=[another])) == [("SCSE121", "leave.starts_on")]
    assert told("RecordLeave", replace(FOUND, leaves=[{**another, "status": "deleted"}])) == []
    assert told("RecordLeave", replace(FOUND, leaves=[{**another, "starts_on": TODAY}])) == []


@pytest.mark.code("SCSE121")
def test_a_leave_is_not_moved_onto_another() -> None:
    another = {**RECORDED, "external_id": "f" * 32, "starts_on": TODAY}
    both = replace(FOUND, leaves=[RECORDED, another])
    assert told("CorrectLeave", both) == []
    assert told("CorrectLeave", both, starts_on=TODAY) == [("SCSE121", "leave.starts_on")]
    unknown = replace(FOUND, leaves=[another])
    assert told("CorrectLeave", unknown, starts_on=TODAY) == [("SCSE137", "leave.external_id")]


@pytest.mark.code("SCSE126")
@pytest.mark.parametrize("operation", BOTH)
def test_a_leave_has_begun(operation: str) -> None:
    assert told(operation, starts_on=TODAY) == []
    assert told(operation, starts_on=TODAY + DAY) == [("SCSE126", "leave.starts_on")]


@pytest.mark.code("SCSE147")
@pytest.mark.parametrize("operation", BOTH)
def test_a_leave_does_not_begin_before_the_contract(operation: str) -> None:
    start = REGISTERED["starts_on"]
    around = {"ends_on": start + DAY, "first_working_day_on": start + 2 * DAY}
    assert told(operation, starts_on=start, **around) == []
    assert told(operation, starts_on=start - DAY, **around) == [("SCSE147", "leave.starts_on")]


@pytest.mark.code("SCSE127")
@pytest.mark.parametrize("operation", BOTH)
def test_a_leave_does_not_end_before_it_begins(operation: str) -> None:
    starts_on = LEAVE["starts_on"]
    assert told(operation, ends_on=starts_on) == []
    assert told(operation, ends_on=starts_on - DAY) == [("SCSE127", "leave.starts_on")]


@pytest.mark.code("SCSE128")
@pytest.mark.parametrize("operation", BOTH)
def test_a_leave_did_not_end_long_ago(operation: str) -> None:
    old = {**REGISTERED, "starts_on": date(1960, 1, 1)}
    state = replace(meant(operation), contract_by_id=old)
    bound = date(1975, 6, 11)
    long_ago = {"given": CARE, "starts_on": date(1970, 1, 1)}
    assert told(operation, state, **long_ago, ends_on=bound) == []
    assert told(operation, state, **long_ago, ends_on=bound - DAY) == [("SCSE128", "leave.ends_on")]


@pytest.mark.code("SCSE143")
@pytest.mark.parametrize("operation", BOTH)
def test_a_leave_for_a_birth_has_184_days(operation: str) -> None:
    last = LEAVE["starts_on"] + 183 * DAY
    later = {"first_working_day_on": last + 9 * DAY}
    assert told(operation, ends_on=last, **later) == []
    assert told(operation, ends_on=last + DAY, **later) == [("SCSE143", "leave.ends_on")]
    assert told(operation, given=CARE, ends_on=last + 700 * DAY) == []


@pytest.mark.code("SCSE129")
@pytest.mark.parametrize("operation", BOTH)
def test_a_leave_for_a_birth_tells_the_first_working_day(operation: str) -> None:
    field = "leave.first_working_day_on"
    assert told(operation, first_working_day_on=...) == [("SCSE129", field)]
    unread = replace(
        entry(operation, first_working_day_on=...),
        refusals=(Refusal("ESB004", path="leave/firstWorkingDayOn"),),
        malformed=frozenset({field}),
    )
    assert refusals(judge(unread, meant(operation))) == [("ESB004", None)]


@pytest.mark.code("SCSE144")
@pytest.mark.parametrize("operation", BOTH)
def test_another_leave_does_not(operation: str) -> None:
    """Whatever the day is: it does not matter."""
    for day in (LEAVE["first_working_day_on"], LEAVE["starts_on"], date.max):
        assert told(operation, given=CARE, first_working_day_on=day) == [
            ("SCSE144", "leave.first_working_day_on")
        ]


@pytest.mark.code("SCSE130")
@pytest.mark.parametrize("operation", BOTH)
def test_a_leave_ends_before_work_begins(operation: str) -> None:
    last = LEAVE["ends_on"]
    assert told(operation, first_working_day_on=last) == []
    assert told(operation, first_working_day_on=last - DAY) == [("SCSE130", "leave.ends_on")]


@pytest.mark.code("SCSE131")
@pytest.mark.parametrize("operation", BOTH)
def test_the_first_working_day_is_in_sight(operation: str) -> None:
    bound = date(2075, 6, 11)
    assert told(operation, first_working_day_on=bound) == []
    assert told(operation, first_working_day_on=bound + DAY) == [("SCSE131", "leave.first_working_day_on")]


# ── reading them


def test_a_contract_is_told_with_its_leaves() -> None:
    later = {**RECORDED, "id": UUID(int=6), "starts_on": TODAY, "external_id": "f" * 32}
    gone = {**RECORDED, "id": UUID(int=7), "status": "deleted"}
    history = [
        {
            "version": 1,
            "event": "LeaveRecorded",
            "effective_on": LEAVE["starts_on"],
            "recorded_at": NOW,
            "recorded_by": EMPLOYER,
            "message_id": MESSAGE_ID,
            "due_on": None,
            "days_late": None,
            "leave_id": LEAVE_ID,
            "amendment_id": None,
            "changes": [],
        }
    ]
    state = replace(FOUND, leaves=[later, gone, RECORDED], history=history)
    answer = accepted(judge(command("GetContract", {"reference": BY_ID}), state)).answer
    assert answer["leaves"] == [RECORDED, later]
    assert answer["history"][0]["leave_id"] == LEAVE_ID


def test_today_is_the_day_in_kazakhstan() -> None:
    midnight_is_over = datetime.fromisoformat("2025-06-12T00:30:00+05:00")
    asked_then = entry(starts_on=date(2025, 6, 12))
    assert refusals(judge(asked_then, FOUND, now=midnight_is_over)) == []
    assert refusals(judge(asked_then, FOUND, now=midnight_is_over - timedelta(hours=1))) == [
        ("SCSE126", "leave.starts_on")
    ]
