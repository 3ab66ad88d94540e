"""Rights: whether whoever has signed a message may ask what it asks (order 353, clause 5).

Judged before everything else, and told alone: who may not act learns nothing more, not even whether the request was
answered before. That the signer is the employer whom the message names has been judged already (SCSE046).
"""

from __future__ import annotations

from datetime import date

from esutd_bus.register.case import Decider
from esutd_bus.register.command import Command
from esutd_bus.register.partners import CARRIERS, EMPLOYERS, PartnerKind, Partners
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules import consent
from esutd_bus.register.speaker import Speaker
from esutd_bus.register.state import Needs, Row, State
from esutd_bus.register.worded import kinds_told, worded


def with_rights(needs: Needs, command: Command) -> Needs:
    """What the store must load, that of the rights included: nothing more where an employer itself has signed."""
    speaker = command.speaker
    if not speaker.is_itself:
        needs = needs._replace(delegation_to=speaker.person)
    if speaker.via is not None and speaker.via.number != speaker.number:
        needs = needs._replace(system=speaker.via.number)
    return needs


def missing_right(
    command: Command, state: State, today: date, partners: Partners, decider: Decider
) -> Refusal | None:
    """The first right that is missing, as ESB005."""
    return (
        missing_standing(command, partners)
        or _system(command, state, today, partners, decider)
        or _delegation(command, state, today, partners, by_itself=decider.by_itself)
        or (consent.missing_consent(command, state, today) if decider.consented else None)
    )


def missing_standing(command: Command, partners: Partners) -> Refusal | None:
    """The first right that is missing whatever the register holds: nothing needs to be looked for to tell it."""
    return _closed(command.speaker, partners) or _role(command, partners) or _oneself(command, partners)


def missing_carriage(speaker: Speaker, partners: Partners) -> Refusal | None:
    """What the bus itself tells is taken from those who may bring others' messages."""
    closed, kinds = _closed(speaker, partners), partners.kinds_of(speaker)
    if closed is None and kinds.isdisjoint(CARRIERS):
        return worded("role", served=kinds_told(CARRIERS), speaks=kinds_told(kinds))
    return closed


def _closed(speaker: Speaker, partners: Partners) -> Refusal | None:
    """`blocked`, `withdrawn`: the operator lets nothing in from a signer, or on a certificate."""
    for signer in speaker.all_signers:
        entry = partners.entry(signer.number)
        if entry is not None and entry.blocked:
            return worded("blocked", number=signer.number)
        if partners.has_withdrawn(signer.certificate):
            return worded("withdrawn", number=signer.number)
    return None


def _role(command: Command, partners: Partners) -> Refusal | None:
    """`role`: the operation serves those as whom the signer may speak."""
    kinds = partners.kinds_of(command.speaker)
    if kinds.isdisjoint(command.serves):
        return worded("role", served=kinds_told(command.serves), speaks=kinds_told(kinds))
    return None


def _oneself(command: Command, partners: Partners) -> Refusal | None:
    """`another-person`: an employee who has signed asks about oneself, and nobody else (order 353, clause 14)."""
    named = command.values.get("employee_reference", {}).get("iin")
    speaks_as = partners.kinds_of(command.speaker) & command.serves
    if speaks_as == {PartnerKind.EMPLOYEE} and named not in {None, command.speaker.number}:
        return worded("another-person")
    return None


def _system(
    command: Command, state: State, today: date, partners: Partners, decider: Decider
) -> Refusal | None:
    """`system`: the envelope of a signed document is signed by its signer, a system recorded for it, or a carrier.

    What a person signs for an employer comes in that employer's envelope, or in a system's of it (353/18).
    """
    via, employer = command.speaker.via, _brought_for(command, decider)
    if decider.brought_by_anyone or employer is None:
        return None
    if via is None:
        return worded("system-alone") if decider.brought_for else None
    if via.number == employer or not CARRIERS.isdisjoint(partners.kinds_of(via)):
        return None
    recorded = state.system
    if recorded is None:
        return worded("system-missing", system=via.number, employer=employer)
    if recorded["valid_to"] is not None and recorded["valid_to"] < today:
        day = recorded["valid_to"].isoformat()
        return worded("system-ended", system=via.number, employer=employer, day=day)
    return None


def _brought_for(command: Command, decider: Decider) -> str | None:
    """The employer whose system may sign the envelope; none where the message does not say so legibly."""
    if decider.brought_for is None:
        return command.speaker.number
    table, column = decider.brought_for.split(".")
    return command.values.get(table, {}).get(column)


def _delegation(
    command: Command, state: State, today: date, partners: Partners, *, by_itself: bool
) -> Refusal | None:
    """`delegation`: for an employer signs itself, or whom its act entrusts (353/5), on the days of the act."""
    speaks_as = partners.kinds_of(command.speaker) & command.serves
    if command.speaker.is_itself or not speaks_as <= EMPLOYERS:
        return None
    if by_itself:
        return worded("employer-itself")
    return _not_in_force(state.delegation, today)


def _not_in_force(delegation: Row | None, today: date) -> Refusal | None:
    """The newest act counts alone: one that has ended takes back what an earlier one had given."""
    if delegation is None:
        return worded("delegation-missing")
    act, begins, ends = (delegation[column] for column in ("act_number", "act_date", "valid_to"))
    if ends is not None and ends < today:
        return worded("delegation-ended", act=act, day=ends.isoformat())
    if today < begins:
        return worded("delegation-not-begun", act=act, day=begins.isoformat())
    return None
