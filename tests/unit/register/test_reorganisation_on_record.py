from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from register_cases import EMPLOYER, REGISTERED, judge, refusals
from test_transfer_contracts import RECEIVER, REORGANIZED, holding, transfer

from esutd_bus.register.state import NOT_ASKED, State

HEAD_OFFICE = "020140000016"
GIVER: dict[str, Any] = {
    "bin": EMPLOYER,
    "is_liquidated": False,
    "is_reorganised": False,
    "is_made_by_reorganisation": False,
    "founders": (),
}
RECEIVING: dict[str, Any] = {**GIVER, "bin": RECEIVER}
SUCCEEDED = {"is_reorganised": True, "successor": RECEIVER, "ended_on": REORGANIZED}
SEPARATED = {"is_made_by_reorganisation": True, "founders": (EMPLOYER,), "registered_on": REORGANIZED}


def told(giver: Any, receiver: Any) -> list[str]:
    known: State = holding(REGISTERED)
    fetched = {"giver": giver, "receiver": receiver}
    decision = judge(transfer(), State(moving=known.moving, fetched=fetched))
    return [code for code, _ in refusals(decision)]


@pytest.mark.parametrize(
    ("giver", "receiver"),
    [
        pytest.param({**GIVER, **SUCCEEDED}, RECEIVING, id="successor"),
        pytest.param({**GIVER, **SUCCEEDED, "ended_on": date(2025, 6, 1)}, RECEIVING, id="earlier on record"),
        pytest.param(GIVER, {**RECEIVING, **SEPARATED}, id="separated"),
        pytest.param(GIVER, {**RECEIVING, "head_organisation": EMPLOYER}, id="to a branch"),
        pytest.param({**GIVER, "head_organisation": RECEIVER}, RECEIVING, id="to the head"),
        pytest.param(
            {**GIVER, "head_organisation": HEAD_OFFICE},
            {**RECEIVING, "head_organisation": HEAD_OFFICE},
            id="between branches",
        ),
        pytest.param(NOT_ASKED, RECEIVING, id="an individual gives"),
        pytest.param(GIVER, NOT_ASKED, id="an individual receives"),
    ],
)
def test_contracts_pass_where_the_registry_knows_why(giver: Any, receiver: Any) -> None:
    assert told(giver, receiver) == []


@pytest.mark.code("SCSE153")
@pytest.mark.parametrize("giver", [GIVER, None])
def test_a_reorganisation_must_be_on_record(giver: Any) -> None:
    assert told(giver, RECEIVING) == ["SCSE153"]


@pytest.mark.code("SCSE157")
@pytest.mark.parametrize(
    ("giver", "receiver"),
    [
        ({**GIVER, **SUCCEEDED, "successor": HEAD_OFFICE}, RECEIVING),
        (GIVER, {**RECEIVING, **SEPARATED, "founders": (HEAD_OFFICE,)}),
    ],
)
def test_the_receiver_must_follow_the_giver(giver: Any, receiver: Any) -> None:
    assert told(giver, receiver) == ["SCSE157"]


@pytest.mark.code("SCSE154")
@pytest.mark.parametrize(
    ("giver", "receiver"),
    [
        ({**GIVER, **SUCCEEDED, "ended_on": date(2025, 6, 3)}, RECEIVING),
        (GIVER, {**RECEIVING, **SEPARATED, "registered_on": date(2025, 6, 3)}),
    ],
)
def test_a_reorganisation_is_not_earlier_than_on_record(giver: Any, receiver: Any) -> None:
    assert told(giver, receiver) == ["SCSE154"]


@pytest.mark.code("ESB012")
@pytest.mark.parametrize("receiver", [None, {**RECEIVING, **SEPARATED, "is_liquidated": True}])
def test_nothing_passes_to_an_employer_that_is_no_more(receiver: Any) -> None:
    assert told(GIVER, receiver) == ["ESB012"]
