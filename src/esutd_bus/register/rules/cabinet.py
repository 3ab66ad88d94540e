"""What an employee asks about oneself through a portal."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.command import Command
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.worded import worded

CHANGE = "change_reference.id"


def change_is_named(case: Case) -> Iterator[Refusal]:
    """ESB004: an acknowledgement names what it acknowledges."""
    if not case.command.refusals and case.value(CHANGE) is None:
        yield Refusal("ESB004", CHANGE)


def change_is_the_persons(case: Case) -> Iterator[Refusal]:
    """ESB004: the change named is one that this employee is shown. Source: order 353, clause 11.

    One of another person is answered like one that was never there.
    """
    found = case.state.found
    if case.value(CHANGE) is not None and found is not None and not found.change_is_known:
        yield worded("change-unknown", CHANGE)


def iin(command: Command) -> str | None:
    """The person whom a message is about."""
    named: str | None = command.values.get("employee_reference", {}).get("iin")
    return named


def change(command: Command) -> str | None:
    """The change that a message names, as the register spells it."""
    named: str | None = command.values.get("change_reference", {}).get("id")
    return named.lower() if named else None
