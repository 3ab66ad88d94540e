"""Which works of a batch are decided together, and on which state."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from esutd_bus.register.event import ContractEvent, RowAdded, RowsStored
from esutd_bus.register.state import Moving, Needs, State
from esutd_bus.store.decision import decide, expects_nothing, is_guarded
from esutd_bus.store.journal import Record
from esutd_bus.store.loading import Loaded, Nothing
from esutd_bus.store.work import Outcome, RequestKey, StoredAnswer, Work

NOW = datetime.now(UTC)
EMPLOYER, OTHER = "990440000385", "940340000421"
CONTRACT = {
    "id": UUID(int=7),
    "employer": EMPLOYER,
    "external_id": "e7",
    "number": "7",
    "employee_iin": "i7",
    "version": 1,
    "status": "active",
}
EVENT = ContractEvent("ContractAmended", CONTRACT, {}, date(2026, 3, 2))


def loaded(*contracts: dict[str, Any]) -> Loaded:
    found = Loaded()
    found.add_contracts(contracts)
    found.add_contracts_of_employees(contracts)
    return found


def record() -> Record:
    return Record(uuid4(), "out", NOW, "direct", "x", b"")


def work(
    needs: Needs, *, employer: str = EMPLOYER, key: RequestKey | None = None, writes: bool = True
) -> Work:
    outcome = Outcome(record(), events=(EVENT,) if writes else ())
    return Work([record()], lambda _state, _stored: outcome, employer=employer, needs=needs, key=key)


def request(number: int = 1, *, sender: str = EMPLOYER, keeps: timedelta | None = None) -> RequestKey:
    return RequestKey(sender, UUID(int=number), b"p", "x", keeps)


BY_ID = Needs(contract_id=CONTRACT["id"])
BY_EXTERNAL_ID = Needs(contract_external_id="e7")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (BY_ID, BY_ID),
        (BY_ID, BY_EXTERNAL_ID),
        (BY_EXTERNAL_ID, BY_ID),
        (BY_ID, Needs(contract_number="7")),
        (BY_ID, Needs(new_external_id="e7")),
        (Needs(contract_number="8"), Needs(contract_number="8")),
        (Needs(contract_external_id="e8"), Needs(new_external_id="e8")),
        (Needs(contract_external_id="e8"), Needs(contract_external_id="e8", contract_number="9")),
        (Needs(amendment_external_id="a1"), Needs(contract_id=UUID(int=9), amendment_external_id="a1")),
        (Needs(employee_iin="i7"), BY_ID),
        (BY_ID, Needs(employee_iin="i7")),
        (Needs(new_iin="i8"), Needs(employee_iin="i9", new_iin="i8")),
        (Needs(leave_external_id="l1"), Needs(contract_id=UUID(int=9), leave_external_id="l1")),
        (Needs(proof_external_id="p1"), Needs(contract_number="8", proof_external_id="p1")),
        (Needs(delegation_to="850312100031"), Needs(contract_number="8", delegation_to="850312100031")),
    ],
)
def test_what_meets_an_earlier_ones_effects_waits_for_them(first: Needs, second: Needs) -> None:
    changes, meets, reads = work(first), work(second), work(second, writes=False)
    assert list(decide([changes, meets, reads], loaded(CONTRACT)).outcomes) == [changes]


@pytest.mark.parametrize(
    "second",
    [
        work(BY_ID, employer=OTHER),
        work(Needs(contract_id=UUID(int=8))),
        work(Needs(contract_number="8", new_external_id="e8")),
        work(Needs(delegation_to="850312100031")),
        work(Needs(system=OTHER)),
        work(Needs()),
    ],
)
def test_what_meets_nobody_is_decided_at_once(second: Work) -> None:
    first = work(BY_ID)
    assert list(decide([first, second], loaded(CONTRACT)).outcomes) == [first, second]


@pytest.mark.parametrize(
    "around", [Needs(employee_iin="i9"), Needs(moving=Moving(OTHER, "1", date(2026, 3, 2), 10))]
)
def test_what_names_no_contract_sees_all_that_was_entered_before(around: Needs) -> None:
    entered, others, refused = (
        work(Needs(contract_number="8")),
        work(Needs(contract_number="8"), employer=OTHER),
        work(Needs(contract_number="9"), writes=False),
    )
    assert list(decide([entered, work(around)], Loaded()).outcomes) == [entered]
    for before in (others, refused):
        after = work(around)
        assert list(decide([before, after], Loaded()).outcomes) == [before, after]


def test_reads_and_refusals_stand_in_nobodys_way() -> None:
    batch = [work(BY_ID, writes=False), work(BY_ID, writes=False), work(BY_ID)]
    assert list(decide(batch, loaded(CONTRACT)).outcomes) == batch


def test_the_same_request_twice_in_a_batch_is_decided_once() -> None:
    first, again = work(Needs(), key=request(), writes=False), work(Needs(), key=request(), writes=False)
    others = [
        work(Needs(), key=request(2), writes=False),
        work(Needs(), key=request(sender=OTHER), writes=False),
    ]
    assert list(decide([first, again, *others], Loaded()).outcomes) == [first, *others]


def test_a_state_is_of_the_commands_own_employer() -> None:
    seen: dict[str, State] = {}

    def looking(employer: str) -> Work:
        def look(state: State, _stored: StoredAnswer | None) -> Outcome:
            seen[employer] = state
            return Outcome(record())

        needs = Needs(
            CONTRACT["id"],
            "e7",
            "7",
            "a7",
            amendments=True,
            history=True,
            leaves=True,
            leave_external_id="l7",
            delegation_to="d7",
            system="s7",
            new_external_id="e8",
        )
        return Work([record()], look, employer=employer, needs=needs)

    other = {**CONTRACT, "id": UUID(int=8), "external_id": "e8", "number": "8"}
    deleted = {**CONTRACT, "id": UUID(int=9), "external_id": "e9", "status": "deleted"}
    found = loaded(CONTRACT, other, deleted)
    amendment = {"contract_id": CONTRACT["id"], "employer": EMPLOYER, "external_id": "a7"}
    history = [{"contract_id": CONTRACT["id"], "version": version} for version in (1, 2)]
    found.add_amendments([amendment, {**amendment, "contract_id": UUID(int=8), "external_id": "a8"}])
    leave = {"contract_id": CONTRACT["id"], "employer": EMPLOYER, "external_id": "l7"}
    found.add_leaves([leave, {**leave, "contract_id": UUID(int=8), "external_id": "l8"}])
    found.add_history([*history, {"contract_id": UUID(int=8), "version": 1}])
    delegation = {"employer": EMPLOYER, "delegate_iin": "d7", "version": 2}
    system = {"employer": EMPLOYER, "system": "s7", "valid_to": None}
    found.add_delegations([delegation, {**delegation, "delegate_iin": "d8"}])
    found.add_systems([system, {**system, "system": "s8"}])
    decide([looking(EMPLOYER), looking(OTHER)], found)
    assert seen[OTHER] == State()
    assert seen[EMPLOYER] == State(
        CONTRACT,
        CONTRACT,
        CONTRACT,
        amendment,
        [amendment],
        history,
        leaves=[leave],
        leave_by_external_id=leave,
        delegation=delegation,
        system=system,
        contract_by_new_external_id=other,
    )


@pytest.mark.parametrize(
    ("keeps", "age", "holds"),
    [
        (None, timedelta(days=3650), True),
        (timedelta(hours=24), timedelta(hours=23), True),
        (timedelta(hours=24), timedelta(hours=25), False),
    ],
)
def test_a_stored_answer_holds_for_its_time(keeps: timedelta | None, age: timedelta, holds: bool) -> None:
    found, asked = Loaded(), []
    bound = {
        "operation": "x",
        "payload_sha256": b"p",
        "body": b"b",
        "status": 200,
        "code": "c",
        "bound_at": NOW - age,
    }
    found.add_answers([{"sender": EMPLOYER, "request_id": UUID(int=1), **bound}])

    def ask(_state: State, stored: StoredAnswer | None) -> Outcome:
        asked.append(stored)
        return Outcome(record())

    again = Work([record()], ask, employer=EMPLOYER, key=request(keeps=keeps))
    decided = decide([again], found)
    assert asked == [StoredAnswer(**bound) if holds else None]
    assert decided.rebound == (set() if holds else {again})


@pytest.mark.parametrize("own", [Needs(own_consent_id=UUID(int=5)), Needs(own_consent_external_id="c")])
def test_a_disclosure_sees_what_became_of_the_consent_before_it(own: Needs) -> None:
    employee = "850101100012"
    first = work(own, employer=employee)
    second, other = work(Needs(consents_of=employee)), work(Needs(consents_of="860101100013"))
    assert list(decide([first, second, other], loaded()).outcomes) == [first, other]


NEW = Needs(contract_external_id="e7", contract_number="7", expects_nothing=True)
BATCH = Needs(
    entries=(NEW, NEW._replace(contract_external_id="e8", contract_number="8")), expects_nothing=True
)
EIGHTH = EVENT._replace(contract={**CONTRACT, "external_id": "e8", "number": "8"})


@pytest.mark.parametrize(
    "more",
    [
        {"expects_nothing": False},
        {"contract_id": UUID(int=7)},
        {"delegation_to": "850312100031"},
        {"system": "940340000421"},
        {"delivery": ("d", "1")},
        {"owner": OTHER},
        {"entries": (NEW, NEW._replace(expects_nothing=False))},
        {"entries": (NEW._replace(contract_id=UUID(int=7)), NEW)},
    ],
    ids=str,
)
def test_who_needs_to_know_of_anything_that_is_there_does_not_expect_nothing(more: dict[str, Any]) -> None:
    assert expects_nothing(work(NEW))
    assert expects_nothing(work(NEW._replace(proof_external_id="d")))
    assert expects_nothing(work(Needs(entries=(NEW, NEW), expects_nothing=True)))
    assert not expects_nothing(work(NEW._replace(**more)))


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        (work(NEW), Outcome(record())),
        (work(NEW, key=request()), Outcome(record(), events=(EVENT,))),
        (work(NEW, employer=OTHER), Outcome(record(), events=(EVENT,))),
        (work(NEW._replace(contract_number="8")), Outcome(record(), events=(EVENT,))),
        (work(NEW._replace(contract_external_id="e8")), Outcome(record(), events=(EVENT,))),
        (work(NEW._replace(proof_external_id="d")), Outcome(record(), events=(EVENT,))),
        (work(NEW), Outcome(record(), events=(RowsStored((("note", {}),)),))),
        (work(BATCH), Outcome(record(), events=(EVENT,))),
        (work(BATCH), Outcome(record(), events=(EIGHTH, EVENT))),
    ],
    ids=[
        "refused",
        "unbound",
        "another's",
        "another number",
        "another id",
        "without the document",
        "another row",
        "half of a batch",
        "a batch in another order",
    ],
)
def test_what_adds_no_row_of_the_key_is_not_guarded(asked: Work, outcome: Outcome) -> None:
    assert is_guarded(work(NEW, key=request()), Outcome(record(), events=(EVENT,), binds=True))
    assert is_guarded(work(NEW), Outcome(record(), events=(EVENT,)))
    assert is_guarded(work(BATCH), Outcome(record(), events=(EVENT, EIGHTH, RowAdded("batch", {}))))
    assert not is_guarded(asked, outcome)


def test_what_needs_nothing_meets_the_state_of_an_empty_database() -> None:
    registration = Needs(
        contract_external_id="e", contract_number="1", proof_external_id="p", expects_nothing=True
    )
    assert expects_nothing(work(registration))
    batch = Needs(entries=(registration, registration), expects_nothing=True)
    for needs in (registration, batch):
        assert Nothing().state(EMPLOYER, needs) == Loaded().state(EMPLOYER, needs)
