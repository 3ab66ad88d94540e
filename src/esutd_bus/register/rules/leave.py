"""What a social leave must be (order 353, clause 6: leaves for a child's birth, adoption and care)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from esutd_bus.register.case import Case
from esutd_bus.register.fields import LeaveRule, Presence
from esutd_bus.register.leave import active_leaves, leave_field, referred_leave
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules.employee import NAMED, is_named_wrongly
from esutd_bus.register.years import shifted

_STARTS = "leave.starts_on"
_ENDS = "leave.ends_on"
_WORKS_AGAIN = "leave.first_working_day_on"


def leave_is_named(case: Case) -> Iterator[Refusal]:
    """SCSE134: a message about a leave names it. Source: code text."""
    if not case.command.refusals and case.value(leave_field(case)) is None:
        yield Refusal("SCSE134", leave_field(case))


def leave_id_is_new(case: Case) -> Iterator[Refusal]:
    """SCSE086: the sender's id of the leave is used once, even if deleted since. Source: code text."""
    if case.value("leave.external_id") is not None and case.state.leave_by_external_id is not None:
        yield Refusal("SCSE086", "leave.external_id")


def leave_exists(case: Case) -> Iterator[Refusal]:
    """SCSE137: the contract has the leave referred to; a deleted one is not there. Source: code text."""
    named = case.value(leave_field(case)) is not None
    if named and case.contract is not None and referred_leave(case) is None:
        yield Refusal("SCSE137", leave_field(case))


def leave_is_the_named_employees(case: Case) -> Iterator[Refusal]:
    """SCSE132: the leave is the named employee's. Source: code text."""
    if is_named_wrongly(case):
        yield Refusal("SCSE132", NAMED)


def leave_begins_once(case: Case) -> Iterator[Refusal]:
    """SCSE121: no other leave of the contract begins on this day. Source: code text."""
    # The same leave sent again is told by its id (SCSE086).
    yield from _begins_with(case, but=case.value("leave.external_id"))


def corrected_leave_begins_once(case: Case) -> Iterator[Refusal]:
    """SCSE121: nor is a leave moved onto the first day of another. Source: code text."""
    corrected = referred_leave(case)
    if corrected is not None:
        yield from _begins_with(case, but=corrected["external_id"])


def leave_has_begun(case: Case) -> Iterator[Refusal]:
    """SCSE126: the leave begins today at the latest. Source: code text."""
    starts_on = case.value(_STARTS)
    if starts_on is not None and starts_on > case.today:
        yield Refusal("SCSE126", _STARTS)


def leave_is_not_before_contract(case: Case) -> Iterator[Refusal]:
    """SCSE147: the leave does not begin before the contract does. Source: code text."""
    starts_on = case.value(_STARTS)
    if starts_on is not None and case.contract is not None and starts_on < case.contract["starts_on"]:
        yield Refusal("SCSE147", _STARTS)


def leave_does_not_begin_after_its_end(case: Case) -> Iterator[Refusal]:
    """SCSE127: the leave does not begin after its end. Source: code text."""
    starts_on, ends_on = case.value(_STARTS), case.value(_ENDS)
    if starts_on is not None and ends_on is not None and starts_on > ends_on:
        yield Refusal("SCSE127", _STARTS)


def leave_is_not_too_old(case: Case) -> Iterator[Refusal]:
    """SCSE128: the leave did not end earlier than 50 years ago. Source: code text."""
    ends_on = case.value(_ENDS)
    if ends_on is not None and ends_on < shifted(case.today, -case.rules.limits.leave_ends_years_ago):
        yield Refusal("SCSE128", _ENDS)


def leave_is_not_too_long(case: Case) -> Iterator[Refusal]:
    """SCSE143: a maternity or adoption leave has 184 days at most. Source: code text; `fields.yaml`."""
    starts_on, ends_on, days = case.value(_STARTS), case.value(_ENDS), _rule(case).days
    if (
        starts_on is not None
        and ends_on is not None
        and days is not None
        and _length(starts_on, ends_on) > days
    ):
        yield Refusal("SCSE143", _ENDS)


def first_working_day_is_told(case: Case) -> Iterator[Refusal]:
    """SCSE129: some types of leave tell the first working day after them. Source: code text; `fields.yaml`."""
    if case.lacks(_WORKS_AGAIN) and _rule(case).first_working_day_on is Presence.REQUIRED:
        yield Refusal("SCSE129", _WORKS_AGAIN)


def first_working_day_is_not_told(case: Case) -> Iterator[Refusal]:
    """SCSE144: the others tell nothing but their first and last day. Source: code text; `fields.yaml`."""
    if case.value(_WORKS_AGAIN) is not None and _rule(case).first_working_day_on is Presence.FORBIDDEN:
        yield Refusal("SCSE144", _WORKS_AGAIN)


def leave_ends_before_work_begins(case: Case) -> Iterator[Refusal]:
    """SCSE130: the leave does not end later than the first working day. Source: code text."""
    ends_on, works_again_on = case.value(_ENDS), _admissible_first_day(case)
    if ends_on is not None and works_again_on is not None and ends_on > works_again_on:
        yield Refusal("SCSE130", _ENDS)


def first_working_day_is_in_sight(case: Case) -> Iterator[Refusal]:
    """SCSE131: the first working day is not later than in 50 years. Source: code text."""
    works_again_on = _admissible_first_day(case)
    latest = shifted(case.today, case.rules.limits.works_again_years_ahead)
    if works_again_on is not None and works_again_on > latest:
        yield Refusal("SCSE131", _WORKS_AGAIN)


RIGHT_DATES = (
    leave_has_begun,
    leave_is_not_before_contract,
    leave_does_not_begin_after_its_end,
    leave_is_not_too_old,
    leave_is_not_too_long,
    first_working_day_is_told,
    first_working_day_is_not_told,
    leave_ends_before_work_begins,
    first_working_day_is_in_sight,
)
"""What is asked of a leave's dates, whether it is entered or corrected."""


def _begins_with(case: Case, *, but: str | None) -> Iterator[Refusal]:
    """Whether a leave of the contract, but the one of this id, begins on the day that the message tells."""
    others = (row for row in active_leaves(case) if row["external_id"] != but)
    if any(row["starts_on"] == case.value(_STARTS) for row in others):
        yield Refusal("SCSE121", _STARTS)


def _rule(case: Case) -> LeaveRule:
    """The rule of the type of leave given."""
    return case.rules.fields.leave(case.value("leave.leave_type_code"))


def _admissible_first_day(case: Case) -> date | None:
    """The first working day, unless the type of leave has none (SCSE144): then its value does not matter."""
    return None if _rule(case).first_working_day_on is Presence.FORBIDDEN else case.value(_WORKS_AGAIN)


def _length(first: date, last: date) -> int:
    """Days, both included."""
    return (last - first).days + 1
