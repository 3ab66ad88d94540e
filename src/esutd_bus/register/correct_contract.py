"""CorrectContract: what was entered wrongly when a contract was registered is put right (order 353, clause 9)."""

from __future__ import annotations

from esutd_bus.register.case import Case, Decider, Rule, Sources, referred
from esutd_bus.register.command import Command
from esutd_bus.register.correction import corrections
from esutd_bus.register.entering import entered
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import (
    codes,
    completeness,
    conditions,
    correction,
    foreign_worker,
    reference,
    registration,
    term,
    window,
    work_place,
    working_time,
)
from esutd_bus.register.state import Needs
from esutd_bus.register.timeline import CORRECTED


def needs(command: Command) -> Needs:
    """The contract, its timeline, amendments and leaves, and whatever may stand in the way of a new number or id."""
    given = command.values.get("contract", {})
    return referred(command, amendments=True, history=True, leaves=True)._replace(
        contract_number=given.get("number"),
        new_external_id=given.get("external_id"),
        proof_external_id=given.get("proof_external_id"),
    )


def accept(case: Case) -> Accepted:
    """The registration is as if it had been entered so; amendments and extensions stand above it as before."""
    values = corrections(case)
    starts_on = values["starts_on"] if "starts_on" in values else case.found["starts_on"]
    window_of_entry = window.contract_window(case, case.found)
    return entered(case, CORRECTED, starts_on, values, deadline=window_of_entry)


CONTENT: tuple[Rule, ...] = (
    correction.new_external_id_is_free,
    registration.number_is_free,
    registration.contract_is_not_too_old,
    registration.contract_is_concluded,
    registration.employee_iin_is_right,
    registration.start_is_not_too_old,
    registration.start_is_in_sight,
    correction.start_is_not_after_amendments,
    correction.start_is_not_after_leaves,
    term.term_is_not_for_amendments_only,
    term.term_has_its_end,
    term.term_allows_end,
    correction.as_corrected(term.start_is_not_after_end),
    correction.as_corrected(term.period_suits_term),
    term.end_is_in_sight,
    codes.codes_are_in_dictionaries,
    working_time.rate_has_regime,
    working_time.regime_allows_rate,
    working_time.regime_has_its_rate,
    working_time.rate_is_part_of_one,
    work_place.territory_is_given_at_home,
    work_place.territory_is_not_given_abroad,
    conditions.conditions_hold_together,
    correction.as_registered(conditions.heavy_code_is_of_its_time),
    foreign_worker.permit_is_right,
    correction.as_registered(foreign_worker.contract_starts_before_permit_ends),
    foreign_worker.term_of_a_permit_is_a_foreigners,
)
"""What a correction is judged by, whoever makes it, and whenever."""

DECIDER = Decider(
    needs,
    (
        completeness.contract_is_named,
        correction.correction_corrects_something,
        reference.contract_exists,
        reference.contract_is_not_terminated,
        window.contract_may_still_be_mended,
        *CONTENT,
    ),
    accept,
    Sources(tables=frozenset({"contract"})),
    requires=("reference",),
)
