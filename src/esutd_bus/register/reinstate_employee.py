"""ReinstateEmployee: who was dismissed works again, by decision of a court or a commission (order 353, clause 10)."""

from __future__ import annotations

from esutd_bus.register.case import Case, Decider, Sources, referred
from esutd_bus.register.command import Command
from esutd_bus.register.contract import ACTIVE, REINSTATEMENT, TERMINATION
from esutd_bus.register.deadlines import deadline
from esutd_bus.register.entering import entered
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import codes, completeness, reference, reinstatement
from esutd_bus.register.state import Needs
from esutd_bus.register.timeline import REINSTATED


def needs(command: Command) -> Needs:
    """The contract and its timeline."""
    return referred(command, history=True)


def accept(case: Case) -> Accepted:
    """The contract is open again from the reinstatement on; that it was terminated, its history tells."""
    given = case.table("contract")
    reinstated_on = given["reinstated_on"]
    values = {
        "status": ACTIVE,
        **dict.fromkeys(TERMINATION),
        **{column: given.get(column) for column in REINSTATEMENT},
    }
    due = deadline("353/10", reinstated_on, case.today, case.rules.calendar)
    return entered(case, REINSTATED, reinstated_on, values, deadline=due)


DECIDER = Decider(
    needs,
    (
        completeness.contract_is_named,
        completeness.reinstatement_is_complete,
        reference.contract_exists,
        reinstatement.contract_is_terminated,
        reinstatement.termination_is_the_registers,
        reinstatement.reinstatement_has_happened,
        reinstatement.reinstatement_is_not_before_termination,
        reinstatement.order_is_given,
        reinstatement.order_is_not_too_old,
        reinstatement.court_is_named,
        reinstatement.mistaken_termination_is_explained,
        codes.codes_are_in_dictionaries,
    ),
    accept,
    Sources(tables=frozenset({"contract"})),
    requires=(
        "reference",
        "contract.terminated_on",
        "contract.reinstated_on",
        "contract.reinstatement_order_number",
        "contract.reinstatement_order_date",
        "contract.reinstatement_organization_code",
    ),
)
