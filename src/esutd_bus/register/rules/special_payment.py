"""The special social payment to those who worked in harmful conditions: agreed when that ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from esutd_bus.register.amendment import referred_amendment
from esutd_bus.register.case import Case
from esutd_bus.register.contract import NORMAL, PAYMENT, TERMINATION_PAYMENT
from esutd_bus.register.entering import timeline
from esutd_bus.register.fields import Presence
from esutd_bus.register.identifiers import born_on, is_iin
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules import completeness
from esutd_bus.register.rules.part import of_part
from esutd_bus.register.state import Row
from esutd_bus.register.timeline import AMENDMENT_REMOVED, Entry
from esutd_bus.register.years import shifted

_KIND = "contract.working_conditions"


@dataclass(frozen=True, slots=True)
class _End:
    """How work in the contract's conditions ends: by a termination, or by an amendment."""

    columns: tuple[str, ...]
    day_field: str

    @property
    def employee_agrees(self) -> str:
        """The field of the employee's mark, by which the whole part is told."""
        return f"contract.{self.columns[0]}"

    def marks(self, case: Case) -> tuple[bool | None, bool | None]:
        """The employee's and the employer's mark, `None` where there is none."""
        return case.value(f"contract.{self.columns[0]}"), case.value(f"contract.{self.columns[1]}")

    def is_marked(self, case: Case) -> bool:
        """Whether there is a mark, whatever it says."""
        return any(mark is not None for mark in self.marks(case))

    def lacks(self, case: Case) -> bool:
        """Whether the message says nothing of the payment at all."""
        return all(case.lacks(f"contract.{column}") for column in self.columns)

    def is_possible(self, case: Case) -> bool:
        """Whether the end is on a day when there is such a payment; on an unknown day it is not."""
        day: date | None = case.value(self.day_field)
        return day is not None and day >= case.rules.fields.payment_since


_TERMINATION = _End(TERMINATION_PAYMENT, "contract.terminated_on")
_AMENDMENT = _End(PAYMENT, "amendment.starts_on")


def termination_is_late_enough(case: Case) -> Iterator[Refusal]:
    """SCSE178: before 2024 no special social payment was agreed. Source: code text; day: `fields.yaml`."""
    yield from _late_enough(case, _TERMINATION)


def amendment_is_late_enough(case: Case) -> Iterator[Refusal]:
    """SCSE178, in an amendment."""
    yield from _late_enough(case, _AMENDMENT)


def employee_is_old_enough_at_the_end(case: Case) -> Iterator[Refusal]:
    """SCSE179: the payment is agreed with those who are 55 or older by then. Source: code text; age: `fields.yaml`.

    Decision: agreed is what a mark says yes to.
    """
    yield from _old_enough(case, _TERMINATION)


def employee_is_old_enough(case: Case) -> Iterator[Refusal]:
    """SCSE179, in an amendment."""
    yield from _old_enough(case, _AMENDMENT)


def ended_conditions_allow_payment(case: Case) -> Iterator[Refusal]:
    """SCSE180, 258: of some conditions no payment is agreed. Source: code texts; which: `fields.yaml`."""
    if case.contract is not None:
        yield from _allowed(case, _TERMINATION, case.contract)


def amended_conditions_allow_payment(case: Case) -> Iterator[Refusal]:
    """SCSE180, 258, in an amendment: judged by the conditions that it ends."""
    before = _before(case)
    if before is not None:
        yield from _allowed(case, _AMENDMENT, before)


def ended_conditions_have_their_payment(case: Case) -> Iterator[Refusal]:
    """SCSE181: the end of harmful conditions says whether the payment is agreed. Source: code text."""
    if case.contract is not None:
        yield from _given(case, _TERMINATION, case.contract)


def amended_conditions_have_their_payment(case: Case) -> Iterator[Refusal]:
    """SCSE181: so does an amendment from harmful conditions to normal ones. Source: code text."""
    before = _before(case) if case.value(_KIND) == NORMAL else None
    if before is not None:
        yield from _given(case, _AMENDMENT, before)


def _late_enough(case: Case, end: _End) -> Iterator[Refusal]:
    day = case.value(end.day_field)
    if day is not None and end.is_marked(case) and not end.is_possible(case):
        yield Refusal("SCSE178", end.employee_agrees)


def _old_enough(case: Case, end: _End) -> Iterator[Refusal]:
    day, iin = case.value(end.day_field), case.contract["employee_iin"] if case.contract is not None else None
    born = born_on(iin) if iin is not None and is_iin(iin) else None
    if day is None or born is None or not any(end.marks(case)):
        return
    if shifted(born, case.rules.fields.payment_age) > day:
        yield Refusal("SCSE179", end.employee_agrees)


def _allowed(case: Case, end: _End, before: Row) -> Iterator[Refusal]:
    payment = case.rules.fields.conditions_of(before["working_conditions"] or NORMAL).payment
    if payment.presence is Presence.FORBIDDEN and not end.lacks(case):
        yield Refusal(payment.code, end.employee_agrees)


def _given(case: Case, end: _End, before: Row) -> Iterator[Refusal]:
    payment = case.rules.fields.conditions_of(before["working_conditions"] or NORMAL).payment
    if payment.presence is Presence.REQUIRED and end.is_possible(case) and end.lacks(case):
        yield Refusal(payment.code, end.employee_agrees)


def _before(case: Case) -> Row | None:
    """The contract without the amendment that the message is about."""
    own = referred_amendment(case)
    if case.contract is None or own is None:
        return case.contract
    removed = Entry(AMENDMENT_REMOVED, own["starts_on"], case.now, {}, own["id"])
    return timeline(case).plus(removed).now()


termination_payment_is_right = of_part(
    TERMINATION_PAYMENT,
    completeness.termination_payment_is_complete,
    termination_is_late_enough,
    employee_is_old_enough_at_the_end,
    ended_conditions_allow_payment,
)
"""All that the payment of a termination must be, where it is told of."""

amendment_payment_is_right = of_part(
    PAYMENT,
    completeness.payment_is_complete,
    amendment_is_late_enough,
    employee_is_old_enough,
    amended_conditions_allow_payment,
)
"""All that the payment of an amendment must be, where it is told of."""
