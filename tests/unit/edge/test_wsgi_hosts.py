"""WSGI hosts and their ways; and that both bindings give the same bytes."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from fake_engine import LIMIT, NAMESPACE, PATH, SETTINGS, Contract, FakeEngine
from servers import Running, running
from test_http import ENVELOPE, answered, get, one

from esutd_bus.edge.loop_thread import LoopThread
from esutd_bus.edge.reply import Reply
from esutd_bus.edge.spyne_binding import spyne_server
from esutd_bus.edge.wsgi_application import WsgiApplication
from support.wire import Response, chunked, converse, post

SAME = ("Content-Type", "Content-Length", "Allow", "Retry-After")


def seen(response: Response) -> tuple[Any, ...]:
    return (response.status, *(response.headers[name] for name in SAME), response.body)


@pytest.mark.parametrize(
    "request_bytes",
    [
        post(PATH, ENVELOPE),
        post(PATH, b"not XML"),
        post(PATH, b""),
        post(PATH, b"busy"),
        post(PATH, b"raise"),
        post(PATH, b"x" * (LIMIT + 1)),
        post(PATH, ENVELOPE, content_type="text/html"),
        post(PATH, chunked(ENVELOPE), length=None, headers=("Transfer-Encoding: chunked",)),
        post("/elsewhere", ENVELOPE),
        get(PATH),
        get(f"{PATH}?wsdl"),
        get(f"{PATH}?xsd=no"),
        get(f"{PATH}?wsdl", "HEAD"),
        get("/health"),
        get("/ready"),
        post("/health"),
    ],
)
def test_both_bindings_give_the_same_bytes(asgi: Running, wsgi: Running, request_bytes: bytes) -> None:
    assert seen(one(asgi, request_bytes)) == seen(one(wsgi, request_bytes))


def test_each_forked_worker_has_an_engine_of_its_own_and_closes_it(tmp_path: Path) -> None:
    with running("wsgi", tmp_path, workers=2) as server:
        for _ in range(40):
            assert answered(one(server, post(PATH, ENVELOPE)), ENVELOPE)
        assert server.stop() == 0
        closed = {int(file.name.partition("-")[2]) for file in tmp_path.glob("closed-*")}
        assert closed
        assert server.process.pid not in closed


def test_without_an_engine(tmp_path: Path) -> None:
    with running("wsgi", tmp_path, environment={"EDGE_TEST_UNOPENABLE": "1"}) as server:
        assert one(server, get("/health")).status == 200
        assert one(server, get("/ready")).status == 503
        response = one(server, post(PATH, ENVELOPE))
        assert (response.status, response.headers["Retry-After"]) == (503, "5")
        assert b"ESB009" in response.body
        assert b"database" not in response.body
        assert "840101300123" not in server.logged()


def test_a_host_that_does_not_end_bodies(tmp_path: Path) -> None:
    with running("wsgiref", tmp_path) as server:
        assert answered(one(server, post(PATH, ENVELOPE)), ENVELOPE)
        assert answered(one(server, post(PATH, length=None)), b"")
        assert one(server, post(PATH, b"x" * (LIMIT + 1))).code == "SCSE999"
        request = post(PATH, chunked(ENVELOPE), length=None, headers=("Transfer-Encoding: chunked",))
        response = one(server, request)
        assert (response.status, response.code) == (411, "ESB002")
        assert one(server, get(f"{PATH}?wsdl")).status == 200


def test_a_fork_forgets_the_parents_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_TEST_SCRATCH", str(tmp_path))
    application = WsgiApplication(lambda: SETTINGS, FakeEngine.open)  # type: ignore[arg-type]  # a part of it

    def ask() -> bytes:
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/ready", "wsgi.input": None}
        return b"".join(application(environ, lambda *_: None))

    assert ask() == b"ready\n"
    child = os.fork()
    if child == 0:
        # The parent's loop has no thread here: asked through it, this would wait for ever.
        good = ask() == b"ready\n"
        application.close()
        os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert {file.name for file in tmp_path.glob("closed-*")} == {f"closed-{child}"}
    assert ask() == b"ready\n"
    application.close()
    application.close()
    assert (tmp_path / f"closed-{os.getpid()}").exists()


def test_spyne_routes_each_message_to_the_method_of_its_operation() -> None:
    handed_over = []

    def hand_over(incoming: Any, environ: dict[str, Any]) -> Reply:
        del environ
        handed_over.append(incoming)
        return Reply(500, b"<the reply/>", extra_headers=(("Retry-After", "2"),))

    server = spyne_server(Contract(), hand_over, LIMIT)  # type: ignore[arg-type]  # as much of it as is asked
    called = []
    server.app.event_manager.add_listener("method_call", lambda ctx: called.append(ctx.method_name))
    unknown = ENVELOPE.replace(b"x:Do", b"x:Undo")
    for message in (ENVELOPE, unknown, b"", b"\xff", b"<a/>"):
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": PATH,
            "SERVER_NAME": "x",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(message),
            "CONTENT_LENGTH": str(len(message)),
            "CONTENT_TYPE": "text/xml",
        }
        started: list[Any] = []
        body = b"".join(server(environ, lambda status, headers, to=started: to.extend((status, headers))))
        assert (started[0], body) == ("500 Internal Server Error", b"<the reply/>")
        assert dict(started[1])["Retry-After"] == "2"
        assert handed_over.pop().body == message
    assert called == ["Do", "AnyOperation", "AnyOperation", "AnyOperation", "AnyOperation"]
    assert set(server.app.interface.service_method_map) == {
        f"{{{NAMESPACE}}}Do",
        f"{{{NAMESPACE}}}DoMany",
        f"{{{NAMESPACE}}}DoMany",
        f"{{{NAMESPACE}}}AnyOperation",
    }


def test_a_loop_thread_gives_what_work_gives_and_raises_what_it_raises() -> None:
    async def give() -> int:
        return 7

    async def fail() -> None:
        raise KeyError("x")

    loop = LoopThread()
    assert loop.run(give()) == 7
    with pytest.raises(KeyError):
        loop.run(fail())
    loop.stop()


def test_pipelined_after_a_refused_body(wsgi: Running) -> None:
    """What is left of a refused body is not taken for the next request."""
    smuggled = post(PATH, b"<smuggled/>")
    responses = converse(wsgi.url, post(PATH, smuggled, content_type="text/html"), answers=2)
    assert [response.status for response in responses] == [415]
