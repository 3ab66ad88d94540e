"""From an accepted entry to the event that is stored: the contract as it is from now on, and what that changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from esutd_bus.register.case import Case
from esutd_bus.register.contract import Changes, differences
from esutd_bus.register.event import Accepted, ContractEvent, Deadline
from esutd_bus.register.proof import new_proof
from esutd_bus.register.state import Row
from esutd_bus.register.timeline import Entry, Timeline

_NO_CHANGES: Changes = {}


def timeline(case: Case) -> Timeline:
    """The timeline of the contract that the message refers to."""
    return Timeline.of(case.found, case.state.history)


def entered(
    case: Case,
    kind: str,
    effective_on: date,
    values: Mapping[str, Any],
    *,
    deadline: Deadline | None,
    amendment: Row | None = None,
    beside: Changes = _NO_CHANGES,
) -> Accepted:
    """An entry about a contract, accepted.

    `values`: what it says of the contract, column → value. `amendment`: the additional agreement it is about, as
    it is from now on; `beside`: what changes in that, or what else history tells of the entry.
    """
    contract = case.found
    entry = Entry(kind, effective_on, case.now, values, amendment["id"] if amendment else None)
    row = timeline(case).plus(entry).now()
    changed = {column: value for column, value in row.items() if column != "version"}
    event = ContractEvent(
        kind=kind,
        contract=row,
        changes={**beside, **differences(contract, changed)},
        effective_on=effective_on,
        deadline=deadline,
        amendment=amendment,
        entered=values,
        proof=new_proof(case, row),
    )
    answer = {"contract": row} if amendment is None else {"contract": row, "amendment": amendment}
    return Accepted(events=(event,), answer=answer, deadline=deadline, contract_id=row["id"])
