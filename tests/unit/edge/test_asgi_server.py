"""What only the ASGI edge can promise: slow clients, vanishing clients, starting and stopping."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from contextlib import ExitStack
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest
from fake_engine import MOST_COME, PATH, SETTINGS, FakeEngine
from hypothesis import example, given, settings
from hypothesis import strategies as st
from servers import Running, running, wait_until
from test_http import ENVELOPE, answered, get, one

from esutd_bus.edge.asgi_application import AsgiApplication
from esutd_bus.edge.head import RequestHead
from support.wire import Response, chunked, post, read


def connect(server: Running) -> socket.socket:
    port = int(server.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=20)


@pytest.mark.parametrize("sent", [post(PATH, b"<a", length=500), b"POST /soap/test HTTP/1.1\r\nHost:"])
def test_a_hundred_half_sent_requests_keep_nobody_waiting(asgi: Running, sent: bytes) -> None:
    with ExitStack() as stack:
        half_open = [stack.enter_context(connect(asgi)) for _ in range(100)]
        for connection in half_open:
            connection.sendall(sent)
        assert answered(one(asgi, post(PATH, ENVELOPE)), ENVELOPE)
        for connection in half_open:
            connection.setblocking(False)
            with pytest.raises(
                BlockingIOError
            ):  # still held open: the good one was answered before they ended
                connection.recv(1)


def test_half_sent_heads_are_hung_up_on(asgi: Running) -> None:
    with connect(asgi) as connection:
        connection.sendall(b"POST /soap/test HTTP/1.1\r\nHost:")
        assert connection.recv(1) == b""


def test_however_a_stream_of_requests_is_cut_each_is_answered_in_its_turn(asgi: Running) -> None:
    """Those that come whole in a piece go another way than those that do not."""
    messages = [b"<m%d>%s</m%d>" % (number, b"x" * 40 * number, number) for number in range(5)]
    requests = [
        post(PATH, message)
        if number % 2
        else post(PATH, chunked(message), length=None, headers=("Transfer-Encoding: chunked",))
        for number, message in enumerate(messages)
    ]
    stream = b"".join(requests)
    ends = list(accumulate(map(len, requests)))

    @settings(max_examples=25, deadline=None)
    @given(st.sets(st.integers(1, len(stream) - 1) | st.sampled_from(ends[:-1]), max_size=6))
    @example(set(ends[:-1]))
    @example(set())
    def hold(cuts: set[int]) -> None:
        pieces = [stream[begin:end] for begin, end in pairwise([0, *sorted(cuts), len(stream)])]
        with connect(asgi) as connection, connection.makefile("rb") as answers:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.005)  # so that the next one is another piece to the server, too
            for message in messages:
                response = read(answers, b"POST")
                assert response is not None
                assert answered(response, message)

    hold()


def test_work_goes_on_when_the_client_goes(tmp_path: Path) -> None:
    with running("asgi", tmp_path) as server:
        with connect(server) as connection:
            connection.sendall(post(PATH, b"<wait-for-sign/>"))
            wait_until(lambda: bool(list(tmp_path.glob("waiting-*"))), "the message at work")
        (tmp_path / "sign").touch()
        wait_until((tmp_path / "finished").exists, "the work's end")
        assert one(server, get("/health")).status == 200
        assert server.stop() == 0
        assert "Traceback" not in server.logged()
        assert '"level": "error"' not in server.logged()


def test_a_stop_lets_work_end(tmp_path: Path) -> None:
    with running("asgi", tmp_path) as server:
        responses: list[Response] = []
        client = threading.Thread(
            target=lambda: responses.append(one(server, post(PATH, b"<wait-for-sign/>")))
        )
        client.start()
        wait_until(lambda: bool(list(tmp_path.glob("waiting-*"))), "the message at work")
        server.process.terminate()
        wait_until(lambda: "Handling signal: term" in server.logged(), "the stop")
        (tmp_path / "sign").touch()
        client.join()
        assert answered(responses[0], b"<wait-for-sign/>")
        assert server.process.wait(30) == 0
        assert len(list(tmp_path.glob("closed-*"))) == 1


def test_half_sent_requests_do_not_hold_up_a_stop(tmp_path: Path) -> None:
    with running("asgi", tmp_path) as server:
        assert one(server, get("/health")).status == 200
        with connect(server) as body, connect(server) as head:
            body.sendall(post(PATH, b"<a", length=500))
            head.sendall(b"POST /soap/test HTTP/1.1\r\nHost:")
            assert server.stop() == 0
            assert b" 408 " in body.recv(1000)


def test_a_worker_that_is_still_starting_can_be_stopped(tmp_path: Path) -> None:
    def started(_: int) -> bool:
        return "Booting worker with pid" in (tmp_path / "log").read_text()

    slow = {"EDGE_TEST_OPEN_SECONDS": "3"}
    with running("asgi", tmp_path, environment=slow, started=started) as server:
        assert server.stop() == 0


def test_a_service_that_cannot_open_its_engine_does_not_start(tmp_path: Path) -> None:
    with running("asgi", tmp_path, environment={"EDGE_TEST_UNOPENABLE": "1"}) as server:
        assert server.process.wait(30) != 0
    assert "no database for 84********23" in server.logged()
    assert "840101300123" not in server.logged()


def test_not_ready(tmp_path: Path) -> None:
    with running("asgi", tmp_path) as server:
        (tmp_path / "not-ready").touch()
        assert one(server, get("/ready")).status == 503
        assert one(server, get("/health")).status == 200


def test_any_worker_tells_of_all(tmp_path: Path) -> None:
    with running("asgi", tmp_path, workers=2) as server:
        for _ in range(20):
            one(server, post(PATH, ENVELOPE))

        # What was asked of /metrics itself is counted too, in a line of its own.
        counted = 'esutd_http_requests_total{code="SCSS001",operation="Do",service="/soap/test",status="200"}'

        def told() -> set[str]:
            pages = [one(server, get("/metrics")).body.decode() for _ in range(8)]
            lines = (line for page in pages for line in page.splitlines())
            return {line.rsplit(" ", 1)[1] for line in lines if line.startswith(counted)}

        # A request is counted when its reply is on its way, so the last one may be a moment late.
        wait_until(lambda: told() == {"20.0"}, "all workers' count")


async def started() -> tuple[
    AsgiApplication, asyncio.Queue[dict[str, Any]], asyncio.Queue[Any], asyncio.Task[None]
]:
    """An application that has started, what is put in and comes out of its lifespan, and this itself."""
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sent: asyncio.Queue[Any] = asyncio.Queue()
    application = AsgiApplication(lambda: SETTINGS, FakeEngine.open)  # type: ignore[arg-type]  # a part of it
    lifespan = asyncio.create_task(application({"type": "lifespan"}, events.get, sent.put))
    await events.put({"type": "lifespan.startup"})
    assert (await sent.get())["type"] == "lifespan.startup.complete"
    return application, events, sent, lifespan


def test_work_survives_a_server_that_cancels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some ASGI servers cancel a request's task when its client goes; and the lifespan waits for the work."""
    monkeypatch.setenv("EDGE_TEST_SCRATCH", str(tmp_path))

    async def scenario() -> None:
        application, events, sent, lifespan = await started()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"<wait-for-sign/>", "more_body": False}

        async def send_to_nobody(_: Any) -> None:
            raise OSError("the client is gone")

        scope = {
            "type": "http",
            "method": "POST",
            "path": PATH,
            "query_string": b"",
            "headers": [(b"Content-Type", b"text/xml")],
        }
        request = asyncio.create_task(application(scope, receive, send_to_nobody))
        await asyncio.to_thread(wait_until, lambda: bool(list(tmp_path.glob("waiting-*"))), "the work")
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        await events.put({"type": "lifespan.shutdown"})
        await asyncio.sleep(0.05)
        assert not (tmp_path / f"closed-{os.getpid()}").exists()
        (tmp_path / "sign").touch()
        assert (await sent.get())["type"] == "lifespan.shutdown.complete"
        await lifespan
        assert (tmp_path / "finished").exists()
        assert (tmp_path / f"closed-{os.getpid()}").exists()

    asyncio.run(scenario())


def test_of_messages_that_come_at_once_the_later_ones_see_those_before_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them is known to the engine before the last one is let in."""
    monkeypatch.setenv("EDGE_TEST_SCRATCH", str(tmp_path))
    head = RequestHead("POST", PATH, "", {"content-type": "text/xml"})

    async def scenario() -> None:
        application, events, _, lifespan = await started()
        answering = []
        for _ in range(MOST_COME):
            assert application.turned_away(PATH) is None
            answering.append(application.answer(head, ENVELOPE))
        turned_away = application.turned_away(PATH)
        assert turned_away is not None
        assert (turned_away.status, turned_away.code) == (503, "ESB009")
        assert [reply.status for reply in await asyncio.gather(*answering)] == [200] * MOST_COME
        assert application.turned_away(PATH) is None
        await events.put({"type": "lifespan.shutdown"})
        await lifespan

    asyncio.run(scenario())


def test_whoever_is_turned_away_within_a_second_leaves_one_line_in_the_log(tmp_path: Path) -> None:
    with running("asgi", tmp_path) as server:
        (tmp_path / "behind").touch()
        with connect(server) as connection:
            answers = b""
            connection.sendall(post(PATH, ENVELOPE) * 20)
            while answers.count(b"ESB009") < 20:
                answers += connection.recv(65536)
        assert 1 <= server.logged().count("turning_away") < 20
        assert '"event": "request"' not in server.logged()
        metrics = one(server, get("/metrics")).body.decode()
        assert f'code="ESB009",operation="",service="{PATH}",status="503"}} 20.0' in metrics


def test_whoever_is_turned_away_may_ask_again_on_the_same_connection(tmp_path: Path) -> None:
    message = post(PATH, ENVELOPE)
    with running("asgi", tmp_path) as server, connect(server) as connection:
        (tmp_path / "behind").touch()
        connection.sendall(message[:-100])
        assert b" 503 " in connection.recv(65536).partition(b"\r\n")[0]
        (tmp_path / "behind").unlink()
        connection.sendall(message[-100:] + message)  # what is left of the first one is no message
        assert b" 200 " in connection.recv(65536).partition(b"\r\n")[0]


def test_whoever_is_turned_away_and_keeps_no_connection_has_it_closed(tmp_path: Path) -> None:
    with running("asgi", tmp_path) as server, connect(server) as connection:
        (tmp_path / "behind").touch()
        connection.sendall(post(PATH, ENVELOPE, headers=("Connection: close",)))
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        assert answer.count(b"HTTP/1.1 503 ") == 1
        assert b"ESB009" in answer
