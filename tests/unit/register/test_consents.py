"""Consents: who gives and withdraws them, who brings them, what may be disclosed on them (353/17, 18)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from register_cases import (
    CONSENT,
    EMPLOYER,
    GIVEN,
    HEAD,
    IIN,
    MESSAGE_ID,
    NEW_ID,
    NOW,
    OTHER_IIN,
    RULES,
    TODAY,
    accepted,
    changed,
    command,
    judge,
    refusals,
)

from esutd_bus.register.command import Command
from esutd_bus.register.decide import missing_right, needs
from esutd_bus.register.event import RowAdded
from esutd_bus.register.partners import Partner, PartnerKind, Partners
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.speaker import Speaker
from esutd_bus.register.state import Needs, State
from support.replacing import replace

PORTAL = "980540000397"
PROVIDER = "970340000118"
PERSON = Speaker(IIN, IIN, frozenset({"individual"}), certificate="p0", via=HEAD)
"""The person, whose document the employer brings."""

ASKED = {"employee_iin": IIN, "purpose": CONSENT["purpose"]}


def giving(speaker: Speaker = PERSON, **columns: Any) -> Command:
    return command("GiveConsent", {"consent": changed(CONSENT, **columns)}, speaker=speaker)


def withdrawing(speaker: Speaker = PERSON) -> Command:
    return command("WithdrawConsent", {"consent_reference": {"consent_id": GIVEN["id"]}}, speaker=speaker)


def asking(**columns: Any) -> Command:
    return command("GetPersonalFile", {"disclosure": changed(ASKED, **columns)})


def right(asked: Command, state: State = State(), partners: Partners = Partners()) -> Refusal | None:  # noqa: B008  # frozen
    return missing_right(asked, state, NOW, replace(RULES, partners=partners))


def reason(asked: Command, *consents: Mapping[str, Any]) -> str | None:
    missing = right(asked, State(consents=consents))
    assert missing is None or missing.code == "ESB005"
    return missing and missing.reason


def by(number: str) -> Speaker:
    return replace(PERSON, via=replace(HEAD, number=number))


@pytest.mark.clause("353/17")
def test_a_consent_is_kept_as_it_was_given() -> None:
    (event,) = accepted(judge(giving())).events
    row = {**CONSENT, "id": NEW_ID, "message_id": MESSAGE_ID, "given_at": NOW, "brought_by": EMPLOYER}
    assert event == RowAdded("consent", row)
    assert needs(giving()) == Needs(
        own_consent_external_id=CONSENT["external_id"], system_of=EMPLOYER, system=EMPLOYER
    )


@pytest.mark.code("SCSE275")
@pytest.mark.clause("353/18")
def test_nobody_consents_for_another() -> None:
    assert refusals(judge(giving(employee_iin=OTHER_IIN))) == [("SCSE275", "consent.employee_iin")]


@pytest.mark.code("SCSE086")
def test_each_consent_has_its_own_id() -> None:
    assert refusals(judge(giving(), State(own_consent=GIVEN))) == [("SCSE086", "consent.external_id")]


@given(st.integers(-400, 400))
def test_a_consent_is_valid_today_at_least(days: int) -> None:
    told = refusals(judge(giving(valid_to=TODAY + timedelta(days=days))))
    assert told == ([("ESB004", "consent.valid_to")] if days < 0 else [])


@pytest.mark.clause("353/18")
@pytest.mark.parametrize(
    ("speaker", "system", "missing"),
    [
        (PERSON, None, False),
        (by(PORTAL), None, False),
        (by(PROVIDER), {"valid_to": TODAY}, False),
        (by(PROVIDER), {"valid_to": TODAY - timedelta(days=1)}, True),
        (by(PROVIDER), None, True),
        (replace(PERSON, via=None), None, True),
        (by(IIN), None, True),
    ],
)
def test_the_employer_its_system_or_a_portal_brings_a_consent(
    speaker: Speaker, system: Mapping[str, Any] | None, missing: bool
) -> None:
    partners = Partners([Partner(PORTAL, PartnerKind.PORTAL)])
    told = right(giving(speaker), State(system=system), partners)
    assert (told.reason if told else None) == ("system" if missing else None)


@pytest.mark.clause("353/17")
@pytest.mark.parametrize("speaker", [PERSON, by(PROVIDER), replace(PERSON, via=None)])
def test_nobody_stands_in_the_way_of_a_withdrawal(speaker: Speaker) -> None:
    asked, state = withdrawing(speaker), State(own_consent=GIVEN)
    assert right(asked, state) is None
    (event,) = accepted(judge(asked, state)).events
    withdrawal = {"consent_id": GIVEN["id"], "message_id": MESSAGE_ID, "withdrawn_at": NOW}
    assert event == RowAdded("consent_withdrawal", withdrawal)


@pytest.mark.parametrize("own", [None, {**GIVEN, "withdrawn_at": NOW}])
def test_what_is_not_ones_own_or_withdrawn_is_not_withdrawn(own: Mapping[str, Any] | None) -> None:
    told = refusals(judge(withdrawing(), State(own_consent=own)))
    assert told == [("ESB005", "consent_reference.consent_id")]


@pytest.mark.clause("206/13")
@pytest.mark.clause("353/17")
def test_no_personal_file_without_a_consent() -> None:
    assert reason(asking()) == "consent"
    assert reason(asking(consent_id=UUID(int=99)), GIVEN) == "consent"
    assert reason(asking(), {**GIVEN, "withdrawn_at": NOW}) == "consent-withdrawn"
    assert reason(asking(purpose="проверка"), GIVEN) == "consent-purpose"
    assert reason(asking(), GIVEN) is None
    assert reason(asking(consent_id=GIVEN["id"]), GIVEN) is None


@given(st.integers(-400, 400))
def test_a_consent_is_valid_until_the_end_of_its_last_day(days: int) -> None:
    told = reason(asking(), {**GIVEN, "valid_to": TODAY + timedelta(days=days)})
    assert told == ("consent-expired" if days < 0 else None)


def test_a_newer_consent_does_not_outdo_one_in_force() -> None:
    withdrawn = {**GIVEN, "id": UUID(int=8), "withdrawn_at": NOW}
    state = State(consents=[GIVEN, withdrawn], fetched={"person": {}})
    assert right(asking(), state) is None
    (event,) = accepted(judge(asking(), state)).events
    assert event.disclosure["consent_id"] == GIVEN["id"]  # type: ignore[union-attr]


def test_a_message_of_wrong_form_is_told_its_form() -> None:
    asked = replace(asking(), refusals=(Refusal("ESB004"),))
    assert right(asked) is None
