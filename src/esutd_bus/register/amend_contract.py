"""AmendContract: an additional agreement changes a contract's terms (order 353, clause 8)."""

from __future__ import annotations

from dataclasses import replace

from esutd_bus.register.case import Case, Decider, Sources, referred
from esutd_bus.register.command import Command
from esutd_bus.register.contract import TERMS, Changes, differences, replaced
from esutd_bus.register.deadlines import deadline
from esutd_bus.register.event import Accepted, ContractEvent
from esutd_bus.register.jsonable import jsonable_changes
from esutd_bus.register.rules import (
    amendment,
    codes,
    completeness,
    reference,
    term,
    work_place,
    working_time,
)
from esutd_bus.register.state import Needs, Row


def needs(command: Command) -> Needs:
    """The contract, its amendments, and whatever may stand in the new amendment's way."""
    external_id = command.values.get("amendment", {}).get("external_id")
    return replace(referred(command, amendments=True), amendment_external_id=external_id)


def accept(case: Case) -> Accepted:
    """The contract takes the new terms; each group of terms given is replaced as a whole."""
    contract = case.found
    given = case.table("contract")
    after = replaced({column: given[column] for column in TERMS if column in given})
    changes = differences(contract, after)
    row = {**contract, **after, "version": contract["version"] + 1}
    agreement = _agreement(case, row, changes)
    due = deadline("353/8", agreement["concluded_on"], case.today, case.rules.calendar)
    event = ContractEvent(
        kind="ContractAmended",
        contract=row,
        changes=changes,
        effective_on=agreement["starts_on"],
        deadline=due,
        amendment=agreement,
    )
    answer = {"contract": row, "amendment": agreement}
    return Accepted(events=(event,), answer=answer, deadline=due, contract_id=row["id"])


def _agreement(case: Case, contract: Row, changes: Changes) -> Row:
    command, given = case.command, case.table("amendment")
    return {
        "id": command.new_id,
        "contract_id": contract["id"],
        "employer": command.employer,
        "external_id": given["external_id"],
        "number": given["number"],
        "concluded_on": given["concluded_on"],
        "starts_on": given["starts_on"],
        "changes": jsonable_changes(changes),
        "message_id": command.message_id,
        "recorded_at": case.now,
    }


DECIDER = Decider(
    needs,
    (
        completeness.contract_is_named,
        completeness.amendment_is_complete,
        reference.contract_exists,
        reference.contract_is_not_terminated,
        amendment.amendment_id_is_new,
        amendment.amendment_is_another,
        amendment.amendment_is_not_too_old,
        amendment.amendment_is_concluded,
        amendment.amendment_is_not_before_contract,
        amendment.amendment_is_signed_before_it_starts,
        amendment.amendment_starts_before_new_end,
        amendment.amendment_changes_something,
        term.term_has_its_end,
        term.term_allows_end,
        term.start_is_not_after_end,
        term.period_suits_term,
        term.amended_end_is_in_sight,
        codes.codes_are_in_dictionaries,
        working_time.rate_has_regime,
        working_time.regime_allows_rate,
        working_time.regime_has_its_rate,
        working_time.rate_is_part_of_one,
        work_place.territory_is_given_at_home,
        work_place.territory_is_not_given_abroad,
    ),
    accept,
    Sources(tables=frozenset({"contract", "amendment"})),
    creates="amendment",
    requires=("reference",),
)
