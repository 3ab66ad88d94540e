"""The catalogue of fixtures over each binding: every message gets the answer that its expectation names."""

from __future__ import annotations

import pytest

from esutd_bus.settings import packaged
from esutd_bus.testbed.replay import Exchange, Fixture, chosen_fixtures, send_all
from esutd_bus.testbed.stage import open_stage
from esutd_bus.testbed.test_ca import TestCa
from support.services import Service

CATALOGUE, ORDER = chosen_fixtures([packaged("fixtures")])


@pytest.fixture(scope="module")
def exchanges(service: Service, ca: TestCa) -> dict[str, Exchange]:
    """All fixtures, played once in their order."""
    played = send_all(CATALOGUE, ORDER, open_stage(service.url, ca.directory))
    return {exchange.result.fixture.name: exchange for exchange in played}


@pytest.mark.parametrize("fixture", ORDER, ids=lambda fixture: fixture.label)
def test_a_message_gets_its_answer(fixture: Fixture, exchanges: dict[str, Exchange]) -> None:
    assert exchanges[fixture.name].result.differences == ()


def test_the_catalogue_is_large_enough() -> None:
    kinds = [fixture.label.partition("/")[0] for fixture in ORDER]
    assert kinds.count("ok") >= 15
    assert kinds.count("faults") >= 60
