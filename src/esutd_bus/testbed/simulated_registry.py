"""The state registries behind the bus, simulated: a SOAP server over HTTP, made from the contracts we call by."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

import structlog
from lxml import etree

from esutd_bus.testbed import simulated_gbdfl, simulated_gbdul, simulated_kdp
from esutd_bus.testbed.bus_contract import Asked, BrokenRequestError, BusContract
from esutd_bus.testbed.companies import load_companies
from esutd_bus.testbed.population import Behaviour, load_population
from esutd_bus.testbed.simulated_gbdfl import SimulatedGbdfl
from esutd_bus.testbed.simulated_gbdul import SimulatedGbdul
from esutd_bus.testbed.simulated_kdp import SimulatedKdp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lxml.etree import _Element as Element

    from esutd_bus.signature.keys import SigningKey
    from esutd_bus.testbed.companies import Companies
    from esutd_bus.testbed.population import Population

    Answer = Callable[[Asked], tuple[Element, Behaviour]]
    """The envelope that answers a request, and what is to be done to it on its way; or BrokenRequestError."""

_log = structlog.get_logger(__name__)

_MAX_REQUEST_BYTES = 1024 * 1024
_IDLE_SECONDS = 60.0
_HTML = b"<!DOCTYPE html>\n<html><head><title>Error</title></head><body>Internal error<br></body></html>\n"


class SimulatedRegistry:
    """The server; as a context manager it runs in threads of its own.

    Args:
        contracts: the directory with `wsdl/` and `xsd/`.
        population: whom it knows; by default `population.yaml`.
        companies: which organisations it knows; by default `companies.yaml`.
        key: signs the registries' answers; without one they are not signed.
        host: where it listens.
        port: 0 means a free one; `url` tells which.
    """

    def __init__(
        self,
        contracts: Path,
        population: Population | None = None,
        *,
        companies: Companies | None = None,
        key: SigningKey | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        contract = BusContract(contracts)
        answers = simulated_services(
            contract,
            load_population() if population is None else population,
            load_companies() if companies is None else companies,
            key,
        )
        self._server = _Server((host, port), contract, answers)
        self._thread = threading.Thread(target=self.serve_forever, name="simulated-registry", daemon=True)

    @property
    def url(self) -> str:
        """The address of the synchronous channel."""
        return self._server.address

    def serve_forever(self) -> None:
        """Answers, in the calling thread, until interrupted."""
        self._server.serve_forever(poll_interval=0.05)

    def __enter__(self) -> Self:
        """Begins to answer."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops; what hangs on purpose is let go."""
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve_registry(
    contracts: Path,
    host: str = "127.0.0.1",
    port: int = 0,
    population: Population | None = None,
    *,
    ready: Callable[[str], object] = print,
) -> None:
    """Serves until the process is interrupted or terminated.

    Args:
        contracts: the directory with `wsdl/` and `xsd/`.
        host: where it listens.
        port: 0 means a free one.
        population: whom it knows; by default `population.yaml`.
        ready: told the address once connections are taken (a pipe's `send`, say).
    """
    registry = SimulatedRegistry(contracts, population, host=host, port=port)
    ready(registry.url)
    with suppress(KeyboardInterrupt):
        registry.serve_forever()


def simulated_services(
    contract: BusContract, population: Population, companies: Companies, key: SigningKey | None = None
) -> dict[str, Answer]:
    """The registries' services: serviceId → what answers. `key` signs the answers."""
    access = {iin: person.access for iin, person in population.items()}
    kdp = SimulatedKdp(contract, access, key)
    persons = SimulatedGbdfl(contract, population, key, kdp)
    return {
        simulated_gbdfl.SERVICE_ID: persons.answer,
        simulated_gbdfl.TOKEN_SERVICE_ID: persons.answer,
        simulated_gbdul.SERVICE_ID: SimulatedGbdul(contract, companies, key).answer,
        simulated_kdp.SERVICE_ID: kdp.answer,
    }


class _Server(ThreadingHTTPServer):
    """Holds what all requests share. Its socket listens from the moment it is made."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, where: tuple[str, int], contract: BusContract, answers: Mapping[str, Answer]) -> None:
        self.contract = contract
        self.answers = answers
        self.stopping = threading.Event()
        self.path = self.contract.path
        super().__init__(where, _Handler)
        self.address = f"http://{where[0]}:{self.server_port}{self.path}"

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  # http.server's
        """A client that went away is no news (callers with a deadline do); anything else is."""
        if not isinstance(sys.exception(), ConnectionError):
            _log.exception("simulated registry failed")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "SimulatedRegistry"
    sys_version = ""
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Nothing: requests name people."""

    def do_GET(self) -> None:
        """`?wsdl`, `?wsdl=NAME`, `?xsd=NAME`."""
        url = urlsplit(self.path)
        query = parse_qs(url.query, keep_blank_values=True)
        name = (query.get("wsdl") or query.get("xsd") or ["?"])[0] or "SyncChannel.wsdl"
        document = self.server.contract.document(name, self.server.address)
        if url.path != self.server.path or document is None:
            self._send(HTTPStatus.NOT_FOUND, b"", "text/plain")
        else:
            self._send(HTTPStatus.OK, document)

    def do_POST(self) -> None:
        """`SendMessage`."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MAX_REQUEST_BYTES:
            self.close_connection = True
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"", "text/plain")
            return
        body = self.rfile.read(int(length))
        if urlsplit(self.path).path != self.server.path:
            self._send(HTTPStatus.NOT_FOUND, b"", "text/plain")
            return
        envelope, behaviour = self._answer(body)
        self.server.stopping.wait(behaviour.delay)
        if behaviour.http is not None:
            self._send(behaviour.http, _HTML, "text/html")
            return
        status = HTTPStatus.OK if envelope.find(".//{*}Fault") is None else HTTPStatus.INTERNAL_SERVER_ERROR
        answer = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
        self._send(status, answer, behaviour=behaviour)

    def _answer(self, body: bytes) -> tuple[Element, Behaviour]:
        contract = self.server.contract
        try:
            asked = contract.open(body)
            answer = self.server.answers.get(asked.service_id)
            if answer is None:
                return contract.fault("UNKNOWN_SERVICE", f"Сервис не найден: {asked.service_id}"), Behaviour()
            return answer(asked)
        except BrokenRequestError as error:
            return contract.fault("BROKEN_REQUEST", str(error)), Behaviour()

    def _send(
        self,
        status: int,
        body: bytes,
        content_type: str = "text/xml",
        behaviour: Behaviour | None = None,
    ) -> None:
        """The answer, or as much of it, and as fast, as the behaviour wants."""
        how = behaviour or Behaviour()
        self.send_response(status)
        self.send_header("Content-Type", f"{content_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if how.cut is not None:
            self.wfile.write(body[: how.cut])
            self.close_connection = True
        elif how.drip:
            for byte in body:
                self.wfile.write(bytes((byte,)))
                if self.server.stopping.wait(how.drip):
                    break
            self.close_connection = True
        else:
            self.wfile.write(body)
