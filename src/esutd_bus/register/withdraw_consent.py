"""WithdrawConsent: a person takes a consent back; nothing more is disclosed on it from then on (353/17).

It is signed by the person like the consent itself. Who brings it does not matter: nobody may stand in its way.
"""

from __future__ import annotations

from esutd_bus.register.case import Case, Decider, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted, RowAdded
from esutd_bus.register.rules import consent
from esutd_bus.register.state import Needs


def needs(command: Command) -> Needs:
    """The signer's consent with this id."""
    return Needs(own_consent_id=command.values.get("consent_reference", {}).get("consent_id"))


def accept(case: Case) -> Accepted:
    """The consent stays on record, and its withdrawal beside it."""
    given = case.state.own_consent
    if given is None:
        raise LookupError("accepted without the consent it is about")
    withdrawal = {
        "consent_id": given["id"],
        "message_id": case.command.message_id,
        "withdrawn_at": case.now,
    }
    return Accepted(events=(RowAdded("consent_withdrawal", withdrawal),), answer={"consent": given})


DECIDER = Decider(
    needs,
    (consent.consent_is_named, consent.consent_is_the_signers, consent.consent_is_not_withdrawn),
    accept,
    Sources(tables=frozenset({"consent"})),
    requires=(consent.REFERENCE,),
    brought_by_anyone=True,
)
