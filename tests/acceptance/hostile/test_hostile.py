"""Hostile and odd requests, over both bindings: each gets its answer, and the service goes on."""

from __future__ import annotations

import pytest
from cases import CASES, OF_THE_HOST, Case

from support.wire import converse, post


def _binding(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["service"])


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_hostile(case: Case, service_url: str, request: pytest.FixtureRequest) -> None:
    if _binding(request) not in case.bindings:
        pytest.skip(f"not for {_binding(request)}: {case.name}")
    responses = converse(service_url, *case.steps, answers=case.answers)
    assert len(responses) == case.answers
    for response in responses:
        assert response.status in (case.status if isinstance(case.status, tuple) else (case.status,))
        if case.code != OF_THE_HOST:
            assert response.code in (case.code if isinstance(case.code, tuple) else (case.code,))
        assert case.contains in response.body
        assert case.lacks not in response.body
        assert b"Traceback" not in response.body
        if response.status == 405:
            assert response.headers["Allow"] == "POST"
        if response.status in {405, 413, 415} or (response.status == 500 and case.code != OF_THE_HOST):
            assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    (alive,) = converse(service_url, post("/health", method="GET", length=None, content_type=None))
    assert alive.status == 200
