"""One deadline a call, bounded answers, nothing from the environment, contracts from one directory alone."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from dataclasses import replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from raw_server import CONTRACTS, RawServer, Script, http, read_request

from esutd_bus.registries.access import BusAccess
from esutd_bus.registries.exchange import Exchange, Outcome
from esutd_bus.registries.transport import ChannelTransport, HttpAnswer
from esutd_bus.registries.upstream import UpstreamError, UpstreamTimeout, UpstreamUnavailable

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

PATIENT = BusAccess("", "sender", deadline=30.0)
HURRIED = BusAccess("", "sender", deadline=0.3)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate of 127.0.0.1, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(pem + signed.public_bytes(serialization.Encoding.PEM))
    return file


def call(
    url: str, access: BusAccess = PATIENT, kept: list[Exchange] | None = None, message: bytes = b"<asked/>"
) -> HttpAnswer:
    keep = kept if kept is not None else []
    return ChannelTransport(access, CONTRACTS, keep.append).post(url, message, {"SOAPAction": '""'})


def drip(head: bytes) -> Script:
    """Sends the head at once, then letter after letter, each well within any time-out of a single read."""

    def script(connection: socket.socket, stopping: threading.Event) -> None:
        read_request(connection)
        connection.sendall(head)
        while not stopping.wait(0.02):
            connection.sendall(b"x")

    return script


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"HTTP/1.1 200 O", id="in the status line"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Long: ", id="in a header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n<a>", id="in the body"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n<a>", id="in a body without length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n", id="in a chunk"),
    ],
)
def test_a_dripping_server_does_not_outlast_the_deadline(
    serve: Callable[[Script], RawServer], head: bytes
) -> None:
    kept: list[Exchange] = []

    with pytest.raises(UpstreamTimeout) as caught:
        call(serve(drip(head)).url, HURRIED, kept)

    assert caught.value.message == "no answer within 0.3 s"
    assert caught.value.code is None
    assert [exchange.outcome for exchange in kept] == [Outcome.TIMED_OUT]


def test_a_dripping_server_behind_tls_does_not_outlast_the_deadline(
    serve: Callable[[Script], RawServer], certificate: Path
) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)

    def script(connection: socket.socket, stopping: threading.Event) -> None:
        with tls.wrap_socket(connection, server_side=True) as secured:
            drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n<begun>")(secured, stopping)

    kept: list[Exchange] = []
    transport = ChannelTransport(HURRIED, CONTRACTS, kept.append)
    transport.session.verify = str(certificate)

    with pytest.raises(UpstreamTimeout):
        transport.post(serve(script).url.replace("http:", "https:"), b"<asked/>", {})

    assert kept[0].status == 200


def test_what_came_before_the_deadline_is_kept(serve: Callable[[Script], RawServer]) -> None:
    kept: list[Exchange] = []
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n<begun>"

    with pytest.raises(UpstreamTimeout):
        call(serve(drip(head)).url, HURRIED, kept)

    assert kept[0].status == 200
    assert kept[0].received is not None
    assert kept[0].received.startswith(b"<begun>")


def test_a_silent_server_does_not_outlast_the_deadline(serve: Callable[[Script], RawServer]) -> None:
    with pytest.raises(UpstreamTimeout):
        call(serve(lambda _, stopping: stopping.wait()).url, HURRIED)


def test_a_server_that_does_not_read_does_not_outlast_the_deadline(
    serve: Callable[[Script], RawServer],
) -> None:
    with pytest.raises(UpstreamTimeout):
        call(serve(lambda _, stopping: stopping.wait()).url, HURRIED, message=b"x" * 50_000_000)


def test_all_addresses_of_a_host_share_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener whose queue is full leaves connections unanswered, as a lost host does."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        address = (socket.AF_INET, socket.SOCK_STREAM, 0, "", full.getsockname())
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address] * 100_000)

        with pytest.raises(UpstreamTimeout):
            call("http://registry.invalid/", HURRIED)

        for client in waiting:
            client.close()


def test_the_second_address_is_tried_when_the_first_refuses(
    answering: Callable[[bytes], RawServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = answering(http(b"<a/>"))
    port = int(server.url.split(":")[2].partition("/")[0])
    addresses = [
        (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", number)) for number in (_free_port(), port)
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)

    assert call("http://registry.invalid/").body == b"<a/>"


def test_the_bytes_sent_and_received_are_kept(answering: Callable[[bytes], RawServer]) -> None:
    kept: list[Exchange] = []
    url = answering(http(b"<a>\xd0\x96</a>", "500 Oh")).url

    assert call(url, kept=kept) == HttpAnswer(500, b"<a>\xd0\x96</a>")

    (exchange,) = kept
    assert (exchange.url, exchange.sent, exchange.received) == (url, b"<asked/>", b"<a>\xd0\x96</a>")
    assert (exchange.status, exchange.outcome) == (500, Outcome.ANSWERED)
    assert exchange.started_at <= exchange.ended_at
    assert exchange.started_at.tzinfo is not None


def test_what_cannot_be_kept_is_not_used(answering: Callable[[bytes], RawServer]) -> None:
    def full(_: Exchange) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        ChannelTransport(PATIENT, CONTRACTS, full).post(answering(http(b"<a/>")).url, b"", {})


def test_a_chunked_answer_is_read_whole(answering: Callable[[bytes], RawServer]) -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n<a>\r\n4\r\n</a>\r\n0\r\n\r\n"

    assert call(answering(answer).url).body == b"<a></a>"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"", "the connection broke before an answer"),
        (b"not HTTP at all\r\n\r\n", "the connection broke before an answer"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<a>",
            "HTTP 200: the connection broke within the answer",
        ),
    ],
)
def test_a_connection_that_breaks_is_no_answer(
    serve: Callable[[Script], RawServer], answer: bytes, message: str
) -> None:
    kept: list[Exchange] = []

    def script(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        connection.sendall(answer)

    with pytest.raises(UpstreamUnavailable) as caught:
        call(serve(script).url, kept=kept)

    assert caught.value.message == message
    assert kept[0].outcome is Outcome.FAILED
    assert kept[0].sent == b"<asked/>"


def test_nobody_listens() -> None:
    with pytest.raises(UpstreamUnavailable, match="no connection"):
        call(f"http://127.0.0.1:{_free_port()}/")


def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UpstreamUnavailable, match="no connection"):
        call("http://registry.invalid/")


def test_plain_text_where_tls_was_expected(serve: Callable[[Script], RawServer]) -> None:
    server = serve(lambda connection, _: connection.sendall(http(b"<a/>")))

    with pytest.raises(UpstreamUnavailable, match="no trusted TLS connection"):
        call(server.url.replace("http:", "https:"))


def test_a_tls_handshake_has_the_deadline_too(serve: Callable[[Script], RawServer]) -> None:
    server = serve(lambda _, stopping: stopping.wait())

    with pytest.raises(UpstreamTimeout):
        call(server.url.replace("http:", "https:"), HURRIED)


def test_an_answer_too_long_is_not_read_to_its_end(serve: Callable[[Script], RawServer]) -> None:
    def endless(connection: socket.socket, stopping: threading.Event) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not stopping.is_set():
            connection.sendall(b" " * 65536)

    kept: list[Exchange] = []
    with pytest.raises(UpstreamUnavailable, match="longer than 1000 bytes"):
        call(serve(endless).url, replace(PATIENT, max_answer_bytes=1000), kept)
    assert kept[0].outcome is Outcome.FAILED


def test_a_redirect_is_not_followed(answering: Callable[[bytes], RawServer]) -> None:
    elsewhere = answering(http(b"<stolen/>"))

    answer = call(answering(http(b"", "302 Found", f"Location: {elsewhere.url}")).url)

    assert answer.status == 302
    assert elsewhere.connections == 0


def test_proxies_of_the_environment_are_not_used(
    answering: Callable[[bytes], RawServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = answering(http(b"<proxied/>"))
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "")

    assert call(answering(http(b"<direct/>")).url).body == b"<direct/>"
    assert proxy.connections == 0


def test_no_cookie_and_no_file_and_one_connection(serve: Callable[[Script], RawServer]) -> None:
    requests: list[bytes] = []

    def script(connection: socket.socket, _: threading.Event) -> None:
        while request := read_request(connection):
            requests.append(request.lower())
            connection.sendall(http(b"<a/>", "200 OK", "Set-Cookie: session=1"))

    server = serve(script)
    transport = ChannelTransport(PATIENT, CONTRACTS, lambda _: None)
    for _ in range(3):
        transport.post(server.url, b"<asked/>", {})

    assert len(requests) == 3
    assert not any(b"cookie" in request for request in requests)
    assert all(b"accept-encoding: identity" in request for request in requests)
    assert server.connections == 1
    with pytest.raises(UpstreamError):
        transport.post((CONTRACTS / "pyproject.toml").as_uri(), b"", {})


@pytest.mark.parametrize(
    "url",
    [
        "http://schemas.xmlsoap.org/soap/envelope/",
        "https://127.0.0.1/a.xsd",
        "file:///etc/passwd",
        "/etc/passwd",
        "../../../../etc/passwd",
    ],
)
def test_contracts_are_read_from_their_directory_alone(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = ChannelTransport(PATIENT, CONTRACTS / "xsd", lambda _: None)
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("the network was used"))

    with pytest.raises((PermissionError, FileNotFoundError)):
        transport.load(url)


def test_a_contract_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.xsd").write_bytes(b"<a/>")

    assert ChannelTransport(PATIENT, tmp_path, lambda _: None).load(str(tmp_path / "a.xsd")) == b"<a/>"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
