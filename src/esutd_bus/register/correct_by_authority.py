"""CorrectByAuthority: after a termination the labour authority puts an entry right (order 353, clause 13)."""

from __future__ import annotations

from esutd_bus.register import correct_contract
from esutd_bus.register.case import Case, Decider, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.contract import TERMINATION
from esutd_bus.register.correction import corrections
from esutd_bus.register.entering import entered
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import (
    application,
    completeness,
    correction,
    owner,
    special_payment,
    termination,
)
from esutd_bus.register.state import Needs
from esutd_bus.register.timeline import CORRECTED_BY_AUTHORITY


def needs(command: Command) -> Needs:
    """What a correction needs, of the employer that the message names."""
    return correct_contract.needs(command)._replace(owner=owner.of(command))


def accept(case: Case) -> Accepted:
    """Registration and termination are as if they had been entered so; history tells on whose application."""
    values = corrections(case)
    of_termination_alone = values.keys() <= set(TERMINATION)
    begins = "terminated_on" if of_termination_alone else "starts_on"
    return entered(
        case,
        CORRECTED_BY_AUTHORITY,
        {**case.found, **values}[begins],
        values,
        deadline=None,
        beside={f"application.{name}": (None, value) for name, value in case.table("application").items()},
    )


DECIDER = Decider(
    needs,
    (
        owner.owner_is_named,
        completeness.contract_is_named,
        completeness.application_is_complete,
        application.application_is_made,
        correction.correction_corrects_something,
        owner.owners_contract_exists,
        application.contract_is_terminated,
        *correct_contract.CONTENT,
        termination.termination_has_happened,
        correction.as_corrected(termination.termination_is_not_before_start),
        termination.new_technology_reduces_staff,
        special_payment.termination_payment_is_right,
        special_payment.ended_conditions_have_their_payment,
    ),
    accept,
    Sources(tables=frozenset({"contract"})),
    requires=(
        "owner.employer",
        "reference",
        "application.whose",
        "application.number",
        "application.date",
        "application.reason",
    ),
)
