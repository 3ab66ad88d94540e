"""Leaves in the database: what became of each is told by the contract's history, and none is ever erased."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import errors
from store_works import (
    ACCEPTED,
    DAY,
    EMPLOYER,
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
from esutd_bus.register.state import Needs, State
from esutd_bus.store.ids import uuid7
from esutd_bus.store.work import Outcome, StoredAnswer, Work

CONTRACT = "external-n1"


def leave(external_id: str, **columns: Any) -> Work:
    """Makes a leave of the contract `n1`, or gives the one it has other columns."""

    def decide(state: State, _stored: StoredAnswer | None) -> Outcome:
        found = state.contract_by_external_id
        assert found is not None
        before = next((row for row in state.leaves if row["external_id"] == external_id), None)
        row = _next(before, columns) if before else _first(found["id"], external_id, columns)
        contract = {**found, "version": found["version"] + 1}
        changes = {f"leave.{name}": ((before or {}).get(name), value) for name, value in columns.items()}
        event = ContractEvent("LeaveRecorded", contract, changes, DAY, leave=row)
        return Outcome(answer(ACCEPTED), (event,), row["recorded_at"], EMPLOYER)

    message = record(sender=EMPLOYER)
    needs = Needs(contract_external_id=CONTRACT, leaves=True, leave_external_id=external_id)
    return Work([message], decide, EMPLOYER, needs)


def _first(contract_id: Any, external_id: str, columns: dict[str, Any]) -> dict[str, Any]:
    message = record()
    return {
        "id": uuid7(),
        "contract_id": contract_id,
        "employer": EMPLOYER,
        "external_id": external_id,
        "leave_type_code": "1",
        "personnel_number": "0042",
        "starts_on": DAY,
        "ends_on": DAY + timedelta(days=125),
        "first_working_day_on": None,
        "status": "active",
        "version": 1,
        "message_id": message.id,
        "recorded_at": message.recorded_at,
        **columns,
    }


def _next(before: Any, columns: dict[str, Any]) -> dict[str, Any]:
    return {**before, **columns, "version": before["version"] + 1}


@in_a_loop
async def test_a_leave_changes_with_its_contract(database: str) -> None:
    """All in one batch: each is decided on what the one before it left."""
    async with unit_of_work(database) as unit:
        batch = [
            registration("n1"),
            leave("l1"),
            leave("l2", starts_on=DAY + timedelta(days=300)),
            leave("l1", personnel_number="0043"),
            leave("l1", status="deleted"),
        ]
        assert told(await submit_all(unit, batch)) == [ACCEPTED] * 5
    assert rows(database, "SELECT external_id, personnel_number, status, version FROM leave ORDER BY 1") == [
        ("l1", "0043", "deleted", 3),
        ("l2", "0042", "active", 1),
    ]
    history = rows(
        database,
        "SELECT e.version, l.external_id, e.changes->0->>'field', e.changes->0->>'after'"
        " FROM contract_event e LEFT JOIN leave l ON l.id = e.leave_id ORDER BY 1",
    )
    assert history == [
        (1, None, None, None),
        (2, "l1", None, None),
        (3, "l2", "leave.starts_on", str(DAY + timedelta(days=300))),
        (4, "l1", "leave.personnel_number", "0043"),
        (5, "l1", "leave.status", "deleted"),
    ]


@in_a_loop
async def test_a_leave_is_never_erased(database: str) -> None:
    async with unit_of_work(database) as unit:
        await submit_all(unit, [registration("n1"), leave("l1")])
    for statement in ("DELETE FROM leave", "TRUNCATE leave CASCADE"):
        with (
            psycopg.connect(database) as connection,
            pytest.raises(errors.RaiseException, match="never erased"),
        ):
            connection.execute(statement)  # type: ignore[call-overload]
