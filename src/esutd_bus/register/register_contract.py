"""RegisterContract: a newly concluded contract enters the register (order 353, clauses 3 and 7)."""

from __future__ import annotations

from esutd_bus.register import registry_checks
from esutd_bus.register.case import Case, Decider, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.contract import ACTIVE, ENTERED, ENTERED_LATER
from esutd_bus.register.deadlines import registration_deadline
from esutd_bus.register.event import Accepted, ContractEvent
from esutd_bus.register.proof import new_proof
from esutd_bus.register.rules import (
    codes,
    completeness,
    conditions,
    foreign_worker,
    registration,
    term,
    work_place,
    working_time,
)
from esutd_bus.register.state import Needs, Row

_ENTERED = frozenset(ENTERED)
_EMPTY = dict.fromkeys((*ENTERED, *ENTERED_LATER))


def needs(command: Command) -> Needs:
    """Whatever may stand in the new contract's way."""
    contract = command.values.get("contract", {})
    return Needs(
        contract_external_id=contract.get("external_id"),
        contract_number=contract.get("number"),
        proof_external_id=contract.get("proof_external_id"),
        expects_nothing=True,
    )


def accept(case: Case) -> Accepted:
    """The contract begins its life at version 1."""
    row = _row(case)
    due = registration_deadline(
        row["concluded_on"],
        row["ends_on"],
        case.value("batch.headcount"),
        case.today,
        case.rules.calendar,
        case.rules.limits.rules_in_force_on,
    )
    event = ContractEvent(
        kind="ContractRegistered",
        contract=row,
        changes={},  # There was no before; and every later event tells what it found.
        effective_on=row["starts_on"],
        deadline=due,
        proof=new_proof(case, row),
    )
    # Where nothing is wanted of the registries, nothing is asked of them here either.
    checks = tuple(registry_checks.afterwards(case, row)) if case.rules.checks else ()
    return Accepted(events=(event, *checks), answer={"contract": row}, deadline=due, contract_id=row["id"])


def _row(case: Case) -> Row:
    command, given = case.command, case.table("contract")
    if not _ENTERED.issuperset(given):
        given = {column: value for column, value in given.items() if column in _ENTERED}
    return {
        "id": command.new_id,
        "employer": command.employer,
        **_EMPTY,
        **given,
        "status": ACTIVE,
        "registered_at": case.now,
        "version": 1,
    }


DECIDER = Decider(
    needs,
    (
        completeness.contract_is_complete,
        registration.external_id_is_new,
        registration.number_is_free,
        registration.contract_is_not_too_old,
        registration.contract_is_concluded,
        registration.employee_iin_is_right,
        registration.parties_are_known,
        registration.start_is_not_too_old,
        registration.start_is_in_sight,
        term.term_is_not_for_amendments_only,
        term.term_has_its_end,
        term.term_allows_end,
        term.start_is_not_after_end,
        term.period_suits_term,
        term.end_is_in_sight,
        codes.codes_are_in_dictionaries,
        working_time.rate_has_regime,
        working_time.regime_allows_rate,
        working_time.regime_has_its_rate,
        working_time.rate_is_part_of_one,
        work_place.territory_is_given_at_home,
        work_place.territory_is_not_given_abroad,
        conditions.conditions_hold_together,
        conditions.heavy_code_is_of_its_time,
        foreign_worker.permit_is_right,
        foreign_worker.term_of_a_permit_is_a_foreigners,
    ),
    accept,
    Sources(tables=frozenset({"contract"})),
    creates="contract",
    checks=frozenset({registry_checks.EMPLOYER, registry_checks.EMPLOYEE}),
)
