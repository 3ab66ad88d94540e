"""AmendContract: an additional agreement changes a contract's terms (order 353, clause 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from esutd_bus.register.amendment import given_terms
from esutd_bus.register.case import Case, Decider, Sources, referred
from esutd_bus.register.command import Command
from esutd_bus.register.contract import ACTIVE
from esutd_bus.register.deadlines import deadline
from esutd_bus.register.entering import entered
from esutd_bus.register.event import Accepted
from esutd_bus.register.proof import proof_id
from esutd_bus.register.rules import (
    amendment,
    codes,
    completeness,
    conditions,
    foreign_worker,
    reference,
    special_payment,
    term,
    work_place,
    working_time,
)
from esutd_bus.register.state import Needs, Row
from esutd_bus.register.timeline import AMENDED, entered_as_json


def needs(command: Command) -> Needs:
    """The contract, its timeline, and whatever may stand in the new amendment's way."""
    external_id = command.values.get("amendment", {}).get("external_id")
    return referred(command, amendments=True, history=True)._replace(
        amendment_external_id=external_id,
        proof_external_id=proof_id(command),
    )


def accept(case: Case) -> Accepted:
    """The contract takes the new terms from the amendment's start on; each group given is replaced as a whole."""
    terms = given_terms(case)
    agreement = _agreement(case, terms)
    due = deadline("353/8", agreement["concluded_on"], case.today, case.rules.calendar)
    return entered(case, AMENDED, agreement["starts_on"], terms, deadline=due, amendment=agreement)


def _agreement(case: Case, terms: Mapping[str, Any]) -> Row:
    command, given = case.command, case.table("amendment")
    return {
        "id": command.new_id,
        "contract_id": case.found["id"],
        "employer": command.employer,
        "external_id": given["external_id"],
        "number": given["number"],
        "concluded_on": given["concluded_on"],
        "starts_on": given["starts_on"],
        "terms": entered_as_json(terms),
        "status": ACTIVE,
        "version": 1,
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
        conditions.conditions_hold_together,
        conditions.amended_heavy_code_is_of_its_time,
        foreign_worker.permit_is_right,
        foreign_worker.term_of_a_permit_is_a_foreigners,
        special_payment.amendment_payment_is_right,
        special_payment.amended_conditions_have_their_payment,
    ),
    accept,
    Sources(tables=frozenset({"contract", "amendment"})),
    creates="amendment",
    requires=("reference",),
)
