from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import Running, running

sys.path.insert(0, str(Path(__file__).parents[2] / "acceptance" / "hostile"))  # wire: HTTP as bytes


@pytest.fixture(scope="session")
def asgi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running("asgi", tmp_path_factory.mktemp("asgi")) as server:
        yield server


@pytest.fixture(scope="session")
def wsgi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running("wsgi", tmp_path_factory.mktemp("wsgi")) as server:
        yield server


@pytest.fixture(params=["asgi", "wsgi"])
def server(request: pytest.FixtureRequest) -> Running:
    """Either binding's server, for tests that leave it as it was."""
    served: Running = request.getfixturevalue(request.param)
    return served
