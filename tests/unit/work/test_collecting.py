"""What is fetched from whom, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from esutd_bus.testbed.ca_server import OCSP, CaServer, Fault
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.work import collecting
from esutd_bus.work.collecting import Collector, NotCollected
from support.services import free_port


@pytest.fixture
def server(ca: TestCa) -> Iterator[CaServer]:
    with CaServer(ca) as running:
        yield running


@pytest.fixture
def collector() -> Collector:
    return Collector(deadline=0.5)


def test_a_list_is_fetched_as_it_is(server: CaServer, collector: Collector) -> None:
    authority = server.authorities["authority"]
    assert collector.get(f"{server.url}/authority.crl") == authority.sign_list(authority.whole)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault.HANGS, "no answer in time"),
        (Fault.DRIPS, "no answer in time"),
        (Fault.ERROR, "HTTP 500"),
        (Fault.CUT, "the connection broke"),
        (Fault.MOVED, "moved to file:///"),
    ],
)
def test_a_server_that_fails(server: CaServer, collector: Collector, fault: Fault, told: str) -> None:
    server.faults = {"/authority.crl": fault}
    with pytest.raises(NotCollected, match=told):
        collector.get(f"{server.url}/authority.crl")


def test_nobody_there(collector: Collector) -> None:
    with pytest.raises(NotCollected, match="no connection"):
        collector.get(f"http://127.0.0.1:{free_port()}/authority.crl")
    with pytest.raises(NotCollected, match="no connection"):
        collector.get("http://no-such-host.invalid/authority.crl")


def test_no_trusted_tls(server: CaServer) -> None:
    with pytest.raises(NotCollected):
        Collector(2).get(server.url.replace("http:", "https:"))


def test_an_answer_has_an_end(
    server: CaServer, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "MAX_LIST_OCTETS", 100)
    with pytest.raises(NotCollected, match="longer than 100"):
        collector.get(f"{server.url}/authority.crl")


def test_the_environments_proxy_is_not_asked(
    server: CaServer, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    collector.get(f"{server.url}/authority.crl")


def test_a_file_is_read(tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "список.crl"
    file.write_bytes(b"octets")
    assert collector.get(file.as_uri()) == b"octets"
    monkeypatch.setattr(collecting, "MAX_LIST_OCTETS", 5)
    with pytest.raises(NotCollected, match="longer than 5"):
        collector.get(file.as_uri())
    for absent in (tmp_path / "absent.crl", tmp_path):
        with pytest.raises(NotCollected, match="no such file"):
            collector.get(absent.as_uri())


def test_a_responder_is_never_a_file(tmp_path: Path, collector: Collector) -> None:
    (tmp_path / "answer").write_bytes(b"octets")
    with pytest.raises(NotCollected):
        collector.post((tmp_path / "answer").as_uri(), b"", "application/ocsp-request")


def test_a_hanging_responder(server: CaServer, collector: Collector) -> None:
    server.faults = {OCSP: Fault.HANGS}
    with pytest.raises(NotCollected, match="no answer in time"):
        collector.post(server.ocsp_url, b"", "application/ocsp-request")
