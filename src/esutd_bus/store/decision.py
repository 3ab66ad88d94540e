"""Deciding a batch: which of its works can be decided on one state, and what comes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from esutd_bus.register.event import ContractEvent
from esutd_bus.register.state import Needs, State
from esutd_bus.store.loading import Loaded
from esutd_bus.store.work import Outcome, Work

_NOTHING = Needs(expects_nothing=True)

Key = tuple[str, object]
"""What a work touches: `("number", (employer, number))`."""


@dataclass(slots=True)
class Decided:
    """What comes of a batch."""

    outcomes: dict[Work, Outcome] = field(default_factory=dict)
    """In the batch's order; works that must see the effects of these first are not in it."""

    rebound: set[Work] = field(default_factory=set)
    """Those whose outcome replaces an answer that no longer holds."""


def decide(batch: Sequence[Work], loaded: Loaded) -> Decided:
    """The outcomes of a batch on the state that was loaded for it.

    A command that meets what an earlier one of the same batch has touched is left out: it decides in the next
    batch, on the state as it is then. The first of a batch is never left out.
    """
    decided = Decided()
    touched: set[Key] = set()
    wrote: set[str] = set()
    for work in batch:
        state = loaded.state(work.employer, work.needs)
        keys = _touches(work, state) if len(batch) > 1 else set()
        if not touched.isdisjoint(keys) or (_looks_around(work) and _owner(work) in wrote):
            continue
        stored = loaded.answer_in_force(work.key)
        if stored is None and loaded.answer(work.key) is not None:
            decided.rebound.add(work)
        outcome = work.decide(state, stored)
        decided.outcomes[work] = outcome
        if outcome.events:
            touched |= keys
            wrote.add(_owner(work))
        if work.key is not None:
            touched.add(_request(work.key.sender, work.key.request_id))
    return decided


def expects_nothing(work: Work) -> bool:
    """Whether the work needs no more than that there is nothing yet of what it brings."""
    return _are_new(work.needs) and all(map(_are_new, work.needs.entries))


def _are_new(needs: Needs) -> bool:
    if not needs.expects_nothing:
        return False
    others = needs._replace(
        contract_external_id=None, contract_number=None, proof_external_id=None, entries=()
    )
    return others == _NOTHING


def is_guarded(work: Work, outcome: Outcome) -> bool:
    """Of a work that expects nothing, decided as if there were nothing: whether a unique key refuses to keep it, else.

    It is, where the outcome adds a row for each key that was needed, the request's own too; of many entries, where
    all are registered.
    """
    if work.key is not None and not outcome.binds:
        return False
    needed = work.needs.entries or (work.needs,)
    added = [event for event in outcome.events if isinstance(event, ContractEvent)]
    return len(added) == len(needed) and all(
        _adds(event, work.employer, needs) for event, needs in zip(added, needed, strict=True)
    )


def _adds(event: ContractEvent, employer: str, needs: Needs) -> bool:
    added = event.contract
    return (
        added["version"] == 1
        and added["employer"] == employer
        and needs.contract_external_id in (None, added["external_id"])
        and needs.contract_number in (None, added["number"])
        and (needs.proof_external_id is None or event.proof is not None)
    )


def _owner(work: Work) -> str:
    """Whose contracts it is about."""
    return work.needs.owner or work.employer


def _looks_around(work: Work) -> bool:
    """Whether it is about contracts that it does not name: one entered just before would be missed."""
    return work.needs.moving is not None or work.needs.employee_iin is not None


def _touches(work: Work, state: State) -> set[Key]:
    keys = _about(_owner(work), work.needs, state)
    for needs, met in zip(work.needs.entries, state.entries, strict=True):
        keys |= _about(work.employer, needs, met)
    if work.key is not None:
        keys.add(_request(work.key.sender, work.key.request_id))
    if work.needs.delivery is not None:
        keys.add(("delivery", work.needs.delivery))
    return keys


def _about(owner: str, needs: Needs, state: State) -> set[Key]:
    """What a command with these needs is about."""
    keys: set[Key] = {
        ("contract", row["id"])
        for row in (
            state.contract_by_id,
            state.contract_by_external_id,
            # Whose number or id is asked for: it may be corrected, or deleted, by then.
            state.contract_by_number,
            state.contract_by_new_external_id,
        )
        if row
    }
    keys |= {("contract", row["id"]) for row in (*state.contracts_of_employee, *state.moving)}
    keys |= {
        (kind, (owner, value))
        for kind, value in (
            ("external id", needs.contract_external_id),
            ("external id", needs.new_external_id),
            ("number", needs.contract_number),
            ("amendment", needs.amendment_external_id),
            ("leave", needs.leave_external_id),
            ("proof", needs.proof_external_id),
            ("delegation", needs.delegation_to),
        )
        if value is not None
    }
    if needs.moving is not None:
        there = needs.moving.receiver
        keys |= {("number", (there, row["number"])) for row in state.moving}
        keys |= {("external id", (there, row["external_id"])) for row in state.moving}
    if needs.acknowledgements_of is not None:
        keys.add(("acknowledgement", needs.acknowledgements_of))
    if needs.consents_of is not None:
        keys.add(("consents", needs.consents_of))
    if needs.own_consent_id is not None or needs.own_consent_external_id is not None:
        # The signer is the employee.
        keys.add(("consents", owner))
    if needs.new_iin is not None:
        keys.add(("iin", needs.new_iin))
    return keys


def _request(sender: str, request_id: object) -> Key:
    return "request", (sender, request_id)
