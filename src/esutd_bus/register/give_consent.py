"""GiveConsent: a person lets an employer learn of his or her data, for a purpose and until a day (353/17, 18).

The person signs the document; the employer's system, or a portal, brings it.
"""

from __future__ import annotations

from esutd_bus.register.case import Case, Decider, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted, RowAdded
from esutd_bus.register.rules import completeness, consent
from esutd_bus.register.state import Needs, Row


def needs(command: Command) -> Needs:
    """A consent of the signer's with the same id; and the employer's record of the system that brings this one."""
    given = command.values.get("consent", {})
    return Needs(own_consent_external_id=given.get("external_id"), system_of=given.get("employer"))


def accept(case: Case) -> Accepted:
    """The consent is on record."""
    row = _row(case)
    return Accepted(events=(RowAdded("consent", row),), answer={"consent": row})


def _row(case: Case) -> Row:
    command = case.command
    return {
        "id": command.new_id,
        **case.table("consent"),
        "message_id": command.message_id,
        "given_at": case.now,
        "brought_by": (command.speaker.via or command.speaker).number,
    }


DECIDER = Decider(
    needs,
    (
        completeness.consent_is_complete,
        consent.iin_is_right,
        consent.employee_signs,
        consent.external_id_is_new,
        consent.consent_is_not_over,
    ),
    accept,
    Sources(tables=frozenset({"consent"})),
    creates="consent",
    brought_for="consent.employer",
)
