"""Contracts that get another employer: which of them move, and what is found to stand in their way."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from store_works import (
    ACCEPTED,
    DAY,
    EMPLOYER,
    TAKEN,
    answer,
    in_a_loop,
    record,
    registration,
    rows,
    submit_all,
    told,
    unit_of_work,
)

from esutd_bus.register.event import ContractEvent
from esutd_bus.register.state import Moving, Needs, State
from esutd_bus.store.ids import uuid7
from esutd_bus.store.work import Outcome, StoredAnswer, Work

RECEIVER = "940340000421"


def look(seen: list[State], **wanted: Any) -> Work:
    """Changes nothing, and tells what it saw."""

    def decide(state: State, _stored: StoredAnswer | None) -> Outcome:
        seen.append(state)
        return Outcome(answer(ACCEPTED))

    moving = Moving(RECEIVER, "ПА-1", DAY, **{"at_most": 10, **wanted})
    return Work([record(sender=EMPLOYER)], decide, EMPLOYER, Needs(moving=moving))


def move() -> Work:
    """Gives all contracts away, unless one of them finds its number taken."""

    def decide(state: State, _stored: StoredAnswer | None) -> Outcome:
        if any(row["number_taken"] or row["external_id_taken"] for row in state.moving):
            return Outcome(answer(TAKEN))
        message = record()
        events = tuple(
            ContractEvent(
                "ContractTransferred",
                {**row, "employer": RECEIVER, "version": row["version"] + 1},
                {"employer": (EMPLOYER, RECEIVER)},
                DAY,
                amendment=agreement(row["id"]),
            )
            for row in state.moving
        )
        return Outcome(answer(ACCEPTED), events, message.recorded_at, EMPLOYER)

    needs = Needs(moving=Moving(RECEIVER, "ПА-1", DAY, 10))
    return Work([record(sender=EMPLOYER)], decide, EMPLOYER, needs)


def agreement(contract_id: UUID) -> dict[str, Any]:
    own_id = uuid7()
    return {
        "id": own_id,
        "contract_id": contract_id,
        "employer": EMPLOYER,
        "external_id": str(own_id),
        "number": "ПА-1",
        "concluded_on": DAY,
        "starts_on": DAY,
        "terms": {"employer": RECEIVER},
        "status": "active",
        "version": 1,
        "message_id": own_id,
        "recorded_at": record().recorded_at,
    }


def of_receiver(number: str, **more: Any) -> Work:
    work = registration(number, employer=RECEIVER, **more)
    work.employer = RECEIVER
    return work


@in_a_loop
async def test_the_contracts_in_force_are_found_in_their_order(database: str) -> None:
    seen: list[State] = []
    async with unit_of_work(database) as unit:
        for work in (
            registration("n1"),
            registration("n2", status="terminated"),
            registration("n3"),
            registration("n4", status="deleted"),
            of_receiver("n5"),
        ):
            await unit.submit(work)
        found = rows(database, "SELECT id FROM contract WHERE number = 'n3'")[0][0]
        for wanted in (
            {},
            {"at_most": 1},
            {"contract_id": found},
            {"contract_external_id": "external-n3"},
            {"contract_external_id": "external-n2"},
        ):
            await unit.submit(look(seen, **wanted))
    numbers = [[row["number"] for row in state.moving] for state in seen]
    assert numbers == [["n1", "n3"], ["n1"], ["n3"], ["n3"], []]


@pytest.mark.parametrize(
    ("number", "more", "in_the_way"),
    [
        ("n1", {}, {"number_taken", "external_id_taken"}),
        ("n1", {"external_id": "another"}, {"number_taken"}),
        ("n1", {"external_id": "another", "status": "deleted"}, set()),
        ("n9", {"external_id": "external-n1", "status": "deleted"}, {"external_id_taken"}),
        ("n9", {}, set()),
    ],
)
def test_what_the_new_employer_has_is_in_the_way(
    database: str, number: str, more: dict[str, Any], in_the_way: set[str]
) -> None:
    @in_a_loop
    async def looks() -> None:
        seen: list[State] = []
        async with unit_of_work(database) as unit:
            await unit.submit(registration("n1"))
            await unit.submit(of_receiver(number, **more))
            await unit.submit(look(seen))
        (row,) = seen[0].moving
        flags = {"number_taken", "external_id_taken", "agreement_exists"}
        assert {flag for flag in flags if row[flag]} == in_the_way

    looks()


@in_a_loop
async def test_a_contract_moves_with_its_history(database: str) -> None:
    seen: list[State] = []
    async with unit_of_work(database) as unit:
        assert told(await submit_all(unit, [registration("n1", days_late=2), move()])) == [ACCEPTED] * 2
        await unit.submit(look(seen))
    assert seen[0].moving == []
    assert rows(database, "SELECT employer, version FROM contract") == [(RECEIVER, 2)]
    history = rows(database, "SELECT version, employer, amendment_id IS NULL FROM contract_event ORDER BY 1")
    assert history == [(1, EMPLOYER, True), (2, EMPLOYER, False)]


@in_a_loop
async def test_an_agreement_that_is_there_is_seen(database: str) -> None:
    seen: list[State] = []
    async with unit_of_work(database) as unit:
        await unit.submit(registration("n1"))
        (before,) = rows(database, "SELECT id FROM contract")
        await unit.submit(move())
        back = look(seen)
        back.employer = RECEIVER
        await unit.submit(back)
    (row,) = seen[0].moving
    assert (row["id"], row["agreement_exists"]) == (before[0], True)


@in_a_loop
async def test_what_meets_the_moved_ones_in_a_batch_waits_for_them(database: str) -> None:
    """A number taken in the same batch is seen, whichever of the two comes first."""
    async with unit_of_work(database) as unit:
        await unit.submit(registration("n1"))
        assert told(await submit_all(unit, [of_receiver("n1"), move()])) == [ACCEPTED, TAKEN]
        await unit.submit(registration("n2"))
    assert rows(database, "SELECT count(*) FROM contract WHERE employer = %s", RECEIVER) == [(1,)]
