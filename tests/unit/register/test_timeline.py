"""What was known when, and what held when: by way of the deciders, as the store keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from register_cases import (
    AMENDMENT,
    CONTRACT,
    IIN,
    NEW_ID,
    NOW,
    command,
    happened,
    judge,
    recorded,
)

from esutd_bus.register.command import Command
from esutd_bus.register.contract import TERMS
from esutd_bus.register.event import Accepted, ContractEvent
from esutd_bus.register.state import Row, State
from esutd_bus.register.timeline import Timeline
from support.replacing import replace

HERE: Mapping[str, Any] = {"reference": {"contract_id": NEW_ID}}
START = date(2024, 6, 11)
FIRST = date(2025, 6, 3)
"""The first day on which an amendment of these tests begins."""

FOREVER = date(2999, 1, 1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Amendment:
    """One amendment as a message tells it."""

    number: int
    begins: int
    """Days after `FIRST`."""

    changes: Mapping[str, Any]

    @property
    def id(self) -> UUID:
        return UUID(int=100 + self.number)

    @property
    def starts_on(self) -> date:
        return FIRST + timedelta(days=self.begins)

    def entered(self) -> Command:
        said = {"external_id": f"b{self.number:031}", "number": str(self.number), "starts_on": self.starts_on}
        values = {**HERE, "amendment": {**AMENDMENT, **said}, "contract": self.changes}
        return replace(command("AmendContract", values), new_id=self.id)

    def corrected(self) -> Command:
        values = {
            **HERE,
            **self._named(),
            "amendment": {"starts_on": self.starts_on},
            "contract": self.changes,
        }
        return command("CorrectAmendment", values)

    def deleted(self) -> Command:
        return command("DeleteAmendment", {**HERE, **self._named(), "employee_reference": {"iin": IIN}})

    def _named(self) -> dict[str, Any]:
        return {"amendment_reference": {"amendment_id": self.id}}


CHANGES = st.fixed_dictionaries(
    {"established_post": st.sampled_from(["А", "Б", "В"])},
    optional={
        "position_code": st.sampled_from(["2511-1-002", "2512-1-002"]),
        "liable_for_military_service": st.booleans(),
    },
) | st.sampled_from(
    [
        {"working_hours_code": "3", "tariff_rate": Decimal("0.50"), "rest_note": "обед"},
        {"working_hours_code": "2"},
        {"term_code": "2", "ends_on": date(2026, 6, 10)},
        {"term_code": "1"},
    ]
)


def amendments(*, unique_days: bool = False) -> st.SearchStrategy[list[Amendment]]:
    """Some amendments; each has its own number, and if asked for its own day."""
    days = st.lists(st.integers(0, 8), min_size=1, max_size=4, unique=unique_days)
    return days.flatmap(
        lambda begins: st.tuples(*(CHANGES for _ in begins)).map(
            lambda changes: [
                Amendment(number, day, change)
                for number, (day, change) in enumerate(zip(begins, changes, strict=True))
            ]
        )
    )


def registered(**columns: Any) -> State:
    """A contract for a year that ends on 10 June 2025, entered a minute before `NOW`."""
    terms = {"starts_on": START, "term_code": "2", "ends_on": date(2025, 6, 10), **columns}
    event = happened(
        judge(command("RegisterContract", {"contract": {**CONTRACT, **terms}}), now=NOW - MINUTE)
    )
    return State(contract_by_id=event.contract, history=[recorded(event, at=NOW - MINUTE)])


@dataclass
class Entries:
    """Messages entered one after another, a minute apart, and the contract after each."""

    state: State
    rows: list[Row]
    moments: list[datetime]

    @classmethod
    def of(cls, commands: Sequence[Command], state: State | None = None) -> Entries:
        entries = cls(state or registered(), [], [])
        for asked in commands:
            entries.enter(asked)
        return entries

    def enter(self, asked: Command) -> bool:
        """Whether the register took it."""
        moment = NOW + len(self.moments) * MINUTE
        decision = judge(asked, self.state, moment)
        if not isinstance(decision, Accepted):
            return False
        (event,) = decision.events
        assert isinstance(event, ContractEvent)
        rows = {row["id"]: row for row in self.state.amendments}
        if event.amendment is not None:
            rows[event.amendment["id"]] = event.amendment
        self.state = replace(
            self.state,
            contract_by_id=event.contract,
            amendments=list(rows.values()),
            history=[*self.state.history, recorded(event, at=moment)],
        )
        self.rows.append(event.contract)
        self.moments.append(moment)
        return True

    @property
    def contract(self) -> Row:
        assert self.state.contract_by_id is not None
        return self.state.contract_by_id

    @property
    def timeline(self) -> Timeline:
        return Timeline.of(self.contract, self.state.history)

    @property
    def terms(self) -> dict[str, Any]:
        return {column: self.contract[column] for column in TERMS}


def entered(*commands: Command) -> Entries:
    """All of them, none refused."""
    entries = Entries.of(commands)
    assert len(entries.rows) == len(commands)
    return entries


def terms_of(row: Row | None) -> dict[str, Any]:
    assert row is not None
    return {column: row[column] for column in TERMS}


# ── what is stored is what the entries make


def _contract_correction(column: str, value: Any) -> Command:
    return command("CorrectContract", {**HERE, "contract": {column: value}})


OTHERS = st.sampled_from(
    [
        _contract_correction("established_post", "Г"),
        _contract_correction("number", "18"),
        _contract_correction("starts_on", date(2024, 6, 10)),
        command(
            "ExtendContract",
            {
                **HERE,
                "contract": {
                    "extended_on": date(2025, 6, 10),
                    "term_code": "2",
                    "ends_on": date(2026, 6, 10),
                },
            },
        ),
        command(
            "TerminateContract",
            {**HERE, "contract": {"terminated_on": date(2025, 6, 9), "termination_reason_code": "01"}},
        ),
        command(
            "ReinstateEmployee",
            {
                **HERE,
                "contract": {
                    "terminated_on": date(2025, 6, 9),
                    "reinstated_on": date(2025, 6, 10),
                    "reinstatement_order_number": "7",
                    "reinstatement_order_date": date(2025, 6, 9),
                    "reinstatement_organization_code": "2",
                },
            },
        ),
        command("DeleteContract", {**HERE, "employee_reference": {"iin": IIN}}),
    ]
)
ONE_OF_THREE = st.builds(Amendment, st.integers(0, 2), st.integers(0, 8), CHANGES)
COMMANDS = st.lists(
    st.one_of(
        ONE_OF_THREE.map(Amendment.entered),
        ONE_OF_THREE.map(Amendment.corrected),
        ONE_OF_THREE.map(Amendment.deleted),
        OTHERS,
    ),
    max_size=10,
)


@pytest.mark.clause("353/9")
@given(COMMANDS)
def test_the_register_holds_what_its_history_tells(commands: list[Command]) -> None:
    """Also when only what was known earlier is asked for: the contract as it stood then."""
    start = registered()
    entries = Entries.of(commands, start)
    timeline = entries.timeline
    assert timeline.registered == start.contract_by_id
    assert timeline.now() == entries.contract
    for moment, row in zip(entries.moments, entries.rows, strict=True):
        assert timeline.as_of(moment, FOREVER) == row
        assert timeline.as_of(moment + MINUTE / 2, FOREVER) == row
    assert timeline.as_of(NOW - MINUTE, FOREVER) == start.contract_by_id
    assert timeline.as_of(NOW - 2 * MINUTE, FOREVER) is None


@given(COMMANDS)
def test_before_its_start_a_contract_held_nothing(commands: list[Command]) -> None:
    timeline = Entries.of(commands).timeline
    start = timeline.now()["starts_on"]
    assert timeline.as_of(NOW + timedelta(days=1), start - timedelta(days=1)) is None
    assert timeline.as_of(NOW + timedelta(days=1), start) is not None


# ── what entries mean


@given(amendments(unique_days=True), st.randoms())
def test_the_order_of_entry_does_not_matter(given_amendments: list[Amendment], random: Any) -> None:
    otherwise = list(given_amendments)
    random.shuffle(otherwise)
    one, other = (entered(*(a.entered() for a in order)) for order in (given_amendments, otherwise))
    assert one.terms == other.terms


@given(amendments(), st.data())
def test_a_deleted_amendment_was_never_there(given_amendments: list[Amendment], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(given_amendments))
    entries = entered(*(a.entered() for a in given_amendments), gone.deleted())
    without = entered(*(a.entered() for a in given_amendments if a is not gone))
    assert entries.terms == without.terms


@given(amendments(), st.integers(0, 8), st.data())
def test_a_corrected_amendment_was_always_so(
    given_amendments: list[Amendment], begins: int, data: st.DataObject
) -> None:
    """Same content, another day: it stands in its new place as if it had been entered so."""
    wrong = data.draw(st.sampled_from(given_amendments))
    right = replace(wrong, begins=begins)
    entries = entered(*(a.entered() for a in given_amendments), right.corrected())
    always = entered(*((right if a is wrong else a).entered() for a in given_amendments))
    assert entries.terms == always.terms


@given(amendments(), CHANGES, st.data())
def test_a_corrected_group_was_always_so(
    given_amendments: list[Amendment], changes: Mapping[str, Any], data: st.DataObject
) -> None:
    """Groups that the correction does not give stay."""
    wrong = data.draw(st.sampled_from(given_amendments))
    entries = entered(*(a.entered() for a in given_amendments), replace(wrong, changes=changes).corrected())
    groups = [{"working_hours_code", "tariff_rate", "rest_note"}, {"term_code", "ends_on"}]
    replaced = {column for group in groups for column in group if group & changes.keys()}
    kept = {column: value for column, value in wrong.changes.items() if column not in replaced}
    right = replace(wrong, changes={**kept, **changes})
    always = entered(*((right if a is wrong else a).entered() for a in given_amendments))
    assert entries.terms == always.terms


@given(amendments(), st.sampled_from(["А", "Г"]))
def test_a_corrected_registration_was_always_so(given_amendments: list[Amendment], post: str) -> None:
    corrected = Entries.of(
        [*(a.entered() for a in given_amendments), _contract_correction("established_post", post)]
    )
    always = Entries.of([a.entered() for a in given_amendments], registered(established_post=post))
    assert corrected.terms == always.terms


@given(amendments(), st.integers(-1, 9))
def test_on_a_day_hold_the_amendments_that_have_begun(given_amendments: list[Amendment], day: int) -> None:
    held_on = FIRST + timedelta(days=day)
    entries = entered(*(a.entered() for a in given_amendments))
    begun = entered(*(a.entered() for a in given_amendments if a.starts_on <= held_on))
    assert terms_of(entries.timeline.as_of(NOW + timedelta(days=1), held_on)) == begun.terms


# ── both questions at once, by hand


def test_what_was_known_and_what_held() -> None:
    """A is entered first and begins on the 10th; B is entered later, begins on the 5th, and is corrected."""
    a = Amendment(0, 7, {"established_post": "А"})
    b = Amendment(1, 2, {"established_post": "Б", "liable_for_military_service": True})
    right = replace(b, begins=3, changes={"established_post": "В"})
    entries = entered(a.entered(), b.entered(), right.corrected(), a.deleted())
    timeline, moments = entries.timeline, entries.moments

    def post(known: int, day: int) -> Any:
        row = timeline.as_of(moments[known], date(2025, 6, day))
        assert row is not None
        return row["established_post"]

    first = CONTRACT["established_post"]
    assert [post(0, day) for day in (4, 5, 6, 9, 10)] == [first, first, first, first, "А"]
    assert [post(1, day) for day in (4, 5, 6, 9, 10)] == [first, "Б", "Б", "Б", "А"]
    assert [post(2, day) for day in (4, 5, 6, 9, 10)] == [first, first, "В", "В", "А"]
    assert [post(3, day) for day in (4, 5, 6, 9, 10)] == [first, first, "В", "В", "В"]
    assert entries.contract["liable_for_military_service"] is True


def test_a_dismissal_and_a_reinstatement_hold_from_their_days() -> None:
    end = command(
        "TerminateContract",
        {**HERE, "contract": {"terminated_on": date(2025, 6, 4), "termination_reason_code": "01"}},
    )
    again = command(
        "ReinstateEmployee",
        {
            **HERE,
            "contract": {
                "terminated_on": date(2025, 6, 4),
                "reinstated_on": date(2025, 6, 9),
                "reinstatement_order_number": "7",
                "reinstatement_order_date": date(2025, 6, 6),
                "reinstatement_organization_code": "2",
            },
        },
    )
    entries = entered(end, again)

    def status(known: int, day: int) -> Any:
        row = entries.timeline.as_of(entries.moments[known], date(2025, 6, day))
        assert row is not None
        return row["status"]

    assert [status(0, day) for day in (3, 4, 9)] == ["active", "terminated", "terminated"]
    assert [status(1, day) for day in (3, 4, 8, 9)] == ["active", "terminated", "terminated", "active"]


def test_entries_that_say_no_more_than_they_changed_are_read_from_their_changes() -> None:
    """An event of another kind, whose row keeps nothing beside its changes; not all of them are the contract's."""
    start = registered()
    assert start.contract_by_id is not None
    row = {**start.contract_by_id, "employee_iin": "850701100173", "version": 2}
    entry = {
        "version": 2,
        "event": "EmployeeIinChanged",
        "effective_on": date(2025, 6, 5),
        "recorded_at": NOW,
        "changes": [
            {"field": "employee_iin", "before": IIN, "after": "850701100173"},
            {"field": "leave.starts_on", "before": None, "after": "2025-06-05"},
        ],
        "entered": None,
        "amendment_id": None,
    }
    timeline = Timeline.of(row, [*start.history, entry])
    assert timeline.now() == row
    before = timeline.as_of(NOW, date(2025, 6, 4))
    assert before is not None
    assert before["employee_iin"] == IIN
