from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from register_cases import (
    BY_ID,
    CONTRACT_ID,
    EMPLOYER,
    FOUND,
    HEAD,
    IIN,
    MESSAGE_ID,
    NEW_ID,
    NOW,
    REGISTERED,
    RULES,
    TODAY,
    accepted,
    changed,
    command,
    happened,
    judge,
    recorded,
    refusals,
)

from esutd_bus.register.command import Command
from esutd_bus.register.decide import COMMANDS, needs
from esutd_bus.register.event import ContractEvent, Deadline
from esutd_bus.register.rules import transfer as rules
from esutd_bus.register.state import Moving, Needs, State
from esutd_bus.register.timeline import Timeline
from support.replacing import replace

DAY = timedelta(days=1)
RECEIVER = "940340000421"
THIRD = "020140000016"
REORGANIZED = date(2025, 6, 2)
SAID = {
    "receiver": RECEIVER,
    "reorganized_on": REORGANIZED,
    "number": "ПА-1",
    "concluded_on": date(2025, 6, 3),
}
FREE = {"number_taken": False, "external_id_taken": False, "agreement_exists": False}
SECOND = {**REGISTERED, "id": UUID(int=8), "number": "18", "external_id": "c" * 32, "version": 1}


def transfer(reference: Any = None, **said: Any) -> Command:
    values = {"reference": reference or {}, "transfer": changed(SAID, **said)}
    return command("TransferContracts", values)


def holding(*contracts: Any, **in_the_way: bool) -> State:
    return State(moving=[{**row, **FREE, **in_the_way} for row in contracts])


def told(state: State | None = None, **said: Any) -> list[tuple[str, str | None]]:
    return refusals(judge(transfer(**said), state or holding(REGISTERED)))


def test_each_contract_goes_on_under_the_new_employer() -> None:
    decision = accepted(judge(transfer(), holding(REGISTERED, SECOND)))
    first, second = decision.events
    assert isinstance(first, ContractEvent)
    assert isinstance(second, ContractEvent)
    assert first.kind == "ContractTransferred"
    assert first.contract == {**REGISTERED, "employer": RECEIVER, "version": 5}
    assert first.changes == {"employer": (EMPLOYER, RECEIVER)}
    assert first.effective_on == REORGANIZED
    assert (second.contract["id"], second.contract["version"]) == (SECOND["id"], 2)
    own_id = uuid5(NEW_ID, str(CONTRACT_ID))
    assert first.amendment == {
        "id": own_id,
        "contract_id": CONTRACT_ID,
        "employer": EMPLOYER,
        "external_id": str(own_id),
        "number": "ПА-1",
        "concluded_on": SAID["concluded_on"],
        "starts_on": REORGANIZED,
        "terms": {"employer": RECEIVER},
        "status": "active",
        "version": 1,
        "message_id": MESSAGE_ID,
        "recorded_at": NOW,
    }
    assert decision.answer == {
        "transferred": [
            {"contract_id": CONTRACT_ID, "amendment_id": own_id},
            {"contract_id": SECOND["id"], "amendment_id": uuid5(NEW_ID, str(SECOND["id"]))},
        ],
        "rest": {"more": False},
    }


@pytest.mark.clause("353/8")
@pytest.mark.code("SCSE089")
def test_it_is_an_amendment_and_due_like_one() -> None:
    in_time = accepted(judge(transfer(concluded_on=date(2025, 5, 27)), holding(REGISTERED)))
    late = accepted(judge(transfer(concluded_on=date(2025, 5, 26)), holding(REGISTERED)))
    assert in_time.deadline == Deadline("353/8", TODAY, 0, None)
    assert late.deadline == Deadline("353/8", TODAY - DAY, 1, "SCSE089")


def test_the_history_tells_whose_it_was_and_since_when() -> None:
    (event,) = accepted(judge(transfer(), holding(REGISTERED))).events
    assert isinstance(event, ContractEvent)
    row = {
        "event": event.kind,
        "version": 5,
        "effective_on": event.effective_on,
        "recorded_at": NOW,
        "changes": [{"field": "employer", "before": EMPLOYER, "after": RECEIVER}],
        "entered": event.entered,
        "amendment_id": UUID(int=9),
    }
    timeline = Timeline.of(event.contract, [row])
    assert timeline.now()["employer"] == RECEIVER
    for known_at, held_on, employer in (
        (NOW, REORGANIZED, RECEIVER),
        (NOW, REORGANIZED - DAY, EMPLOYER),
        (NOW - timedelta(seconds=1), REORGANIZED, EMPLOYER),
    ):
        held = timeline.as_of(known_at, held_on)
        assert held is not None
        assert held["employer"] == employer


def test_what_was_given_on_stays_with_whom_it_came_to_last() -> None:
    """A reorganisation that is entered later, and was earlier, moves the contract from whom it has come to."""
    there = accepted(judge(transfer(), holding(REGISTERED))).events[0]
    assert isinstance(there, ContractEvent)
    given_on = {"receiver": THIRD, "reorganized_on": REORGANIZED - DAY, "number": "ПА-2"}
    asked = replace(transfer(**given_on), speaker=replace(HEAD, number=RECEIVER), new_id=UUID(int=9))
    on = accepted(judge(asked, holding(there.contract))).events[0]
    assert isinstance(on, ContractEvent)
    state = State(contract_by_id=on.contract, history=[recorded(there), recorded(on)])
    correction = command("CorrectContract", {"reference": BY_ID, "contract": {"established_post": "Инженер"}})
    asked = replace(correction, speaker=replace(HEAD, number=THIRD))
    event = happened(judge(asked, state, REGISTERED["registered_at"]))
    assert event.changes == {"established_post": (REGISTERED["established_post"], "Инженер")}


def test_many_contracts_move_in_several_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOVED_AT_ONCE", 1)
    decision = accepted(judge(transfer(), holding(REGISTERED, SECOND)))
    assert len(decision.events) == 1
    assert decision.answer["rest"] == {"more": True}
    spoilt = State(moving=[{**REGISTERED, **FREE}, {**SECOND, **FREE, "number_taken": True}])
    assert refusals(judge(transfer(), spoilt)) == []


def test_where_nothing_is_left_nothing_moves() -> None:
    decision = accepted(judge(transfer(), State()))
    assert decision.events == ()
    assert decision.answer == {"transferred": [], "rest": {"more": False}}


def test_one_contract_or_all_are_asked_for() -> None:
    moving = Moving(RECEIVER, "ПА-1", SAID["concluded_on"], 1001)  # type: ignore[arg-type]  # of several types
    assert needs(transfer()) == Needs(moving=moving)
    one = replace(moving, contract_id=CONTRACT_ID)
    assert needs(transfer(BY_ID)) == Needs(contract_id=CONTRACT_ID, moving=one)
    by_external_id = replace(moving, contract_external_id="e" * 32)
    assert needs(transfer({"external_id": "e" * 32})) == Needs(
        contract_external_id="e" * 32, moving=by_external_id
    )
    assert needs(transfer(receiver=...)) == needs(transfer(receiver=EMPLOYER)) == Needs()


def test_the_employer_itself_gives_its_contracts_away() -> None:
    assert COMMANDS["TransferContracts"].by_itself


@pytest.mark.code("SCSE025")
@pytest.mark.code("SCSE092")
def test_a_contract_that_is_named_is_there_and_going_on() -> None:
    assert refusals(judge(transfer(BY_ID))) == [("SCSE025", "reference.contract_id")]
    ended = State(contract_by_id={**REGISTERED, "status": "terminated"})
    assert refusals(judge(transfer(BY_ID), ended)) == [("SCSE092", "reference.contract_id")]
    assert refusals(judge(transfer(BY_ID), replace(FOUND, moving=holding(REGISTERED).moving))) == []


@pytest.mark.code("SCSE118")
def test_the_new_employer_is_another() -> None:
    assert told(State(), receiver=EMPLOYER) == [("SCSE118", "transfer.receiver")]


@pytest.mark.code("SCSE043")
def test_the_new_employers_number_is_one() -> None:
    assert told(receiver="940340000422") == [("SCSE043", "transfer.receiver")]
    assert told(receiver=IIN) == []


@pytest.mark.code("SCSE156")
def test_the_reorganisation_has_happened() -> None:
    assert told(reorganized_on=TODAY) == []
    assert told(reorganized_on=TODAY + DAY) == [("SCSE156", "transfer.reorganized_on")]


@pytest.mark.code("SCSE062")
def test_the_agreement_is_concluded() -> None:
    assert told(concluded_on=TODAY) == []
    assert told(concluded_on=TODAY + DAY) == [("SCSE062", "transfer.concluded_on")]


@pytest.mark.code("SCSE155")
def test_no_contract_is_younger_than_the_reorganisation() -> None:
    """One of all is enough."""
    for concluded_on, expected in (
        (REORGANIZED, []),
        (REORGANIZED + DAY, [("SCSE155", "transfer.reorganized_on")]),
    ):
        assert told(holding(REGISTERED, {**SECOND, "concluded_on": concluded_on})) == expected


@pytest.mark.parametrize(
    ("in_the_way", "code", "field"),
    [
        pytest.param("number_taken", "SCSE014", "receiver", marks=pytest.mark.code("SCSE014")),
        pytest.param("external_id_taken", "SCSE086", "receiver", marks=pytest.mark.code("SCSE086")),
        pytest.param("agreement_exists", "SCSE070", "number", marks=pytest.mark.code("SCSE070")),
    ],
)
def test_what_stands_in_the_way_is_told(in_the_way: str, code: str, field: str) -> None:
    state = State(moving=[{**REGISTERED, **FREE}, {**SECOND, **FREE, in_the_way: True}])
    assert told(state) == [(code, f"transfer.{field}")]


@pytest.mark.parametrize(
    ("column", "code"),
    [
        pytest.param(column, code, marks=pytest.mark.code(code))
        for column, code in RULES.fields.required["transfer"].items()
    ],
)
def test_a_transfer_is_complete(column: str, code: str) -> None:
    spoilt: dict[str, Any] = {column: ...}
    assert told(**spoilt) == [(code, f"transfer.{column}")]
