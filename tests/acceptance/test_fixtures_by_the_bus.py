"""The catalogue once more, each message inside of the bus's `SendMessage`: it says what a direct answer says."""

from __future__ import annotations

from test_fixture_answers_in_process import HERE, InProcess, application

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


def test_every_message_gets_the_same_answer_by_the_bus(application: WsgiApplication, ca: TestCa) -> None:
    fixtures, order = chosen_fixtures([packaged("fixtures")])
    replay = Replay(fixtures, open_stage(HERE, ca.directory, channel="sync"))
    replay._session.mount(HERE, InProcess(application))
    results = [replay.send(fixture).result for fixture in order]
    found = {result.fixture.label: result.differences for result in results if not result.as_expected}
    assert found == TOLD_OTHERWISE
    assert len(results) == len(fixtures)
