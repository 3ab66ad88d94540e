"""ReadContract: the labour authority reads any contract, even a deleted one (order 353, clause 9)."""

from __future__ import annotations

from esutd_bus.register import get_contract
from esutd_bus.register.case import Case, Decider
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import completeness, owner
from esutd_bus.register.state import Needs


def needs(command: Command) -> Needs:
    """What an employer's reading needs, of the employer that the message names."""
    return get_contract.needs(command)._replace(owner=owner.of(command))


def accept(case: Case) -> Accepted:
    """Nothing happens to the register; the answer tells what it holds, and what it held."""
    return get_contract.told(case, owner.referred(case))


DECIDER = Decider(
    needs,
    (owner.owner_is_named, completeness.contract_is_named, owner.contract_was_registered),
    accept,
    get_contract.ANSWER,
    requires=("owner.employer", "reference"),
)
