"""The test CA's revocation over HTTP: lists and deltas by GET, OCSP by POST, and faults on demand.

GET  /NAME.crl  /NAME-delta.crl     of each trusted authority (`TestCa.revoking`)
POST /ocsp                          about certificates of any of them
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esutd_bus.testbed.revoking import RevokingAuthority
    from esutd_bus.testbed.test_ca import TestCa

OCSP: Final = "/ocsp"

_MAX_REQUEST_OCTETS: Final = 16 * 1024
_HTML: Final = b"<!DOCTYPE html>\n<html><head><title>Error</title></head><body>Not now<br></body></html>\n"
_LONG_AGO: Final = timedelta(days=365)


class Fault(Enum):
    """What goes wrong at an address, until it is put right."""

    HANGS = auto()
    DRIPS = auto()
    """An octet now and then."""

    ERROR = auto()
    """HTTP 500."""

    HTML = auto()
    """A page for people, with HTTP 200."""

    CUT = auto()
    """The connection ends before the content does."""

    MOVED = auto()
    """A redirect to a file of the asking machine."""

    STALE = auto()
    """Signed well, and long over."""

    FUTURE = auto()
    """Signed well, for tomorrow."""

    WRONG_SIGNATURE = auto()
    WRONG_ISSUER = auto()
    """Another authority's list, or a responder that another authority has certified."""

    TRY_LATER = auto()
    NO_RIGHT = auto()
    """Signed by a certificate of the right authority which is not for that."""

    WRONG_NONCE = auto()
    NO_NONCE = auto()


class CaServer:
    """The server; as a context manager it runs in threads of its own."""

    def __init__(self, ca: TestCa) -> None:
        self.authorities: Mapping[str, RevokingAuthority] = ca.revoking()
        self.faults: dict[str, Fault] = {}
        """Path → what goes wrong there."""
        self.calls: Counter[str] = Counter()
        """Path → how often it was asked for."""
        self.stopping = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="ca-server", daemon=True
        )

    @property
    def url(self) -> str:
        """The address of the server, without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def ocsp_url(self) -> str:
        """The responder's address."""
        return self.url + OCSP

    @property
    def list_urls(self) -> list[str]:
        """The addresses of all lists and deltas."""
        return [f"{self.url}/{name}{kind}.crl" for name in self.authorities for kind in ("", "-delta")]

    def authority_of(self, certificate: x509.Certificate) -> RevokingAuthority:
        """Who has issued a certificate. Raises StopIteration."""
        return next(one for one in self.authorities.values() if one.certificate.subject == certificate.issuer)

    def __enter__(self) -> Self:
        """Begins to answer."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops; what hangs on purpose is let go."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, ca: CaServer) -> None:
        self.ca = ca
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some faults are for."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        """A list or a delta."""
        fault = self._begin()
        is_delta = self.path.endswith("-delta.crl")
        name = self.path.removeprefix("/").removesuffix("-delta.crl" if is_delta else ".crl")
        authority = self.server.ca.authorities.get(name)
        if authority is None:
            self._send(HTTPStatus.NOT_FOUND, _HTML, "text/html")
            return
        issue = authority.delta if is_delta else authority.whole
        match fault:
            case Fault.STALE:
                issue = replace(
                    issue,
                    this_update=issue.this_update - _LONG_AGO,
                    next_update=issue.next_update - _LONG_AGO,
                )
            case Fault.FUTURE:
                tomorrow = datetime.now(UTC) + timedelta(days=1)
                issue = replace(issue, this_update=tomorrow, next_update=tomorrow + timedelta(days=1))
            case Fault.WRONG_ISSUER:
                authority = next(one for one in self.server.ca.authorities.values() if one is not authority)
                issue = authority.whole
        self._send_signed(authority.sign_list(issue), "application/pkix-crl", fault)

    def do_POST(self) -> None:
        """An OCSP answer."""
        fault = self._begin()
        length = self.headers.get("Content-Length", "")
        if self.path != OCSP or not length.isdecimal() or int(length) > _MAX_REQUEST_OCTETS:
            self.close_connection = True
            self._send(HTTPStatus.NOT_FOUND, _HTML, "text/html")
            return
        request = ocsp.load_der_ocsp_request(self.rfile.read(int(length)))
        self._send_signed(self._answer(request, fault), "application/ocsp-response", fault)

    def _answer(self, request: ocsp.OCSPRequest, fault: Fault | None) -> bytes:
        ca = self.server.ca
        authority = next((one for one in ca.authorities.values() if one.is_asked(request)), None)
        if fault is Fault.TRY_LATER or authority is None:
            status = ocsp.OCSPResponseStatus.TRY_LATER if authority else ocsp.OCSPResponseStatus.UNAUTHORIZED
            return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
        nonce: bytes | None = request.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
        signer, this_update = None, None
        match fault:
            case Fault.NO_NONCE:
                nonce = None
            case Fault.WRONG_NONCE:
                nonce = bytes(32)
            case Fault.STALE:
                this_update = datetime.now(UTC) - _LONG_AGO
            case Fault.FUTURE:
                this_update = datetime.now(UTC) + timedelta(days=1)
            case Fault.NO_RIGHT:
                signer = authority.certify("ESUTD-BUS TEST WITHOUT RIGHT")
            case Fault.WRONG_ISSUER:
                signer = next(one.responder for one in ca.authorities.values() if one is not authority)
        return authority.answer(request, nonce=nonce, signer=signer, this_update=this_update)

    def _begin(self) -> Fault | None:
        self.server.ca.calls[self.path] += 1
        fault = self.server.ca.faults.get(self.path)
        if fault is Fault.HANGS:
            self.server.ca.stopping.wait()
        return fault

    def _send_signed(self, content: bytes, content_type: str, fault: Fault | None) -> None:
        match fault:
            case Fault.ERROR:
                self._send(HTTPStatus.INTERNAL_SERVER_ERROR, _HTML, "text/html")
            case Fault.HTML:
                self._send(HTTPStatus.OK, _HTML, "text/html")
            case Fault.MOVED:
                self._send(HTTPStatus.FOUND, b"", "text/plain", location="file:///etc/hostname")
            case Fault.WRONG_SIGNATURE:
                self._send(HTTPStatus.OK, _with_another_signature(content), content_type)
            case Fault.CUT | Fault.DRIPS:
                self._send_slowly(content, content_type, cut=fault is Fault.CUT)
            case _:
                self._send(HTTPStatus.OK, content, content_type)

    def _send(self, status: int, content: bytes, content_type: str, location: str | None = None) -> None:
        self._send_head(status, len(content), content_type, location)
        self.wfile.write(content)

    def _send_slowly(self, content: bytes, content_type: str, *, cut: bool) -> None:
        self._send_head(HTTPStatus.OK, len(content), content_type)
        self.close_connection = True
        if cut:
            self.wfile.write(content[: len(content) // 2])
            return
        for octet in content:
            self.wfile.write(bytes((octet,)))
            if self.server.ca.stopping.wait(0.1):
                return

    def _send_head(self, status: int, length: int, content_type: str, location: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(length))
        if location is not None:
            self.send_header("Location", location)
        self.end_headers()


def _with_another_signature(content: bytes) -> bytes:
    try:
        signature = x509.load_der_x509_crl(content).signature
    except ValueError:
        signature = ocsp.load_der_ocsp_response(content).signature
    return content.replace(signature, bytes((*signature[:-1], signature[-1] ^ 1)))
