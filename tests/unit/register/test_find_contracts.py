from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from register_cases import IIN, REGISTERED, accepted, command, judge, refusals

from esutd_bus.register.command import Command
from esutd_bus.register.decide import needs
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.search import ContractSearch, Found, Page
from esutd_bus.register.state import Needs, State

NUMBER, SIZE = "search.page_number", "search.page_size"


def search(**given: Any) -> Command:
    said = {"page_number": 2, "page_size": 50, **given}
    return command(
        "FindContracts", {"search": {key: value for key, value in said.items() if value is not None}}
    )


def test_what_was_found_is_told() -> None:
    decision = accepted(judge(search(), State(found=Found([REGISTERED], total=51))))
    assert decision.answer == {"contracts": [REGISTERED], "found": {"total": 51}}
    assert decision.events == ()


def test_it_is_looked_for_what_the_message_says() -> None:
    since = datetime(2025, 6, 1, tzinfo=UTC)
    assert needs(search()) == Needs(search=ContractSearch(Page(2, 50)))
    asked = search(employee_iin=IIN, status="active", changed_since=since)
    assert needs(asked) == Needs(search=ContractSearch(Page(2, 50), IIN, "active", since))


@pytest.mark.parametrize(
    "given", [{"page_number": None}, {"page_size": None}, {"page_number": 0}, {"page_size": 101}]
)
def test_for_a_wrong_page_nothing_is_looked_for(given: dict[str, Any]) -> None:
    assert needs(search(**given)) == needs(command("FindContracts", {})) == Needs()


@pytest.mark.code("SCSE218")
@pytest.mark.parametrize("number", [0, -1])
def test_pages_are_counted_from_one(number: int) -> None:
    assert refusals(judge(search(page_number=number))) == [("SCSE218", NUMBER)]
    assert refusals(judge(search(page_number=1), State(found=Found([], 0)))) == []


@pytest.mark.code("SCSE219")
@pytest.mark.parametrize("size", [0, -1, 101])
def test_a_page_has_one_to_a_hundred_rows(size: int) -> None:
    assert refusals(judge(search(page_size=size))) == [("SCSE219", SIZE)]
    for right in (1, 100):
        assert refusals(judge(search(page_size=right), State(found=Found([], 0)))) == []


@pytest.mark.code("SCSE045")
def test_a_wrong_iin_is_not_looked_for() -> None:
    assert refusals(judge(search(employee_iin="850101100019"), State(found=Found([], 0)))) == [
        ("SCSE045", "search.employee_iin")
    ]


def test_a_page_is_named() -> None:
    asked = command("FindContracts", {})
    assert refusals(judge(asked)) == [("ESB004", NUMBER), ("ESB004", SIZE)]
    by_schema = command("FindContracts", {}, refusals=(Refusal("ESB004", path="page"),))
    assert refusals(judge(by_schema)) == [("ESB004", None)]


def test_what_was_not_looked_for_cannot_be_told() -> None:
    with pytest.raises(LookupError):
        judge(search())
