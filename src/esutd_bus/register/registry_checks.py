"""What the state's registries must confirm of a new contract's parties, and what is still to be asked of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from esutd_bus.register.case import Case
from esutd_bus.register.event import RowAdded
from esutd_bus.register.identifiers import is_bin
from esutd_bus.register.state import NOT_ASKED, Row

EMPLOYER: Final = "employer"
EMPLOYEE: Final = "employee"

CODES: Final[Mapping[str, str]] = {EMPLOYER: "ESB012", EMPLOYEE: "SCSE012"}
"""What is checked → the code where a registry does not confirm it."""

WAITING: Final = "waiting"
CONFIRMED: Final = "confirmed"
UNCONFIRMED: Final = "unconfirmed"
"""The states of a check: asked again until a registry has answered."""

_ALIVE: Final = frozenset({"0", None})
"""The registry's code of a life's normal state, or none."""

_TABLE: Final = "registry_check"


def employer_is_confirmed(told: Mapping[str, Any] | None) -> bool:
    """Whether a registry's answer (`Organisation`) is about one that exists and goes on."""
    return told is not None and not told["is_liquidated"]


def employee_is_confirmed(told: Mapping[str, Any] | None) -> bool:
    """Whether a registry's answer (`{"lives": bool}`) is about a person who exists and lives."""
    return told is not None and bool(told["lives"])


def is_alive(person: Mapping[str, Any]) -> bool:
    """Whether a registry's record of a person (`Person["person"]`) is of one who lives."""
    return "death_date" not in person and person.get("life_status_code") in _ALIVE


def afterwards(case: Case, contract: Row) -> Iterator[RowAdded]:
    """What is yet to be asked of a contract that is registered: whatever is wanted and was not asked before.

    An individual employer is known by the certificate it has signed with: no registry of legal entities knows it.
    """
    for about in sorted(case.rules.checks):
        asked = case.state.fetched.get(about, NOT_ASKED) is not NOT_ASKED
        if asked or (about == EMPLOYER and not is_bin(contract["employer"])):
            continue
        yield RowAdded(
            _TABLE,
            {
                "contract_id": contract["id"],
                "about": about,
                "number": contract["employer"] if about == EMPLOYER else contract["employee_iin"],
                "employer": contract["employer"],
                "message_id": case.command.message_id,
                "wanted_at": case.now,
                "next_try": case.now,
                "tries": 0,
                "state": WAITING,
            },
        )
