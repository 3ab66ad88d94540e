"""The employer whose contract a message of the authority is about: named beside the contract, since another signs."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.command import Command
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules import reference
from esutd_bus.register.state import Row

_OWNER = "owner.employer"


def of(command: Command) -> str | None:
    """BIN or IIN of the employer named; `None` if the message names none."""
    named: str | None = command.values.get("owner", {}).get("employer")
    return named


def owners_contract_exists(case: Case) -> Iterator[Refusal]:
    """SCSE025: the employer named has the contract referred to. Source: code text."""
    if case.value(_OWNER) is not None:
        yield from reference.contract_exists(case)


def contract_was_registered(case: Case) -> Iterator[Refusal]:
    """SCSE025: the employer named has entered the contract referred to, even if deleted since. Source: code text."""
    named = case.value(_OWNER) is not None and case.value(case.reference_field) is not None
    if named and case.referred is None:
        yield Refusal("SCSE025", case.reference_field)


def referred(case: Case) -> Row:
    """The contract referred to, where the rules have seen that there is or was one."""
    if case.referred is None:
        raise LookupError(f"{case.command.operation}: accepted without the contract it is about")
    return case.referred


def owner_is_named(case: Case) -> Iterator[Refusal]:
    """SCSE009: a message about another's contract names the employer. Source: code text."""
    if not case.command.refusals and case.value(_OWNER) is None:
        yield Refusal("SCSE009", _OWNER)
