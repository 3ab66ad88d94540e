"""RecordDelegation: the employer's act (order 353, clause 5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from register_cases import (
    DELEGATE,
    DELEGATION,
    EMPLOYER,
    IIN,
    MESSAGE_ID,
    NEW_ID,
    NOW,
    TODAY,
    accepted,
    changed,
    command,
    judge,
    refusals,
)

from esutd_bus.register.command import Command
from esutd_bus.register.decide import needs
from esutd_bus.register.event import DelegationRecorded
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Needs, State

pytestmark = pytest.mark.clause("353/5")


def delegating(**columns: Any) -> Command:
    return command("RecordDelegation", {"delegation": changed(DELEGATION, **columns)})


def test_an_act_is_kept_with_who_recorded_it_and_by_which_message() -> None:
    decision = accepted(judge(delegating()))
    assert decision.events == (
        DelegationRecorded(
            {
                **DELEGATION,
                "id": NEW_ID,
                "employer": EMPLOYER,
                "version": 1,
                "message_id": MESSAGE_ID,
                "recorded_at": NOW,
                "recorded_by": f"{EMPLOYER}/{IIN}",
            }
        ),
    )
    assert decision.answer["delegation"]["id"] == NEW_ID


def test_a_later_act_follows_the_newest_one() -> None:
    assert needs(delegating()) == Needs(delegation_to=DELEGATE)
    (event,) = accepted(judge(delegating(), State(delegation={**DELEGATION, "version": 4}))).events
    assert isinstance(event, DelegationRecorded)
    assert event.delegation["version"] == 5


@pytest.mark.parametrize(
    "valid_to", [TODAY - timedelta(days=1), DELEGATION["act_date"] - timedelta(days=1), ...]
)
def test_an_act_may_have_no_end_or_one_in_the_past(valid_to: Any) -> None:
    """An end in the past is how a delegation is taken back, even by an act of today."""
    (event,) = accepted(judge(delegating(valid_to=valid_to))).events
    assert isinstance(event, DelegationRecorded)
    assert event.delegation["valid_to"] == (None if valid_to is ... else valid_to)


@pytest.mark.code("ESB004")
def test_an_act_is_not_of_tomorrow() -> None:
    tomorrow = TODAY + timedelta(days=1)
    assert refusals(judge(delegating(act_date=tomorrow))) == [("ESB004", "delegation.act_date")]
    assert refusals(judge(delegating(act_date=TODAY))) == []


@pytest.mark.code("SCSE045")
def test_a_delegate_has_a_right_iin() -> None:
    assert refusals(judge(delegating(delegate_iin="850101100019"))) == [
        ("SCSE045", "delegation.delegate_iin")
    ]


@pytest.mark.code("ESB004")
@pytest.mark.parametrize("column", ["delegate_iin", "act_number", "act_date"])
def test_an_act_that_lacks_a_part_is_none(column: str) -> None:
    assert refusals(judge(delegating(**{column: ...}))) == [("ESB004", f"delegation.{column}")]


def test_what_the_schema_found_is_not_said_twice() -> None:
    asked = command("RecordDelegation", {}, refusals=(Refusal("ESB004", path="delegation"),))
    assert refusals(judge(asked)) == [("ESB004", None)]
