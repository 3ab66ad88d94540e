"""Who may do what (order 353, clause 5): roles, systems, delegations, and what is told where a right is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from string import Formatter
from typing import Any

import pytest
import yaml
from register_cases import (
    DELEGATE,
    DELEGATION,
    EMPLOYER,
    HEAD,
    IIN,
    NOW,
    RULES,
    TODAY,
    command,
    registration,
)

from esutd_bus.register.command import Command
from esutd_bus.register.decide import missing_right, needs
from esutd_bus.register.partners import EMPLOYERS, PROFILES, Partner, PartnerKind, Partners
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.speaker import Speaker
from esutd_bus.register.state import State
from esutd_bus.settings import packaged
from support.replacing import replace

PORTAL, SYSTEM, STATE, AUTHORITY = "020140000016", "020140000026", "020140000036", "020140000046"

OFFICER = Speaker(EMPLOYER, DELEGATE, frozenset({"organisation", "personnel-department"}), certificate="c1")
"""The employer's personnel officer."""

PERSON = Speaker(IIN, IIN, frozenset({"individual"}), certificate="c2")

ENTRIES = (
    Partner(PORTAL, PartnerKind.PORTAL),
    Partner(STATE, PartnerKind.GOVERNMENT_SYSTEM),
    Partner(AUTHORITY, PartnerKind.AUTHORITY),
)


def system_of(number: str, *roles: str) -> Speaker:
    """A key of a body's information system, or of other roles."""
    return Speaker(number, IIN, frozenset(roles or ("organisation", "information-system")), certificate="c3")


def judged(
    asked: Command,
    state: State = State(),  # noqa: B008  # frozen
    entries: Iterable[Partner] = ENTRIES,
    withdrawn: Iterable[str] = (),
    now: datetime = NOW,
) -> Refusal | None:
    return missing_right(asked, state, now, replace(RULES, partners=Partners(entries, withdrawn)))


def reason(*arguments: Any, **named: Any) -> str | None:
    refusal = judged(*arguments, **named)
    assert refusal is None or (refusal.code == "ESB005" and refusal.words is not None)
    return refusal.reason if refusal else None


def by(speaker: Speaker, operation: str = "RegisterContract", **more: Any) -> Command:
    return replace(registration(), operation=operation, speaker=speaker, **more)


def days(delegation: Mapping[str, Any] = DELEGATION, **changed: Any) -> State:
    return State(delegation={**delegation, "version": 1, **changed})


@pytest.mark.clause("353/5")
@pytest.mark.parametrize("role", ["first-head", "may-sign", "information-system"])
def test_the_employer_itself_needs_no_act_and_no_query(role: str) -> None:
    speaker = replace(OFFICER, roles=frozenset({"organisation", role}))
    assert judged(by(speaker)) is None
    assert needs(by(speaker)) == needs(registration())


@pytest.mark.clause("353/5")
@pytest.mark.code("ESB005")
@pytest.mark.parametrize(
    "roles", [{"personnel-department"}, {"employee"}, {"financial-documents"}, {"organisation"}, set()]
)
def test_any_other_key_of_the_employer_needs_an_act(roles: set[str]) -> None:
    speaker = replace(OFFICER, roles=frozenset(roles))
    assert needs(by(speaker)).delegation_to == DELEGATE
    assert reason(by(speaker)) == "delegation"
    assert reason(by(speaker), days()) is None


@pytest.mark.clause("353/5")
@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"act_date": TODAY}, None),
        ({"act_date": TODAY + timedelta(days=1)}, "delegation"),
        ({"valid_to": TODAY}, None),
        ({"valid_to": TODAY - timedelta(days=1)}, "delegation"),
        ({"valid_to": None}, None),
    ],
)
def test_an_act_counts_on_its_own_days(changed: dict[str, Any], missing: str | None) -> None:
    assert reason(by(OFFICER), days(**changed)) == missing


@pytest.mark.clause("353/5")
def test_the_day_is_kazakhstans() -> None:
    """An hour before midnight in UTC it is the next day in Almaty: an act that ended yesterday is over."""
    late = datetime.fromisoformat("2025-12-31T23:00:00+00:00")
    assert reason(by(OFFICER), days(), now=late) == "delegation"
    assert reason(by(OFFICER), days(), now=late - timedelta(hours=12)) is None


def test_a_person_acts_for_oneself() -> None:
    assert judged(by(PERSON)) is None
    assert needs(by(PERSON)) == needs(registration())
    assert PERSON.recorded_by == IIN
    assert OFFICER.recorded_by == f"{EMPLOYER}/{DELEGATE}"


@pytest.mark.clause("353/5")
@pytest.mark.code("ESB005")
def test_nobody_entrusted_entrusts_others() -> None:
    asked = command("RecordDelegation", {"delegation": DELEGATION})
    assert judged(asked) is None
    refusal = judged(replace(asked, speaker=OFFICER), days())
    assert refusal is not None
    assert refusal.reason == "delegation"
    assert "первого руководителя" in refusal.words.ru if refusal.words else False


@pytest.mark.code("ESB005")
@pytest.mark.parametrize(
    ("serves", "speaker", "missing"),
    [
        ({"employer"}, HEAD, None),
        ({"employer"}, PERSON, "role"),
        ({"individual-employer"}, PERSON, None),
        ({"individual-employer"}, HEAD, "role"),
        ({"portal"}, system_of(PORTAL), None),
        ({"portal"}, system_of(STATE), "role"),
        ({"portal"}, HEAD, "role"),
        ({"government-system"}, system_of(STATE), None),
        ({"government-system", "authority"}, system_of(AUTHORITY), None),
        ({"authority"}, system_of(AUTHORITY, "first-head"), None),
        ({"authority"}, system_of(AUTHORITY, "employee"), "role"),
        ({"authority"}, HEAD, "role"),
        ({"authority"}, PERSON, "role"),
    ],
)
def test_an_operation_serves_whom_it_names(serves: set[str], speaker: Speaker, missing: str | None) -> None:
    asked = by(speaker, "StoreRows", serves=frozenset(map(PartnerKind, serves)))
    assert reason(asked) == missing


def test_a_partner_is_an_employer_too() -> None:
    """A portal's own staff has contracts as well; and its officer needs an act like any other's."""
    assert judged(by(system_of(PORTAL))) is None
    assert reason(by(system_of(PORTAL, "employee"))) == "delegation"
    assert judged(by(system_of(PORTAL), serves=EMPLOYERS | {PartnerKind.PORTAL})) is None


def test_a_recorded_certificate_is_the_partners_whatever_its_roles() -> None:
    inspector = system_of(AUTHORITY, "employee")
    asked = by(inspector, "StoreRows", serves=frozenset({PartnerKind.AUTHORITY}))
    entry = Partner(AUTHORITY, PartnerKind.AUTHORITY, certificates=frozenset({inspector.certificate}))
    assert judged(asked, entries=[entry]) is None
    # It is no act: as an employer the authority entrusts like all others.
    assert reason(by(inspector), entries=[entry]) == "delegation"


@pytest.mark.code("ESB005")
@pytest.mark.parametrize(
    ("via", "recorded", "missing"),
    [
        (system_of(EMPLOYER, "employee"), None, None),
        (system_of(SYSTEM), None, "system"),
        (system_of(SYSTEM), {"valid_to": None}, None),
        (system_of(SYSTEM), {"valid_to": TODAY}, None),
        (system_of(SYSTEM), {"valid_to": TODAY - timedelta(days=1)}, "system"),
        (system_of(PORTAL), None, None),
        (system_of(PORTAL, "employee"), None, "system"),
        (system_of(STATE), None, None),
        (system_of(AUTHORITY), None, "system"),
    ],
)
def test_an_envelope_is_signed_by_the_employer_its_system_or_a_carrier(
    via: Speaker, recorded: dict[str, Any] | None, missing: str | None
) -> None:
    asked = by(replace(HEAD, via=via))
    assert needs(asked).system == (None if via.number == EMPLOYER else via.number)
    assert reason(asked, State(system=recorded)) == missing


@pytest.mark.clause("353/5")
def test_a_carrier_does_not_stand_in_for_an_act() -> None:
    assert reason(by(replace(OFFICER, via=system_of(PORTAL)))) == "delegation"


SIGNED = [HEAD, replace(HEAD, cosigners=(PERSON,)), replace(HEAD, via=system_of(PORTAL))]
"""By the employer alone, by its employee before, and brought by a portal."""


@pytest.mark.code("ESB005")
@pytest.mark.parametrize("speaker", SIGNED)
def test_whoever_is_blocked_gets_nothing_in(speaker: Speaker) -> None:
    number = [*speaker.all_signers][-1].number
    assert reason(by(speaker), entries=[Partner(number, PartnerKind.PORTAL, blocked=True)]) == "blocked"


@pytest.mark.code("ESB005")
@pytest.mark.parametrize("speaker", SIGNED)
def test_a_withdrawn_certificate_counts_no_more(speaker: Speaker) -> None:
    certificate = [*speaker.all_signers][-1].certificate
    assert reason(by(speaker), withdrawn=[certificate]) == "withdrawn"
    assert reason(by(speaker), withdrawn=["another"]) is None


@pytest.mark.parametrize(
    ("asked", "state", "words"),
    [
        (by(PERSON, serves=frozenset({PartnerKind.PORTAL})), State(), "Эту операцию выполняет портал"),
        (by(OFFICER), State(), "RecordDelegation (приказ № 353, п. 5)"),
        (by(OFFICER), days(valid_to=date(2025, 6, 1)), "№ 12-П действовало по 2025-06-01"),
        (by(OFFICER), days(act_date=date(2025, 7, 1)), "№ 12-П действует с 2025-07-01"),
        (
            by(replace(HEAD, via=system_of(SYSTEM))),
            State(),
            f"{SYSTEM}, которая не записана за работодателем",
        ),
    ],
)
def test_a_refusal_says_which_right_is_missing(asked: Command, state: State, words: str) -> None:
    refusal = judged(asked, state)
    assert refusal is not None
    assert refusal.words is not None
    assert words in refusal.words.ru
    assert refusal.words.kk
    assert refusal.words.en


def test_every_entry_speaks_three_languages_about_the_same() -> None:
    data = packaged("src") / "esutd_bus" / "register" / "data" / "words.yaml"
    content = yaml.safe_load(data.read_text(encoding="utf-8"))
    for name, entry in content["refusals"].items():
        braces = {
            frozenset(part for _, part, _, _ in Formatter().parse(entry[language]) if part)
            for language in ("ru", "kk", "en")
        }
        assert len(braces) == 1, name
    assert content["kinds"].keys() == {kind.value for kind in PartnerKind}


def test_who_has_no_entry_may_use_the_usual_profiles() -> None:
    entries = [Partner(PORTAL, PartnerKind.PORTAL, profiles=frozenset({"document"})), *ENTRIES[1:]]
    assert Partners(entries).profiles_of(PORTAL) == {"document"}
    assert Partners(entries).profiles_of(STATE) == Partners(entries).profiles_of(EMPLOYER) == PROFILES
