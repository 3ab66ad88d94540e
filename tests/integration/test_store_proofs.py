"""Documents that prove heavy conditions: an id is used for one file, for good."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors
from store_works import (
    ACCEPTED,
    DAY,
    EMPLOYER,
    answer,
    contract,
    in_a_loop,
    record,
    registration,
    rows,
    submit_all,
    told,
    unit_of_work,
)

from esutd_bus.register.event import ContractEvent
from esutd_bus.register.state import Needs, State
from esutd_bus.store.work import Outcome, StoredAnswer, Work

USED = "SCSE169"
PARTS = {
    "working_conditions": "harmful",
    "heavy_conditions_code": "L3.6.56",
    "proof_external_id": "p1",
    "permit_ends_on": DAY,
    "payment_employee_agrees": False,
}


def proved(number: str, external_id: str) -> Work:
    """Registers a contract with a document, if its id is new."""

    def decide(state: State, _stored: StoredAnswer | None) -> Outcome:
        if state.proof is not None:
            return Outcome(answer(USED))
        row, message = contract(number, **PARTS), record()
        proof = {
            "employer": EMPLOYER,
            "external_id": external_id,
            "contract_id": row["id"],
            "sha256": "0" * 64,
            "message_id": message.id,
            "recorded_at": message.recorded_at,
        }
        event = ContractEvent("ContractRegistered", row, {}, DAY, proof=proof)
        return Outcome(answer(ACCEPTED), (event,), message.recorded_at, EMPLOYER)

    needs = Needs(contract_number=number, proof_external_id=external_id)
    return Work([record(sender=EMPLOYER)], decide, EMPLOYER, needs)


@in_a_loop
async def test_an_id_is_used_once_within_a_batch_and_after_it(database: str) -> None:
    async with unit_of_work(database) as unit:
        batch = [proved("n1", "p1"), proved("n2", "p1"), proved("n3", "p2")]
        assert told(await submit_all(unit, batch)) == [ACCEPTED, USED, ACCEPTED]
        assert told(await submit_all(unit, [proved("n4", "p2")])) == [USED]
    found = rows(
        database,
        "SELECT p.external_id, c.number FROM proof p JOIN contract c ON c.id = p.contract_id ORDER BY 1",
    )
    assert found == [("p1", "n1"), ("p2", "n3")]


@in_a_loop
async def test_what_is_known_of_a_document_stays(database: str) -> None:
    async with unit_of_work(database) as unit:
        await submit_all(unit, [proved("n1", "p1")])
    for statement in ("DELETE FROM proof", "UPDATE proof SET sha256 = ''", "TRUNCATE proof"):
        with psycopg.connect(database) as connection, pytest.raises(errors.RaiseException):
            connection.execute(statement)  # type: ignore[call-overload]


@in_a_loop
async def test_rare_columns_are_written_where_one_row_of_a_batch_has_them(database: str) -> None:
    """Of rows with and without them in one batch, each keeps its own."""
    async with unit_of_work(database) as unit:
        batch = [registration("n1"), proved("n2", "p1"), registration("n3")]
        assert told(await submit_all(unit, batch)) == [ACCEPTED] * 3
        assert told(await submit_all(unit, [registration("n4")])) == [ACCEPTED]
    columns = ", ".join(PARTS)
    found: list[Any] = rows(database, f"SELECT {columns} FROM contract ORDER BY number")
    nothing = (None,) * len(PARTS)
    assert found == [nothing, tuple(PARTS.values()), nothing, nothing]
