"""TerminateContract: a contract ends, on a ground of the Labour Code (order 353, clause 12)."""

from __future__ import annotations

from esutd_bus.register.case import Case, Decider, Sources, referred
from esutd_bus.register.contract import TERMINATED, TERMINATION, differences
from esutd_bus.register.deadlines import deadline
from esutd_bus.register.event import Accepted, ContractEvent
from esutd_bus.register.rules import codes, completeness, reference, special_payment, termination


def accept(case: Case) -> Accepted:
    """The contract is terminated; from now on only a reinstatement can change it (order 353, clause 13)."""
    contract = case.found
    given = case.table("contract")
    after = {"status": TERMINATED, **{column: given.get(column) for column in TERMINATION}}
    row = {**contract, **after, "version": contract["version"] + 1}
    due = deadline("353/12", row["terminated_on"], case.today, case.rules.calendar)
    event = ContractEvent(
        kind="ContractTerminated",
        contract=row,
        changes=differences(contract, after),
        effective_on=row["terminated_on"],
        deadline=due,
    )
    return Accepted(events=(event,), answer={"contract": row}, deadline=due, contract_id=row["id"])


DECIDER = Decider(
    referred,
    (
        completeness.contract_is_named,
        completeness.termination_is_complete,
        reference.contract_exists,
        reference.contract_is_not_terminated,
        termination.termination_has_happened,
        termination.termination_is_not_before_start,
        termination.new_technology_reduces_staff,
        codes.codes_are_in_dictionaries,
        special_payment.termination_payment_is_right,
        special_payment.ended_conditions_have_their_payment,
    ),
    accept,
    Sources(tables=frozenset({"contract"})),
    requires=("reference", "contract.terminated_on", "contract.termination_reason_code"),
)
