"""`make bench` counts what is there: a message sent is an answer and a row, at the service and at its peer.

How fast anything is, nobody asks here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from benchmarks.messages import EMPLOYER
from benchmarks.registrations import registration, write_registrations
from benchmarks.services import BenchmarkError, Contender, ours, straightforward
from cryptography.hazmat.primitives.serialization import Encoding

from esutd_bus.register.calendar import today
from esutd_bus.testbed.test_ca import TestCa
from support.databases import create_database

pytestmark = pytest.mark.skipif(
    shutil.which("wrk") is None and not os.environ.get("CI"), reason="wrk is not installed (Debian: wrk)"
)


@pytest.fixture(scope="module")
def messages(ca: TestCa, session_folder: Path) -> Path:
    file = session_folder / "registrations"
    write_registrations(file, ca.directory, 40)
    return file


@pytest.fixture
def peer(ca: TestCa, postgres: str, session_folder: Path) -> Iterator[Contender]:
    certificate = session_folder / "peer.pem"
    certificate.write_bytes(ca.identity(EMPLOYER).certificate.public_bytes(Encoding.PEM))
    with straightforward(
        session_folder, create_database(postgres, "bench_peer"), certificate, "gthread"
    ) as one:
        yield one


def test_what_the_peer_answers_it_has_written(peer: Contender, messages: Path) -> None:
    run = peer.take(messages, 40, connections=4)
    assert (run.answers, peer.registered()) == (40, 40)
    with pytest.raises(BenchmarkError, match="40 messages, 0 answers, 0 errors, 0 rows"):
        peer.take(messages, 40, connections=4)  # the same contracts again: it has nothing for that


def test_the_peer_believes_signatures_alone(peer: Contender, ca: TestCa) -> None:
    good = registration(ca, today(datetime.now(UTC)))
    forged = good.replace("Системный".encode(), "Главный".encode())
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    answers = [requests.post(peer.url, data=raw, headers=headers, timeout=30) for raw in (forged, good)]
    assert [answer.status_code for answer in answers] == [500, 200]
    assert peer.registered() == 1


def test_what_the_service_answers_it_has_written(
    ca: TestCa, postgres: str, session_folder: Path, messages: Path
) -> None:
    with ours(session_folder, create_database(postgres, "bench_ours"), ca.directory) as service:
        run = service.take(messages, 40, connections=4)
        assert (run.answers, service.registered()) == (40, 40)
