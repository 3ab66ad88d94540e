"""What an employee is shown, and acknowledges, through a portal (order 353, clauses 11, 14 and 16; slides: notify)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest
from register_cases import (
    CONTRACT_ID,
    EMPLOYER,
    FOUND,
    IIN,
    MESSAGE_ID,
    NEW_ID,
    NOW,
    OTHER_IIN,
    REGISTERED,
    RULES,
    TODAY,
    accepted,
    amendment,
    command,
    entered,
    judge,
    refusals,
)

from esutd_bus.register import amendment as amendments
from esutd_bus.register import leave as leaves
from esutd_bus.register import notice, timeline
from esutd_bus.register.command import Command
from esutd_bus.register.contract import ENTERED, ENTERED_LATER
from esutd_bus.register.decide import missing_right, needs
from esutd_bus.register.event import RowAdded
from esutd_bus.register.partners import EMPLOYERS, Partner, PartnerKind, Partners
from esutd_bus.register.search import (
    ChangeSearch,
    DisclosureSearch,
    Found,
    OneChangeSearch,
    Page,
    PersonContractSearch,
    PersonSearch,
)
from esutd_bus.register.speaker import Speaker
from esutd_bus.register.state import Needs, State
from esutd_bus.settings import packaged
from support.replacing import replace

PORTAL_NUMBER = "020140000016"
PORTAL = Speaker(PORTAL_NUMBER, OTHER_IIN, frozenset({"information-system"}), certificate="p")
EMPLOYEE = Speaker(IIN, IIN, frozenset({"individual"}), certificate="e", via=PORTAL)
SERVES = frozenset({PartnerKind.PORTAL, PartnerKind.EMPLOYEE})
PARTNERS = replace(RULES, partners=Partners([Partner(PORTAL_NUMBER, PartnerKind.PORTAL)]))

NAMED, CHANGE = "employee_reference.iin", "change_reference.id"
CHANGE_ID = f"{CONTRACT_ID}/2"
READS = ("GetEmployeeContracts", "GetNotifications", "GetDisclosures")
ALL = (*READS, "AcknowledgeChange")


def asked(operation: str, *, iin: str | None = IIN, change: str | None = None, **more: Any) -> Command:
    values: dict[str, Any] = {"search": {"page_number": 2, "page_size": 10}} if operation in READS else {}
    if iin is not None:
        values["employee_reference"] = {"iin": iin}
    if change is not None:
        values["change_reference"] = {"id": change}
    return command(operation, values, **{"speaker": PORTAL, "serves": SERVES, **more})


def acknowledging(change: str = CHANGE_ID) -> Command:
    return asked("AcknowledgeChange", change=change)


def knowing(*rows: Any, total: int | None = None, **more: Any) -> State:
    return State(found=Found(rows, len(rows) if total is None else total), **more)


def entry(event: str | None = "ContractCorrected", **more: Any) -> dict[str, Any]:
    """A row as the store finds it."""
    return {
        "change_id": CHANGE_ID,
        "event": event,
        "clause": "353/9",
        "employer": EMPLOYER,
        "entered_at": NOW,
        "visible_at": NOW,
        "tells_before": True,
        "tells_after": True,
        "changes": [{"field": "position_code", "before": "2511-1-002", "after": "2511-1-003"}],
        **more,
    }


def notified(**more: Any) -> Mapping[str, Any]:
    answer = accepted(judge(asked("GetNotifications"), knowing(entry(**more)))).answer
    told: Mapping[str, Any] = answer["notifications"][0]
    return told


class TestRights:
    """A portal's word is enough; where the employee has signed, the signature must be of whom the message names."""

    @staticmethod
    def judged(
        speaker: Speaker, iin: str | None = IIN, serves: frozenset[PartnerKind] = SERVES
    ) -> str | None:
        wanted = asked("GetNotifications", iin=iin, speaker=speaker, serves=serves)
        refusal = missing_right(wanted, State(), NOW, PARTNERS)
        return refusal.reason if refusal else None

    @pytest.mark.clause("353/16")
    def test_a_portal_asks_about_whom_it_has_let_in(self) -> None:
        assert self.judged(PORTAL) is None
        assert self.judged(PORTAL, OTHER_IIN) is None

    @pytest.mark.clause("353/14")
    @pytest.mark.code("ESB005")
    def test_an_employee_who_has_signed_learns_of_oneself_alone(self) -> None:
        assert self.judged(EMPLOYEE) is None
        assert self.judged(EMPLOYEE, OTHER_IIN) == "another-person"
        # Whom a message that names nobody is about, the schema asks.
        assert self.judged(EMPLOYEE, None) is None

    @pytest.mark.clause("353/14")
    @pytest.mark.code("ESB005")
    def test_nobody_else_is_served(self) -> None:
        assert self.judged(replace(EMPLOYEE, via=None)) == "role"
        by_employer = Speaker(EMPLOYER, IIN, frozenset({"first-head"}), certificate="x")
        assert self.judged(by_employer) == "role"
        assert self.judged(replace(by_employer, via=PORTAL)) == "role"
        assert self.judged(replace(EMPLOYEE, via=by_employer)) == "role"

    def test_an_individual_employer_stays_one_through_a_portal(self) -> None:
        assert self.judged(EMPLOYEE, OTHER_IIN, EMPLOYERS) is None


@pytest.mark.parametrize(
    ("operation", "search"),
    [
        ("GetEmployeeContracts", PersonContractSearch(IIN, Page(2, 10))),
        ("GetNotifications", ChangeSearch(IIN, Page(2, 10))),
        ("GetDisclosures", DisclosureSearch(IIN, Page(2, 10))),
    ],
)
def test_the_page_is_looked_for(operation: str, search: PersonSearch) -> None:
    assert needs(asked(operation)) == Needs(search=search)
    assert needs(asked(operation, iin=None)) == Needs()


def test_a_change_is_looked_for_as_the_register_spells_it() -> None:
    spelt = CHANGE_ID.upper()
    assert needs(asked("GetNotifications", change=spelt)).search == ChangeSearch(IIN, Page(2, 10), CHANGE_ID)
    assert needs(acknowledging(spelt)) == Needs(
        search=OneChangeSearch(IIN, CHANGE_ID), acknowledgements_of=CHANGE_ID
    )
    assert needs(asked("AcknowledgeChange")) == Needs()


@pytest.mark.code("SCSE011")
@pytest.mark.parametrize("operation", ALL)
def test_the_employee_is_named(operation: str) -> None:
    change = CHANGE_ID if operation == "AcknowledgeChange" else None
    assert refusals(judge(asked(operation, iin=None, change=change))) == [("SCSE011", NAMED)]


@pytest.mark.code("SCSE045")
@pytest.mark.parametrize("operation", ALL)
def test_the_employees_iin_is_right(operation: str) -> None:
    wrong = f"{IIN[:-1]}{(int(IIN[-1]) + 1) % 10}"
    change = CHANGE_ID if operation == "AcknowledgeChange" else None
    assert refusals(judge(asked(operation, iin=wrong, change=change))) == [("SCSE045", NAMED)]


@pytest.mark.code("SCSE218", "SCSE219")
@pytest.mark.parametrize("operation", READS)
def test_pages_are_as_everywhere(operation: str) -> None:
    values = {"employee_reference": {"iin": IIN}, "search": {"page_number": 0, "page_size": 101}}
    wrong = command(operation, values, speaker=PORTAL, serves=SERVES)
    assert refusals(judge(wrong)) == [("SCSE218", "search.page_number"), ("SCSE219", "search.page_size")]


class TestContracts:
    """GetEmployeeContracts."""

    @staticmethod
    def told(state: State, day: date = TODAY, *, shown: int = 1) -> Mapping[str, Any]:
        """The answer about a contract whose history is the person's from an entry on."""
        history = [
            {**row, "change_id": f"{CONTRACT_ID}/{row['version']}", "shown": row["version"] >= shown}
            for row in state.history
        ]
        found = {"contract": state.contract_by_id, "history": history}
        moment = NOW + (day - TODAY)
        answer = accepted(judge(asked("GetEmployeeContracts"), knowing(found, total=7), moment)).answer
        assert answer["found"] == {"total": 7}
        (contract,) = answer["contracts"]
        return dict(contract)

    @pytest.mark.clause("353/16")
    def test_the_terms_are_those_of_the_day(self) -> None:
        """An amendment that begins next week is in the history, and not yet in the terms."""
        ahead = entered(amendment(starts_on=TODAY + timedelta(days=7)), FOUND)
        assert ahead.contract_by_id is not None
        assert ahead.contract_by_id["established_post"] == "Главный аналитик"
        before = self.told(ahead)
        assert before["established_post"] == REGISTERED["established_post"]
        assert [row["event"] for row in before["history"]] == ["ContractAmended"]
        assert self.told(ahead, TODAY + timedelta(days=7))["established_post"] == "Главный аналитик"

    def test_before_work_starts_the_terms_are_those_it_will_start_with(self) -> None:
        ahead = entered(amendment(starts_on=TODAY + timedelta(days=7)), FOUND)
        assert (
            self.told(ahead, REGISTERED["starts_on"] - timedelta(days=1))["established_post"]
            == (REGISTERED["established_post"])
        )

    @pytest.mark.clause("353/14")
    def test_only_the_own_entries_are_told(self) -> None:
        second = amendment({"established_post": "Архитектор"}, external_id="e" * 32, number="17/2")
        twice = entered(second, entered(amendment(), FOUND))
        assert len(self.told(twice)["history"]) == 2
        (last,) = self.told(twice, shown=6)["history"]
        assert last["change_id"] == f"{CONTRACT_ID}/6"


class TestNotifications:
    """GetNotifications."""

    @pytest.mark.clause("slides/notify")
    def test_every_change_is_told_in_words(self) -> None:
        told = notified()
        assert (told["kind"], told["title_ru"]) == ("ContractCorrected", "Сведения о договоре исправлены")
        (change,) = told["change"]
        assert change == {
            "field": "position_code",
            "name_ru": "Должность",
            "name_kk": "Лауазым",
            "name_en": "Position",
            "before": "2511-1-002",
            "before_ru": "СИСТЕМНЫЙ АНАЛИТИК",
            "before_kk": "ЖҮЙЕЛІК ТАЛДАУШЫ",
            "after": "2511-1-003",
            "after_ru": "СИСТЕМНЫЙ АРХИТЕКТОР",
            "after_kk": "ЖҮЙЕЛІК АРХИТЕКТОР",
        }

    @pytest.mark.clause("353/14")
    @pytest.mark.parametrize("side", ["before", "after"])
    def test_the_side_of_another_person_is_not_told(self, side: str) -> None:
        changes = [
            {"field": "employee_iin", "before": IIN, "after": OTHER_IIN},
            {"field": "employee_name", "before": None, "after": "Асель"},
        ]
        hidden = {"tells_before": side == "before", "tells_after": side == "after"}
        told = notified(changes=changes, **hidden)["change"]
        texts = {key: value for change in told for key, value in change.items() if key in {"before", "after"}}
        assert texts == ({"before": IIN} if side == "before" else {"after": "Асель"})
        assert [change.get("after") for change in told] == (
            [None] if side == "before" else [OTHER_IIN, "Асель"]
        )

    @pytest.mark.clause("353/11")
    @pytest.mark.parametrize(
        ("clause", "must"),
        [("353/9", True), ("353/10", True), ("353/7", False), ("353/13-1", False), (None, False)],
    )
    def test_corrections_and_reinstatements_must_be_acknowledged(
        self, clause: str | None, must: bool
    ) -> None:
        assert notified(clause=clause)["must_be_acknowledged"] is must

    @pytest.mark.clause("353/14")
    def test_a_disclosure_is_a_notice_too(self) -> None:
        told = notified(event=None, clause=None, changes=None)
        assert (told["kind"], told["change"]) == ("Disclosed", [])
        assert told["title_en"] == "Data about you were given to somebody"

    @pytest.mark.code("ESB004")
    def test_since_is_a_change_of_the_persons(self) -> None:
        since = asked("GetNotifications", change=CHANGE_ID)
        unknown = State(found=Found((), 0, change_is_known=False))
        assert refusals(judge(since, unknown)) == [("ESB004", CHANGE)]
        assert refusals(judge(since, knowing(entry()))) == []

    def test_what_is_new_here_is_called_by_its_own_name(self) -> None:
        told = notified(event="SomethingNew", changes=[{"field": "bonus", "before": None, "after": 5}])
        assert told["title_ru"] == "SomethingNew"
        assert told["change"] == [
            {"field": "bonus", "name_ru": "bonus", "name_kk": "bonus", "name_en": "bonus", "after": "5"}
        ]

    def test_yes_and_no_are_words(self) -> None:
        changes = [{"field": "liable_for_military_service", "before": False, "after": True}]
        (change,) = notified(changes=changes)["change"]
        assert (change["before_ru"], change["after_ru"]) == ("нет", "да")


class TestAcknowledgements:
    """AcknowledgeChange."""

    SEEN = knowing({"numbers": [IIN, OTHER_IIN]})

    @pytest.mark.clause("353/11")
    def test_it_is_kept_with_the_message_and_who_signed(self) -> None:
        row = {
            "id": NEW_ID,
            "change_id": CHANGE_ID,
            "employee_iin": IIN,
            "acknowledged_at": NOW,
            "acknowledged_by": f"{PORTAL_NUMBER}/{OTHER_IIN}",
            "message_id": MESSAGE_ID,
        }
        decision = accepted(judge(acknowledging(), self.SEEN))
        assert decision.events == (RowAdded("acknowledgement", row),)
        assert decision.answer == {"acknowledged": row}
        signed = replace(acknowledging(), speaker=EMPLOYEE)
        assert accepted(judge(signed, self.SEEN)).answer["acknowledged"]["acknowledged_by"] == IIN

    @pytest.mark.clause("353/11")
    def test_what_was_acknowledged_stays_as_it_was_first(self) -> None:
        """Also where the person had another number then; another person's does not count."""
        earlier = [
            {"change_id": CHANGE_ID, "employee_iin": iin, "acknowledged_at": NOW - timedelta(days=days)}
            for iin, days in ((IIN, 1), (OTHER_IIN, 2), ("000000000000", 3))
        ]
        decision = accepted(judge(acknowledging(), replace(self.SEEN, acknowledgements=earlier)))
        assert decision.events == ()
        assert decision.answer == {"acknowledged": earlier[1]}
        others = replace(self.SEEN, acknowledgements=earlier[2:])
        assert len(accepted(judge(acknowledging(), others)).events) == 1

    @pytest.mark.clause("353/14")
    @pytest.mark.code("ESB004")
    def test_another_persons_change_is_as_unknown_as_none(self) -> None:
        unknown = State(found=Found((), 0, change_is_known=False))
        assert refusals(judge(acknowledging(), unknown)) == [("ESB004", CHANGE)]

    @pytest.mark.code("ESB004")
    def test_the_change_is_named(self) -> None:
        assert refusals(judge(asked("AcknowledgeChange"))) == [("ESB004", CHANGE)]


class TestDisclosures:
    """GetDisclosures."""

    @pytest.mark.clause("353/14")
    @pytest.mark.parametrize("consent", [None, UUID(int=9)])
    def test_who_why_when_on_what_consent_and_what(self, consent: UUID | None) -> None:
        row = {
            "change_id": str(NEW_ID),
            "disclosed_at": NOW,
            "receiver": EMPLOYER,
            "purpose": "приём на работу",
            "consent_id": consent,
            "operation": "GetPersonalFile",
        }
        (told,) = accepted(judge(asked("GetDisclosures"), knowing(row))).answer["disclosures"]
        assert {name: told[name] for name in row} == row
        assert told["given_ru"].startswith("Личное дело")

    @pytest.mark.parametrize("operation", [None, "SomethingNew"])
    def test_what_has_no_words_is_told_by_its_operation(self, operation: str | None) -> None:
        row = {"operation": operation}
        assert accepted(judge(asked("GetDisclosures"), knowing(row))).answer["disclosures"] == [row]


class TestWords:
    """`data/notices.yaml` speaks of everything there is."""

    WORDS = notice.words()

    def test_every_field_of_a_history_has_a_name_or_is_hidden(self) -> None:
        told = {
            *("employer", "status", *ENTERED, *ENTERED_LATER),
            *(f"amendment.{column}" for column in amendments.SAID),
            *(f"leave.{column}" for column in ("external_id", *leaves.SAID)),
            *(f"application.{column}" for column in ("whose", "number", "date", "reason")),
        }
        assert told == set(self.WORDS["fields"])

    def test_every_kind_of_entry_has_a_title(self) -> None:
        schema = (packaged("xsd") / "contracts-v1.xsd").read_text(encoding="utf-8")
        kinds = schema.partition('name="HistoryEvent"')[2].partition("</xs:simpleType>")[0]
        listed = {part.partition('"')[0] for part in kinds.split('enumeration value="')[1:]}
        assert timeline.REGISTERED in listed
        assert set(self.WORDS["kinds"]) == {*listed, notice.DISCLOSED}

    @pytest.mark.parametrize("part", ["kinds", "fields", "given"])
    def test_everything_is_said_in_three_languages(self, part: str) -> None:
        for name, said in self.WORDS[part].items():
            if said != notice.HIDDEN:
                assert set(said) == {"ru", "kk", "en"}, name
                assert all(text.strip() for text in said.values()), name

    def test_no_search_of_a_person_is_forgotten(self) -> None:
        assert len(get_args(PersonSearch)) == len(ALL)
