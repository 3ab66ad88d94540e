"""The state's shared bus, simulated: both channels and the registries behind it, over real HTTP, with scripted faults.

with SimulatedBus(packaged("."), key=ca.identity("bus")) as bus:
    …                                    # ESUTD_BUS_SYNC_URL=bus.sync_url, ESUTD_BUS_ASYNC_URL=bus.async_url
    with bus.playing(Fault(do="hang", service="GBDFL_UniversalServiceSync")):
        …
    assert [message.count for message in bus.received] == [1]
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from esutd_bus.signature.signing import sign
from esutd_bus.testbed.async_contract import AsyncContract
from esutd_bus.testbed.bus_contract import BrokenRequestError, BusContract
from esutd_bus.testbed.bus_deliveries import BusDeliveries
from esutd_bus.testbed.companies import load_companies
from esutd_bus.testbed.fault_script import FaultsAtWork, FaultScript
from esutd_bus.testbed.faulty_reply import faulty_reply, is_taken, untaken_reply
from esutd_bus.testbed.http_door import HttpDoor
from esutd_bus.testbed.population import load_population
from esutd_bus.testbed.simulated_async import SimulatedAsyncChannel
from esutd_bus.testbed.simulated_services import simulated_services
from esutd_bus.testbed.testers_page import TestersPage
from esutd_bus.testbed.wire import HttpReply, HttpRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from esutd_bus.signature.keys import SigningKey
    from esutd_bus.testbed.companies import Companies
    from esutd_bus.testbed.fault_script import Fault
    from esutd_bus.testbed.population import Population
    from esutd_bus.testbed.simulated_async import Received

_NO = ("BUS_FAILED", "Шина не может обработать сообщение")
_NOT_FOUND = HttpReply(HTTPStatus.NOT_FOUND, b"", "text/plain")


class SimulatedBus:
    """The bus; its sockets listen from the moment it is made, `start` begins to answer, in threads of its own.

    Args:
        contracts: the directory with `wsdl/` and `xsd/`.
        faults: what goes wrong from the start.
        population: whom ГБД ФЛ knows; by default `population.yaml`.
        companies: which organisations ГБД ЮЛ knows; by default `companies.yaml`.
        key: signs the registries' answers and the bus's deliveries; without one they are not signed.
        host: where it listens.
        port: of both channels; 0 means a free one.
        page_port: of the page for testers; 0 means a free one.
        deliver_to: a client's address (`http://127.0.0.1:8080/shep/async`); without one it must ask for its messages.
    """

    def __init__(
        self,
        contracts: Path,
        *,
        faults: FaultScript | None = None,
        population: Population | None = None,
        companies: Companies | None = None,
        key: SigningKey | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        page_port: int = 0,
        deliver_to: str | None = None,
    ) -> None:
        self._sync = BusContract(contracts)
        self._async = AsyncContract(contracts)
        self._services = simulated_services(
            self._sync,
            load_population() if population is None else population,
            load_companies() if companies is None else companies,
            key,
        )
        self._faults = FaultsAtWork(faults or FaultScript())
        self._deliveries = None
        if deliver_to is not None:
            self._deliveries = BusDeliveries(
                deliver_to, lambda envelope: envelope if key is None else sign(envelope, key, "wsse")
            )
        self.channel = SimulatedAsyncChannel(self._async, self._meets, self._deliveries)
        self.calls: Counter[str] = Counter()
        """How many times each operation was called, whatever became of the call."""
        self._lock = threading.Lock()
        self._door = HttpDoor(host, port, self._reply, refuses=self._refuses)
        self._page = HttpDoor(host, page_port, TestersPage(self).reply)

    @property
    def sync_url(self) -> str:
        """The address of the synchronous channel: `ESUTD_BUS_SYNC_URL`."""
        return f"{self._door.url}{self._sync.path}"

    @property
    def async_url(self) -> str:
        """The address of the asynchronous channel: `ESUTD_BUS_ASYNC_URL`."""
        return f"{self._door.url}{self._async.path}"

    @property
    def page_url(self) -> str:
        """The address of the page for testers."""
        return f"{self._page.url}/"

    @property
    def received(self) -> list[Received]:
        """What came by the asynchronous channel, each message once, with how many times it came."""
        return self.channel.received

    @property
    def answered(self) -> list[int]:
        """HTTP status of the client's answer to each delivery, in order; without `deliver_to` there are none."""
        return [] if self._deliveries is None else self._deliveries.answered

    @property
    def faults(self) -> FaultsAtWork:
        """The script at work."""
        return self._faults

    def play(self, script: FaultScript) -> None:
        """Begins a script in place of the one at work; what hangs, or drips, by that one ends."""
        self._faults = FaultsAtWork(script)
        self._door.let_go()

    @contextmanager
    def playing(self, *faults: Fault, seed: int = 0) -> Iterator[FaultsAtWork]:
        """These faults, until it is left; then what was at work begins anew."""
        before = self._faults.script
        self.play(FaultScript(seed=seed, faults=faults))
        try:
            yield self._faults
        finally:
            self.play(before)

    def start(self) -> None:
        """Begins to answer."""
        self._door.start()
        self._page.start()
        if self._deliveries is not None:
            self._deliveries.start()

    def stop(self) -> None:
        """Stops; what hangs is let go."""
        if self._deliveries is not None:
            self._deliveries.stop()
        self._page.stop()
        self._door.stop()

    def __enter__(self) -> Self:
        """Begins to answer."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops."""
        self.stop()

    def _refuses(self) -> bool:
        return self._faults.refuses()

    def _meets(self, service_id: str | None, operation: str) -> Fault | None:
        return self._faults.meets(service_id, operation)

    def _called(self, operation: str) -> None:
        with self._lock:
            self.calls[operation] += 1

    def _reply(self, request: HttpRequest) -> HttpReply:
        """What goes out for a request, and how."""
        url = urlsplit(request.target)
        is_sync = url.path == self._sync.path
        if request.method == "GET" and is_sync:
            query = parse_qs(url.query, keep_blank_values=True)
            name = (query.get("wsdl") or query.get("xsd") or ["?"])[0] or "SyncChannel.wsdl"
            document = self._sync.document(name, self.sync_url)
            return _NOT_FOUND if document is None else HttpReply(HTTPStatus.OK, document)
        if request.method == "GET" or not (is_sync or url.path == self._async.path):
            return _NOT_FOUND
        if request.method != "POST":
            return HttpReply(HTTPStatus.NOT_IMPLEMENTED, b"", "text/plain")
        return self._synchronous(request.body) if is_sync else self._asynchronous(request.body)

    def _synchronous(self, body: bytes) -> HttpReply:
        contract = self._sync
        self._called("SendMessage")
        fault = None
        try:
            asked = contract.open(body)
            fault = self._meets(asked.service_id, "SendMessage")
            if fault is not None and not is_taken(fault):
                return untaken_reply(fault, etree.tostring(contract.fault(*_NO)))
            service = self._services.get(asked.service_id)
            if service is None:
                unknown = contract.fault("UNKNOWN_SERVICE", f"Сервис не найден: {asked.service_id}")
                return faulty_reply(unknown, fault)
            envelope, behaviour = service(asked)
        except BrokenRequestError as error:
            return faulty_reply(contract.fault("BROKEN_REQUEST", str(error)), fault)
        return faulty_reply(envelope, fault, behaviour)

    def _asynchronous(self, body: bytes) -> HttpReply:
        contract = self._async
        try:
            message = contract.open(body)
        except BrokenRequestError as error:
            return faulty_reply(contract.fault("sendMessage", "BROKEN_REQUEST", str(error)), None)
        operation = etree.QName(message).localname
        self._called(operation)
        fault = self._meets(self.channel.service_of(message), operation)
        if fault is not None and not is_taken(fault):
            return untaken_reply(fault, etree.tostring(contract.fault(operation, *_NO)))
        return faulty_reply(self.channel.answer(message, fault), fault)
