"""Fixtures made for tests, and a service that answers by script."""

from __future__ import annotations

import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from esutd_bus.register.calendar import Calendar
from esutd_bus.testbed.composing import Service
from esutd_bus.testbed.expectation import ExpectedSignature
from esutd_bus.testbed.replay import Stage

NOW = datetime.fromisoformat("2026-01-14T10:00:00+05:00")
"""A Wednesday; the two days off around the New Year and Christmas are over."""

ENVELOPE = """\
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
  <Ask xmlns="urn:example"><id>${uuid:id}</id></Ask>
</s:Body></s:Envelope>
"""

ANSWER = """\
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
  <AskResponse xmlns="urn:example"><receipt><code>SCSS001</code></receipt><id>17</id></AskResponse>
</s:Body></s:Envelope>
"""

FAULT = """\
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>
  <faultcode>s:Client</faultcode><faultstring>refused</faultstring>
  <detail><RegisterFault xmlns="urn:esutd-bus:common:v1">
    <correlationId>9d4f8c1e-0000-4000-8000-000000000000</correlationId>
    <error><code>SCSE003</code><field>contract/number</field>
      <messageRu>а</messageRu><messageKk>ә</messageKk><messageEn>a</messageEn></error>
  </RegisterFault></detail>
</s:Fault></s:Body></s:Envelope>
"""


def write(root: Path, label: str, expect: str, request: str = ENVELOPE, name: str = "request.xml") -> Path:
    """A fixture's folder; faults get their why.md."""
    folder = root / label
    folder.mkdir(parents=True)
    (folder / name).write_text(request, encoding="utf-8")
    (folder / "expect.yaml").write_text(textwrap.dedent(expect), encoding="utf-8")
    if label.startswith("faults/"):
        (folder / "why.md").write_text("It is broken.\n", encoding="utf-8")
    return folder


class Honest:
    """A signatory whose signature is a comment at the end of the envelope."""

    employer = "990440000385"

    def sign(self, document: bytes, signature: ExpectedSignature) -> bytes:
        told = f"{signature.signer}, {signature.profile}, {signature.key_info}"
        return document + f"<!-- signed by {told} -->".encode()


def stage(endpoint: str) -> Stage:
    """A stage on which everybody signs honestly, at the moment NOW."""
    return Stage(
        endpoint=endpoint,
        signatories=lambda _: Honest(),
        services={
            "urn:example": Service("/soap/example", {"{urn:example}Ask": "urn:example:Ask"}, "Example")
        },
        calendar=Calendar(),
        clock=lambda: NOW,
    )


class Asked:
    """One request that the scripted service got."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self.method = handler.command
        self.path = handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))


Script = Callable[[Asked], tuple[int, str]]


@contextmanager
def scripted_service(script: Script) -> Iterator[tuple[str, list[Asked]]]:
    """A real HTTP server that answers by `script`; its address, and what it was asked."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            asked.append(Asked(self))
            status, body = script(asked[-1])
            self.send_response(status)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_PUT = answer  # noqa: N815  # the names http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
