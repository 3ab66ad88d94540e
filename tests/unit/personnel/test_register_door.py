"""The service from its client's side: asked again while it is busy or away, believed only when it speaks as itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from lxml import etree

from esutd_bus.personnel import register_door
from esutd_bus.personnel.messages import written
from esutd_bus.personnel.register_door import NoAnswerError, RefusedError, RegisterDoor
from esutd_bus.settings import packaged
from esutd_bus.soap.contract import Operation, load_contracts
from esutd_bus.soap.envelope import answer_envelope, fault_envelope
from esutd_bus.testbed.test_ca import TestCa

SERVICE = load_contracts(packaged(".")).by_path["/soap/contracts"]
OPERATION: Operation = next(one for one in SERVICE.operations.values() if one.name == "SubmitBatch")
GOOD = answer_envelope(f'<SubmitBatchResponse xmlns="{SERVICE.namespace}"/>'.encode())
DETAIL = """<f xmlns="urn:esutd-bus:common:v1">
  <error><code>SCSE046</code><messageRu>Нет</messageRu></error>
</f>"""
FAULT = fault_envelope("Client", "no", DETAIL.encode())
Script = list[tuple[int, bytes]]


@pytest.fixture
def script() -> Script:
    """What is answered, one after the other; the last one for ever."""
    return []


@pytest.fixture
def came() -> list[bytes]:
    return []


@pytest.fixture
def door(
    ca: TestCa, script: Script, came: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> Iterator[RegisterDoor]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = script.pop(0) if len(script) > 1 else script[0]
            self.send_response(status)
            self.send_header("Retry-After", "7")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setattr(register_door.time, "sleep", lambda _: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield RegisterDoor(f"http://127.0.0.1:{server.server_port}/", ca.identity("employer"), lambda _: None)
        server.shutdown()


def ask(door: RegisterDoor) -> etree._Element:
    return door.ask(OPERATION, written(OPERATION, {"requestHeader/system": "тест"}))


def test_whoever_asks_to_wait_is_asked_again_with_the_same_message(
    door: RegisterDoor, script: Script, came: list[bytes]
) -> None:
    script += [(503, FAULT), (503, b""), (200, GOOD)]
    assert ask(door).tag == OPERATION.response.tag
    assert len(came) == 3
    assert len(set(came)) == 1


def test_a_refusal_is_told_at_once(door: RegisterDoor, script: Script, came: list[bytes]) -> None:
    script += [(500, FAULT)]
    with pytest.raises(RefusedError) as refused:
        ask(door)
    assert [(error.code, error.text) for error in refused.value.errors] == [("SCSE046", "Нет")]
    assert len(came) == 1


@pytest.mark.parametrize("body", [b"<html>oops</html>", b"oops", b"", answer_envelope(b"<x/>")])
def test_what_is_no_answer_of_the_register_is_not_believed(
    door: RegisterDoor, script: Script, body: bytes
) -> None:
    script += [(200, body)]
    with pytest.raises(NoAnswerError):
        ask(door)


def test_whoever_never_answers_is_given_up(door: RegisterDoor, script: Script, came: list[bytes]) -> None:
    script += [(503, b"")]
    with pytest.raises(NoAnswerError, match="просит подождать"):
        ask(door)
    assert len(came) == register_door.TRIES
