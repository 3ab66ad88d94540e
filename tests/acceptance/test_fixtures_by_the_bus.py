"""The catalogue once more, each message inside of the bus's `SendMessage`: it says what a direct answer says.

Of each answer code one message goes, and of each operation one that is accepted; `make catalogue-by-bus` takes all.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from test_fixture_answers_in_process import HERE, InProcess, application, one_of_each

from esutd_bus.edge.wsgi_application import WsgiApplication
from esutd_bus.settings import packaged
from esutd_bus.testbed.replay import Replay, chosen_fixtures
from esutd_bus.testbed.stage import open_stage
from esutd_bus.testbed.test_ca import TestCa

__all__ = ["application"]

TOLD_OTHERWISE = {
    # By the bus a refusal is a status of an answer that HTTP calls right.
    "ok/get-status-of-a-refused-request": (
        "-GetRequestStatusResponse/answer/httpStatus = 500",
        "+GetRequestStatusResponse/answer/httpStatus = 200",
    )
}


def test_every_message_gets_the_same_answer_by_the_bus(
    application: WsgiApplication, ca: TestCa, request: pytest.FixtureRequest
) -> None:
    fixtures, order = chosen_fixtures([packaged("fixtures")])
    chosen = order if request.config.getoption("--whole-catalogue") else one_of_each(order)
    replay = Replay(fixtures, open_stage(HERE, ca.directory, channel="sync"))
    replay._session.mount(HERE, InProcess(application))
    results = [replay.send(fixture).result for fixture in chosen]
    found: Mapping[str, tuple[str, ...]] = {
        result.fixture.label: result.differences for result in results if not result.as_expected
    }
    assert found == {label: told for label, told in TOLD_OTHERWISE.items() if label in found}
    assert len({error.code for fixture in chosen for error in fixture.expect.expected_errors}) > 100
