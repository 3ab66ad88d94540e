"""TransferContracts: by a reorganisation the employer's contracts in force get another employer.

That the reorganisation has happened, and who succeeds whom, the registry of legal entities tells, where the settings
want it asked (SCSE153, 154, 157). The employer that gives its contracts away must sign itself in any case.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid5

from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.contract import ACTIVE
from esutd_bus.register.deadlines import deadline
from esutd_bus.register.event import Accepted, ContractEvent, Deadline
from esutd_bus.register.rules import completeness, reference, transfer
from esutd_bus.register.state import Moving, Needs, Row
from esutd_bus.register.timeline import TRANSFERRED, entered_as_json

_BESIDE_THE_CONTRACT = frozenset({"number_taken", "external_id_taken", "agreement_exists"})


def needs(command: Command) -> Needs:
    """The contract referred to, if one is; the contracts that move, and whether one more would."""
    said, named = command.values.get("transfer", {}), command.values.get("reference", {})
    contract_id: UUID | None = named.get("contract_id")
    external_id: str | None = None if contract_id else named.get("external_id")
    if said.get("receiver") in {None, command.employer}:
        return Needs(contract_id=contract_id, contract_external_id=external_id)
    moving = Moving(
        receiver=said["receiver"],
        number=said.get("number"),
        concluded_on=said.get("concluded_on"),
        at_most=transfer.MOVED_AT_ONCE + 1,
        contract_id=contract_id,
        contract_external_id=external_id,
    )
    return Needs(contract_id=contract_id, contract_external_id=external_id, moving=moving)


def accept(case: Case) -> Accepted:
    """Each contract goes on under the new employer: an agreement in its history says so (order 353, clause 8)."""
    concluded_on: date = case.value("transfer.concluded_on")
    due = deadline("353/8", concluded_on, case.today, case.rules.calendar)
    events = [_moved(case, row, due) for row in transfer.moved(case)]
    told = [{"contract_id": event.contract["id"], "amendment_id": _id(event.amendment)} for event in events]
    more = len(case.state.moving) > len(events)
    return Accepted(events=tuple(events), answer={"transferred": told, "rest": {"more": more}}, deadline=due)


def _moved(case: Case, moving: Row, due: Deadline) -> ContractEvent:
    receiver = case.value("transfer.receiver")
    contract = {column: value for column, value in moving.items() if column not in _BESIDE_THE_CONTRACT}
    entered = {"employer": receiver}
    return ContractEvent(
        kind=TRANSFERRED,
        contract={**contract, **entered, "version": contract["version"] + 1},
        changes={"employer": (contract["employer"], receiver)},
        effective_on=case.value("transfer.reorganized_on"),
        deadline=due,
        amendment=_agreement(case, contract),
        entered=entered,
    )


def _agreement(case: Case, contract: Row) -> Row:
    """The agreement as one of the contract's amendments: its ids follow from the message and the contract."""
    command, said = case.command, case.table("transfer")
    own_id = uuid5(command.new_id, str(contract["id"]))
    return {
        "id": own_id,
        "contract_id": contract["id"],
        "employer": command.employer,
        "external_id": str(own_id),
        "number": said["number"],
        "concluded_on": said["concluded_on"],
        "starts_on": said["reorganized_on"],
        "terms": entered_as_json({"employer": said["receiver"]}),
        "status": ACTIVE,
        "version": 1,
        "message_id": command.message_id,
        "recorded_at": case.now,
    }


def _id(amendment: Row | None) -> UUID | None:
    return amendment["id"] if amendment else None


DECIDER = Decider(
    needs,
    (
        completeness.transfer_is_complete,
        reference.contract_exists,
        reference.contract_is_not_terminated,
        transfer.receiver_is_one,
        transfer.receiver_is_another,
        transfer.receiver_goes_on,
        transfer.reorganization_has_happened,
        transfer.reorganization_is_on_record,
        transfer.agreement_is_concluded,
        transfer.contracts_are_older_than_the_reorganization,
        transfer.agreement_is_another,
        transfer.numbers_are_free_there,
        transfer.ids_are_free_there,
        transfer.receiver_may_have_the_workers,
    ),
    accept,
    Sources(
        rows={"rest": Shape(always={"more": bool})},
        lists={"transferred": Shape(always={"contract_id": UUID, "amendment_id": UUID})},
    ),
    requires=("transfer.receiver", "transfer.reorganized_on", "transfer.number", "transfer.concluded_on"),
    checks=frozenset({"giver", "receiver"}),
    by_itself=True,
)
