"""A person's new IIN in the database: whichever employer tells it first, and whoever tells another one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from store_works import ACCEPTED, EMPLOYER, answer, in_a_loop, record, registration, rows, told, unit_of_work

from esutd_bus.register.event import ContractEvent, RowAdded
from esutd_bus.register.state import Needs, State
from esutd_bus.store.ids import uuid7
from esutd_bus.store.work import Outcome, StoredAnswer, Work

FORMER, NEW = "850312100031", "860101100016"
REFUSED = "SCSE145"


def change(former: str = FORMER, iin: str = NEW) -> Work:
    """Gives the employee's contracts the new IIN, unless it was another person's before."""
    message = record(sender=EMPLOYER)

    def decide(state: State, _stored: StoredAnswer | None) -> Outcome:
        known = state.iin_change
        if known is not None and known["former_iin"] != former:
            return Outcome(answer(REFUSED))
        events: list[Any] = [
            ContractEvent(
                "EmployeeIinChanged",
                {**row, "employee_iin": iin, "version": row["version"] + 1},
                {"employee_iin": (former, iin)},
                row["starts_on"],
            )
            for row in state.contracts_of_employee
        ]
        if known is None:
            link = {
                "id": uuid7(),
                "employer": EMPLOYER,
                "former_iin": former,
                "iin": iin,
                "message_id": message.id,
                "recorded_at": message.recorded_at,
            }
            events.append(RowAdded("iin_change", link))
        return Outcome(answer(ACCEPTED), tuple(events), message.recorded_at, EMPLOYER)

    return Work([message], decide, EMPLOYER, Needs(employee_iin=former, new_iin=iin))


@in_a_loop
async def test_all_contracts_of_the_employee_are_found(database: str) -> None:
    async with unit_of_work(database) as unit:
        for work in (registration("n1"), registration("n2"), registration("n3", employee_iin="870101100016")):
            await unit.submit(work)
        assert told([await unit.submit(change())]) == [ACCEPTED]
    assert rows(database, "SELECT number, employee_iin, version FROM contract ORDER BY 1") == [
        ("n1", NEW, 2),
        ("n2", NEW, 2),
        ("n3", "870101100016", 1),
    ]
    assert rows(database, "SELECT former_iin, iin FROM iin_change") == [(FORMER, NEW)]


@pytest.mark.code("SCSE145")
@in_a_loop
async def test_of_two_writers_one_gives_the_number(database: str) -> None:
    """Each gives the same number to another person, at the same time: the second one sees the first."""
    async with unit_of_work(database, "one") as one, unit_of_work(database, "two") as two:
        outcomes = await asyncio.gather(one.submit(change()), two.submit(change("870101100016")))
    assert sorted(told(outcomes)) == [REFUSED, ACCEPTED]
    assert rows(database, "SELECT count(*) FROM iin_change") == [(1,)]
