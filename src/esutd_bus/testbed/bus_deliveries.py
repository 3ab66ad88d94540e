"""What the simulated bus sends to a client: one after another, each until it is taken."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

import requests

from esutd_bus.testbed.faulty_reply import with_wrong_signature

if TYPE_CHECKING:
    from collections.abc import Callable

_AGAIN_SECONDS = 0.5
_TIMEOUT = (2.0, 10.0)
_HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}


class BusDeliveries:
    """A thread that posts envelopes to one address, in their order; whoever is down for a while misses none."""

    def __init__(self, address: str, sign: Callable[[bytes], bytes]) -> None:
        """`sign`: puts the bus's signature into an envelope."""
        self._address = address
        self._sign = sign
        self._queue: queue.SimpleQueue[Callable[[], bytes] | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bus-deliveries", daemon=True)
        self.answered: list[int] = []
        """HTTP status of each envelope's final answer, in order."""

    def __call__(self, envelope: bytes, *, spoilt: bool = False) -> None:
        """An envelope to be delivered; a spoilt one bears a signature that does not hold."""
        self._queue.put(
            lambda: with_wrong_signature(self._sign(envelope)) if spoilt else self._sign(envelope)
        )

    def start(self) -> None:
        """Begins to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Stops; what is not delivered stays undelivered."""
        self._stopping.set()
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (made := self._queue.get()) is not None and not self._stopping.is_set():
                signed = made()
                while not self._sent(session, signed):
                    if self._stopping.wait(_AGAIN_SECONDS):
                        return

    def _sent(self, session: requests.Session, envelope: bytes) -> bool:
        """Whether the client has answered; a fault is an answer, a busy or dead client is none."""
        try:
            reply = session.post(self._address, envelope, headers=_HEADERS, timeout=_TIMEOUT)
        except requests.RequestException:
            return False
        if reply.status_code == requests.codes.service_unavailable:
            return False
        self.answered.append(reply.status_code)
        return True
