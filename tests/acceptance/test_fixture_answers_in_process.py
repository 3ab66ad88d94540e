"""The same catalogue without a server: the application is called in this process, nothing goes over a wire.

Of each answer code one message goes, and of each operation one that is accepted: over the wire, `test_fixture_answers`
has all of them answered by this same application. With `--whole-catalogue` all go here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from esutd_bus.edge import wsgi_application
from esutd_bus.edge.wsgi_application import WsgiApplication
from esutd_bus.node import open_node
from esutd_bus.settings import Settings, packaged
from esutd_bus.testbed.fixtures import Fixture
from esutd_bus.testbed.replay import Replay, chosen_fixtures
from esutd_bus.testbed.stage import open_stage
from esutd_bus.testbed.test_ca import TestCa
from support.services import Service

HERE = "http://in.process"


class InProcess(BaseAdapter):
    """Gives requests to a WSGI application (PEP 3333)."""

    def __init__(self, application: WsgiApplication) -> None:
        super().__init__()
        self._application = application

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        response = requests.Response()

        def start(status: str, headers: list[tuple[str, str]]) -> None:
            response.status_code = int(status.split(maxsplit=1)[0])
            response.headers = CaseInsensitiveDict(headers)

        response._content = b"".join(self._application(environ_of(request), start))
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        self._application.close()


def environ_of(request: requests.PreparedRequest) -> dict[str, Any]:
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else bytes(body)
    path, _, query = str(request.path_url).partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method, "PATH_INFO": path, "QUERY_STRING": query, "wsgi.input": BytesIO(body),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()},
    }  # fmt: skip
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ["CONTENT_LENGTH"] = environ.pop("HTTP_CONTENT_LENGTH", "")
    setup_testing_defaults(environ)
    return environ


@pytest.fixture
def application(asgi: Service, service_environment: Mapping[str, str]) -> Iterator[WsgiApplication]:
    """Of this process, on the database of the service, which has made its tables and knows its partners."""
    del asgi
    with pytest.MonkeyPatch.context() as patch:
        for name, value in service_environment.items():
            patch.setenv(name, value)
        settings = Settings()
    with pytest.MonkeyPatch.context() as patch:
        # It would set up this process's logs for good, and what other tests capture would not be found.
        patch.setattr(wsgi_application, "configure_logs", lambda *_: None)
        made = WsgiApplication(lambda: settings, open_node)
        yield made
        made.close()


def one_of_each(fixtures: Iterable[Fixture]) -> list[Fixture]:
    chosen: dict[tuple[str, ...], Fixture] = {}
    for fixture in fixtures:
        codes = tuple(sorted({error.code for error in fixture.expect.expected_errors}))
        chosen.setdefault(codes or (fixture.operation,), fixture)
    return list(chosen.values())


def test_every_message_gets_its_answer(
    application: WsgiApplication, ca: TestCa, request: pytest.FixtureRequest
) -> None:
    fixtures, order = chosen_fixtures([packaged("fixtures")])
    chosen = order if request.config.getoption("--whole-catalogue") else one_of_each(order)
    replay = Replay(fixtures, open_stage(HERE, ca.directory))
    replay._session.mount(HERE, InProcess(application))
    results = [replay.send(fixture).result for fixture in chosen]
    assert {result.fixture.label: result.differences for result in results if not result.as_expected} == {}
    assert len({error.code for fixture in chosen for error in fixture.expect.expected_errors}) > 100
