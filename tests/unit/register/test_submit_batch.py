"""Many contracts in one message: each is judged as if it had come alone, after those before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from register_cases import (
    CONTRACT,
    EMPLOYER,
    HARMFUL,
    MESSAGE_ID,
    NEW_ID,
    NOW,
    REGISTERED,
    accepted,
    changed,
    command,
    judge,
    refusals,
    registration,
)

from esutd_bus.register.command import Command, Entry
from esutd_bus.register.contract import ENTERED
from esutd_bus.register.decide import needs
from esutd_bus.register.event import Accepted, ContractEvent, Refused, RowAdded
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import State
from support.replacing import replace


def alone(place: int, **columns: Any) -> Command:
    """A registration as it would come by itself; ids and numbers differ unless they are given."""
    own = {"external_id": f"{place:032}", "number": str(place), **columns}
    return replace(registration(**own), new_id=UUID(int=1000 + place))


def batch(entries: Sequence[Command], **columns: Any) -> Command:
    def told(place: int) -> Any:
        return lambda found: [replace(r, path=f"contract[{place}]/{r.field or r.path}") for r in found]

    numbered = enumerate(entries, start=1)
    parts = tuple(Entry(entry, told(place)) for place, entry in numbered)
    return command("SubmitBatch", {"batch": columns}, entries=parts)


def submitted(*entries: Command, states: Sequence[State] | None = None, **columns: Any) -> Accepted:
    met = tuple(states or [State()] * len(entries))
    return accepted(judge(batch(entries, **columns), State(entries=met)))


def kept(decision: Accepted) -> dict[str, Any]:
    (row,) = [event.row for event in decision.events if isinstance(event, RowAdded)]
    return dict(row)


def codes(decision: Accepted) -> list[list[tuple[str, str]]]:
    return [[(e["code"], e["field"]) for e in entry.get("errors", ())] for entry in kept(decision)["entries"]]


def test_each_contract_enters_with_an_event_of_its_own_and_one_row_tells_of_all() -> None:
    decision = submitted(alone(1), alone(2), headcount=40)
    contracts = [event.contract for event in decision.events if isinstance(event, ContractEvent)]
    assert [(row["number"], row["version"]) for row in contracts] == [("1", 1), ("2", 1)]
    assert [row["id"] for row in contracts] == [UUID(int=1001), UUID(int=1002)]
    assert kept(decision) == {
        "id": NEW_ID,
        "employer": EMPLOYER,
        "headcount": 40,
        "entries": [
            {"external_id": f"{1:032}", "contract_id": str(UUID(int=1001)), "warnings": []},
            {"external_id": f"{2:032}", "contract_id": str(UUID(int=1002)), "warnings": []},
        ],
        "message_id": MESSAGE_ID,
        "recorded_at": NOW,
    }
    assert decision.answer["batch"]["id"] == NEW_ID
    assert decision.deadline is None


def test_what_each_may_meet_is_asked_for() -> None:
    entries = [alone(1), alone(2)]
    assert needs(batch(entries)).entries == tuple(needs(entry) for entry in entries)


def test_whatever_single_contracts_meet_in_the_register_they_meet_in_their_batch() -> None:
    """Another key that contracts collide on must be added to what a batch knows of itself."""
    everything = registration(**dict.fromkeys(ENTERED, "?"))
    met = {name for name, value in needs(everything)._asdict().items() if value}
    assert met == {"contract_external_id", "contract_number", "proof_external_id", "expects_nothing"}


@pytest.mark.code("SCSE175")
@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        (dict(HARMFUL), True),
        ({"working_conditions": "dangerous"}, True),
        ({"working_conditions": "normal"}, False),
    ],
)
def test_heavy_harmful_and_dangerous_work_comes_one_by_one(conditions: dict[str, Any], told: bool) -> None:
    field = "contract[2]/contract.working_conditions"
    assert codes(submitted(alone(1), alone(2, **conditions))) == [[], [("SCSE175", field)] if told else []]


@pytest.mark.code("SCSE014")
@pytest.mark.code("SCSE086")
def test_of_two_that_collide_the_later_one_is_told() -> None:
    decision = submitted(alone(1), alone(2, number="1"), alone(3, external_id=f"{1:032}"), alone(4))
    assert codes(decision) == [
        [],
        [("SCSE014", "contract[2]/contract.number")],
        [("SCSE086", "contract[3]/contract.external_id")],
        [],
    ]


def test_one_that_is_refused_stands_in_nobodys_way() -> None:
    decision = submitted(alone(1, established_post=...), alone(2, number="1", external_id=f"{1:032}"))
    assert [bool(found) for found in codes(decision)] == [True, False]


@pytest.mark.code("SCSE014")
def test_one_that_collides_with_the_register_harms_no_neighbour() -> None:
    taken = State(contract_by_number=REGISTERED)
    decision = submitted(alone(1), alone(2), alone(3), states=[State(), taken, State()])
    assert codes(decision) == [[], [("SCSE014", "contract[2]/contract.number")], []]


def test_what_the_schema_found_is_told_of_its_entry() -> None:
    malformed = replace(alone(2), refusals=(Refusal("ESB004", path="startsOn", reason="expected a date"),))
    told = kept(submitted(alone(1), malformed))["entries"]
    assert told[1]["errors"] == [
        {"code": "ESB004", "reason": "expected a date", "field": "contract[2]/startsOn"}
    ]
    assert "contract_id" not in told[1]


def test_what_is_wrong_outside_of_the_entries_refuses_the_batch() -> None:
    asked = replace(batch([alone(1)]), refusals=(Refusal("ESB004", path="headcount"),))
    assert judge(asked, State(entries=(State(),))) == Refused((Refusal("ESB004", path="headcount"),))


OLD = {"concluded_on": date(2015, 3, 2), "starts_on": date(2015, 3, 2)}


@pytest.mark.clause("353/7")
@pytest.mark.code("SCSE088")
@pytest.mark.parametrize(
    ("headcount", "due_on"),
    [
        ({}, date(2021, 9, 15)),
        ({"headcount": 2000}, date(2021, 9, 15)),
        ({"headcount": 2001}, date(2022, 9, 15)),
    ],
    ids=["not told", "up to 2000", "over 2000"],
)
def test_a_contract_older_than_the_rules_is_due_by_the_headcount(
    headcount: dict[str, int], due_on: date
) -> None:
    decision = submitted(alone(1, **OLD), alone(2), **headcount)
    old, new = (event.deadline for event in decision.events if isinstance(event, ContractEvent))
    assert old is not None
    assert new is not None
    assert (old.clause, old.due_on, old.warning) == ("353/7", due_on, "SCSE088")
    assert (new.clause, new.due_on, new.warning) == ("353/7", date(2025, 6, 16), None)
    assert [entry["warnings"] for entry in kept(decision)["entries"]] == [["SCSE088"], []]


SPOILS: list[dict[str, Any]] = [
    {},
    OLD,
    {"term_code": "2"},
    {"employee_iin": "850101100019"},
    {"concluded_on": date(2025, 6, 12)},
    {"kato_code": ...},
    dict(HARMFUL),
]
ENTRIES = st.lists(
    st.builds(
        lambda spoil, number, name: {**spoil, "number": number, "external_id": name * 32},
        st.sampled_from(SPOILS),
        st.sampled_from("12345"),
        st.sampled_from("abcde"),
    ),
    min_size=1,
    max_size=12,
)


@given(ENTRIES)
def test_a_batch_comes_to_what_single_messages_would(rows: list[dict[str, Any]]) -> None:
    """Against a small model: a register of two indexes, fed message by message."""
    by_number: dict[str, Any] = {}
    by_external_id: dict[str, Any] = {}
    expected: list[tuple[ContractEvent | None, list[tuple[str, str | None]]]] = []
    entries = [alone(place, **changed(CONTRACT, **row)) for place, row in enumerate(rows, start=1)]
    for entry in entries:
        said = entry.values["contract"]
        state = State(
            contract_by_number=by_number.get(said["number"]),
            contract_by_external_id=by_external_id.get(said["external_id"]),
        )
        decision = judge(entry, state)
        if said.get("working_conditions") is not None:
            found = refusals(decision) if isinstance(decision, Refused) else []
            expected.append((None, [*found, ("SCSE175", "contract.working_conditions")]))
        elif isinstance(decision, Accepted):
            (event,) = decision.events
            assert isinstance(event, ContractEvent)
            by_number[said["number"]] = by_external_id[said["external_id"]] = event.contract
            expected.append((event, []))
        else:
            expected.append((None, refusals(decision)))
    decision = submitted(*entries)
    events = [event for event in decision.events if isinstance(event, ContractEvent)]
    assert events == [event for event, _ in expected if event is not None]
    assert codes(decision) == [
        [(code, f"contract[{place}]/{field}") for code, field in found]
        for place, (_, found) in enumerate(expected, start=1)
    ]
