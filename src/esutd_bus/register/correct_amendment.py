"""CorrectAmendment: what was entered wrongly about an additional agreement is put right (order 353, clause 9)."""

from __future__ import annotations

from esutd_bus.register.amendment import changes_of, corrected_amendment, corrected_terms, found_amendment
from esutd_bus.register.case import Case, Decider, Sources, referred
from esutd_bus.register.command import Command
from esutd_bus.register.entering import entered
from esutd_bus.register.event import Accepted
from esutd_bus.register.proof import proof_id
from esutd_bus.register.rules import (
    amendment,
    amendment_correction,
    codes,
    completeness,
    conditions,
    foreign_worker,
    reference,
    special_payment,
    term,
    window,
    work_place,
    working_time,
)
from esutd_bus.register.state import Needs
from esutd_bus.register.timeline import AMENDMENT_CORRECTED


def needs(command: Command) -> Needs:
    """The contract, its timeline and amendments, and whatever may stand in the way of a new id."""
    external_id = command.values.get("amendment", {}).get("external_id")
    return referred(command, amendments=True, history=True)._replace(
        amendment_external_id=external_id,
        proof_external_id=proof_id(command),
    )


def accept(case: Case) -> Accepted:
    """The contract's terms are as if the amendment had been entered so, in its place among the others."""
    before = found_amendment(case)
    after = corrected_amendment(case, before)
    return entered(
        case,
        AMENDMENT_CORRECTED,
        after["starts_on"],
        corrected_terms(case, before),
        deadline=window.amendment_window(case, before),
        amendment=after,
        beside=changes_of(before, after),
    )


DECIDER = Decider(
    needs,
    (
        completeness.contract_is_named,
        amendment_correction.amendment_is_named,
        amendment_correction.correction_corrects_something,
        reference.contract_exists,
        reference.contract_is_not_terminated,
        amendment_correction.amendment_to_correct_exists,
        amendment_correction.employer_is_not_changed_by_it,
        window.amendment_may_still_be_mended,
        amendment.amendment_id_is_new,
        amendment_correction.as_corrected(amendment.amendment_is_another),
        amendment.amendment_is_not_too_old,
        amendment.amendment_is_concluded,
        amendment_correction.as_corrected(amendment.amendment_is_not_before_contract),
        amendment_correction.as_corrected(amendment.amendment_is_signed_before_it_starts),
        amendment_correction.as_corrected(amendment.amendment_starts_before_new_end),
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
        amendment_correction.as_corrected(conditions.amended_heavy_code_is_of_its_time),
        foreign_worker.permit_is_right,
        foreign_worker.term_of_a_permit_is_a_foreigners,
        amendment_correction.as_corrected(special_payment.amendment_payment_is_right),
        amendment_correction.as_corrected(special_payment.amended_conditions_have_their_payment),
    ),
    accept,
    Sources(tables=frozenset({"contract", "amendment"})),
    requires=("reference", "amendment_reference"),
)
