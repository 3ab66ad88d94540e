"""HTTP over both bindings, on real servers: the same rules, the same answers."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from typing import TYPE_CHECKING

import pytest
from fake_engine import BATCH_LIMIT, CORRELATION_ID, LIMIT, NAMESPACE, PATH
from servers import wait_until

from esutd_bus.soap.envelope import SOAP11
from support.wire import HALF_CLOSE, Response, chunked, converse, post

if TYPE_CHECKING:
    from servers import Running

ENVELOPE = (
    b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    b'<x:Do xmlns:x="%s"/></e:Body></e:Envelope>' % NAMESPACE.encode()
)


def message_of(operation: str, length: int) -> bytes:
    """An envelope of so many bytes."""
    opening = f'<Envelope xmlns="{SOAP11}"><Body><{operation} xmlns="{NAMESPACE}">'.encode()
    closing = f"</{operation}></Body></Envelope>".encode()
    return opening + b"x" * (length - len(opening) - len(closing)) + closing


def get(path: str, method: str = "GET", **rest: str) -> bytes:
    return post(path, method=method, length=None, content_type=None, **rest)  # type: ignore[arg-type]


def one(server: Running, *steps: bytes | object) -> Response:
    (response,) = converse(server.url, *steps)
    return response


def answered(response: Response, message: bytes) -> bool:
    """The engine got exactly these bytes, and its answer came through as it was."""
    digest = hashlib.sha256(message).hexdigest()
    return response.status == 200 and response.body == f"<answer path='{PATH}' sha256='{digest}'/>".encode()


@pytest.mark.parametrize(
    "message", [ENVELOPE, b"", b"<not-soap/>", ENVELOPE.decode().encode("utf-16"), b"\xff\x00" * 99]
)
def test_the_engine_gets_the_very_bytes(server: Running, message: bytes) -> None:
    response = one(server, post(PATH, message, content_type="text/xml"))
    assert answered(response, message)
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"


def test_any_query_on_a_post(server: Running) -> None:
    assert answered(one(server, post(f"{PATH}?wsdl", ENVELOPE)), ENVELOPE)


def test_chunks(server: Running) -> None:
    head = post(PATH, length=None, headers=("Transfer-Encoding: chunked",))
    pieces = [ENVELOPE[i : i + 7] for i in range(0, len(ENVELOPE), 7)]
    assert answered(one(server, head, chunked(*pieces)), ENVELOPE)


def test_a_batch_may_be_larger(server: Running) -> None:
    message = message_of("DoMany", BATCH_LIMIT)
    assert answered(one(server, post(PATH, message)), message)


def test_exactly_the_limit(server: Running) -> None:
    message = b"x" * LIMIT
    assert answered(one(server, post(PATH, message)), message)


@pytest.mark.code("SCSE999")
@pytest.mark.parametrize(
    "request_bytes",
    [
        post(PATH, b"x" * (LIMIT + 1)),
        post(PATH, b"x" * 3_000_000),
        post(PATH, chunked(b"x" * LIMIT, b"x"), length=None, headers=("Transfer-Encoding: chunked",)),
        post(PATH, length=BATCH_LIMIT + 1, headers=("Expect: 100-continue",)),
        post(PATH, length=10**12),
        post(PATH, message_of("Do", LIMIT + 1)),
        post(PATH, message_of("DoMany", BATCH_LIMIT + 1)),
    ],
    ids=["declared", "much", "chunked", "expect", "endless", "not a batch", "a batch"],
)
def test_too_large(server: Running, request_bytes: bytes) -> None:
    response = one(server, request_bytes)
    assert (response.status, response.code) == (413, "SCSE999")


@pytest.mark.code("ESB001")
@pytest.mark.parametrize(
    "steps",
    [
        (post(PATH, b"<a/>", length=40), HALF_CLOSE),
        (post(PATH, b"4\r\n<a/>", length=None, headers=("Transfer-Encoding: chunked",)), HALF_CLOSE),
        (
            post(PATH, b"4\r\n<a/>\r\nzz\r\n", length=None, headers=("Transfer-Encoding: chunked",)),
            HALF_CLOSE,
        ),
    ],
    ids=["length", "chunk", "no chunk"],
)
def test_a_body_that_ends_too_early_is_never_taken(
    server: Running, steps: tuple[bytes | object, ...]
) -> None:
    response = one(server, *steps)
    assert (response.status, response.code) == (400, "ESB001")


def test_a_body_that_does_not_come(server: Running) -> None:
    response = one(server, post(PATH, b"<a/>", length=40))
    assert (response.status, response.code) == (408, "ESB009")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_messages_come_by_post(server: Running, method: str) -> None:
    response = one(server, get(PATH, method))
    assert (response.status, response.headers["Allow"]) == (405, "POST")
    assert response.code == (None if method == "HEAD" else "ESB002")


@pytest.mark.parametrize("content_type", [None, "", "application/soap+xml", "text/xml; charset=koi8-r"])
def test_content_type(server: Running, content_type: str | None) -> None:
    response = one(server, post(PATH, ENVELOPE, content_type=content_type))
    assert (response.status, response.code) == (415, "ESB002")


def test_charset_against_body(server: Running) -> None:
    response = one(server, post(PATH, ENVELOPE, content_type="text/xml; charset=utf-16"))
    assert (response.status, response.code) == (415, "ESB002")


def test_compressed(server: Running) -> None:
    response = one(server, post(PATH, ENVELOPE, headers=("Content-Encoding: gzip",)))
    assert (response.status, response.code) == (415, "ESB002")


@pytest.mark.parametrize(
    "path", ["/", "/soap", f"{PATH}/", "/soap//test", "/SOAP/TEST", "/%73oap/%FF", "/soap/test%00"]
)
def test_unknown_path(server: Running, path: str) -> None:
    for request in (post(path, ENVELOPE), get(path), get(f"{path}?wsdl")):
        response = one(server, request)
        assert (response.status, response.code) == (404, "ESB002")


def test_documents_have_the_public_address_and_not_the_hosts(server: Running) -> None:
    evil = ("X-Forwarded-Host: evil.test", "Forwarded: host=evil.test")
    for query, body in {
        "?wsdl": b"<wsdl at='https://register.example/soap/test'/>",
        "?SingleWsdl": b"<flat at='https://register.example/soap/test'/>",
        "?xsd=test-v1.xsd": b"<xs:schema of='https://register.example'/>",
    }.items():
        request = post(PATH + query, method="GET", length=None, content_type=None, headers=evil)
        response = one(server, request)
        assert (response.status, response.body) == (200, body)
        assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
        head = one(server, get(PATH + query, "HEAD"))
        assert (head.status, head.headers["Content-Length"]) == (200, str(len(body)))


@pytest.mark.parametrize("name", ["nope", "../../etc/passwd", "%0d%0aX-Evil:%20yes", ""])
def test_unknown_schema(server: Running, name: str) -> None:
    response = one(server, get(f"{PATH}?xsd={name}"))
    assert (response.status, response.code) == (404, "ESB002")
    assert response.headers["X-Evil"] is None


def test_probes(server: Running) -> None:
    assert one(server, get("/health")).body == b"ok\n"
    assert one(server, get("/ready")).status == 200
    assert one(server, get("/health", "HEAD")).status == 200
    assert one(server, post("/ready", b"x")).status == 405


def test_metrics_tell_what_was_answered(server: Running) -> None:
    converse(server.url, post(PATH, ENVELOPE))
    converse(server.url, get("/wp-login.php"))
    told = one(server, get("/metrics")).body.decode()
    assert re.search(
        r'esutd_http_requests_total{code="SCSS001",operation="Do",service="/soap/test",status="200"} [1-9]',
        told,
    )
    assert 'service="other",status="404"' in told
    assert "wp-login" not in told


@pytest.mark.code("ESB099")
def test_an_engine_that_raises_tells_nothing(server: Running) -> None:
    response = one(server, post(PATH, b"raise Secret"))
    assert (response.status, response.code) == (500, "ESB099")
    assert b"Traceback" not in response.body
    told = [json.loads(line) for line in server.logged().splitlines() if "unexpected_error" in line]
    assert told[-1]["correlation_id"] == str(CORRELATION_ID)
    assert told[-1]["trace"].endswith("builtins.RuntimeError")
    assert "Secret" not in server.logged()


@pytest.mark.code("ESB009")
def test_headers_of_the_engine_come_through(server: Running) -> None:
    response = one(server, post(PATH, b"busy"))
    assert (response.status, response.headers["Retry-After"]) == (503, "2")


def test_one_access_line_a_request_and_no_body_in_the_log(server: Running) -> None:
    message = b"<a>TheBodyItself</a>"
    converse(server.url, post(f"{PATH}?unique=1", message))
    converse(server.url, get("/%0aforged/850101300123"))
    wait_until(lambda: "forged" in server.logged(), "the access line")
    log = server.logged()
    assert "TheBodyItself" not in log
    assert "850101300123" not in log
    lines = [json.loads(line) for line in log.splitlines() if '"event": "request"' in line]
    assert [line["path"] for line in lines if "forged" in line["path"]] == ["/%0Aforged/85********23"]
    told = next(line for line in reversed(lines) if line["bytes_in"] == len(message))
    assert {
        name: told[name] for name in ("method", "path", "status", "code", "operation", "correlation_id")
    } == {
        "method": "POST",
        "path": PATH,
        "status": 200,
        "code": "SCSS001",
        "operation": "Do",
        "correlation_id": str(CORRELATION_ID),
    }
    assert told["ms"] >= 0


def test_a_pipelined_request_is_a_request(server: Running) -> None:
    first, second = post(PATH, b"<a/>"), post(PATH, b"<b/>")
    responses = converse(server.url, first + second, answers=2)
    assert answered(responses[0], b"<a/>")
    assert answered(responses[1], b"<b/>")


def test_http_1_0(server: Running) -> None:
    assert answered(one(server, post(PATH, ENVELOPE, version="1.0")), ENVELOPE)


def test_expect_continue(server: Running) -> None:
    head = post(PATH, length=len(ENVELOPE), headers=("Expect: 100-continue",))
    assert answered(one(server, head, ENVELOPE), ENVELOPE)


def test_more_messages_than_places(server: Running) -> None:
    """Four are at work (SETTINGS), one more is turned away at once, and when they end there is place again."""
    sign = server.scratch / "sign"
    responses: list[Response] = []
    threads = []
    for number in range(4):
        message = f"<wait-for-sign n='{number}'/>".encode()
        thread = threading.Thread(target=lambda m=message: responses.append(one(server, post(PATH, m))))
        thread.start()
        threads.append(thread)
    try:
        wait_until(lambda: len(list(server.scratch.glob("waiting-*"))) == 4, "four messages at work")
        turned_away = one(server, post(PATH, ENVELOPE))
        assert (turned_away.status, turned_away.code) == (503, "ESB009")
        assert turned_away.headers["Retry-After"] == "2"
        assert one(server, get("/health")).status == 200
    finally:
        sign.touch()
        for thread in threads:
            thread.join()
        sign.unlink()
        for waiting in server.scratch.glob("waiting-*"):
            waiting.unlink()
    assert [response.status for response in responses] == [200] * 4
    assert answered(one(server, post(PATH, ENVELOPE)), ENVELOPE)


def test_while_too_many_wait_messages_are_turned_away_and_nothing_else(server: Running) -> None:
    behind = server.scratch / "behind"
    behind.touch()
    try:
        response = one(server, post(PATH, ENVELOPE))
        assert (response.status, response.code) == (503, "ESB009")
        assert response.headers["Retry-After"] == "2"
        assert one(server, get("/health")).status == 200
        assert one(server, get(f"{PATH}?wsdl")).status == 200
    finally:
        behind.unlink()
    assert answered(one(server, post(PATH, ENVELOPE)), ENVELOPE)
