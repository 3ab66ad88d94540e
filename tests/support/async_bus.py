"""The smallest bus of the asynchronous channel, over real HTTP: it keeps ids, and can be made to fail at every step.

What arrives a second time with the same sender's id has no second effect: that is «a receiver that keeps ids».
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from uuid import uuid4

from lxml import etree

_TYPES = "http://bip.bee.kz/AsyncChannel/v10/Types"
_SESSION = "{00000000-0000-4000-8000-000000000000}"
_NOW = "2026-11-26T09:00:00+05:00"

Behaviour = str
"""What the bus does with a call:

    ok              takes it, and has delivered it at once
    on-delivery     takes it, and delivers it by the second question
    not-delivered   takes it, and cannot deliver it: the sender may try again
    stopped         takes it, and will not deliver it
    refuse          answers with a fault, and takes nothing
    html            answers with a page, and takes nothing
    hang            takes nothing and says nothing, until it is let go
    cut-before      closes the connection before it takes anything
    cut-after       takes it, and closes the connection without an answer
    lost            takes it, answers, and forgets it
"""


@dataclass
class Arrived:
    """A message as the bus keeps it."""

    bus_id: str
    our_id: str
    service_id: str
    message_type: str
    correlation_id: str
    data: bytes
    state: str
    asked: int = 0


@dataclass
class AsyncBus:
    """Its state may be looked at any time; `script` says what it does, by serviceId, call by call."""

    script: dict[str, list[Behaviour]] = field(default_factory=lambda: defaultdict(list))
    """What is not said is `ok`; the last word of a script counts until it is changed."""

    asks: list[Behaviour] = field(default_factory=list)
    """The same for getMessageStatus, of all messages."""

    knows_senders_ids: bool = True
    """Whether it can be asked by the sender's own id, or only by the one it gave."""

    answers_requests: bool = True
    arrived: list[Arrived] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    on_call: Callable[[str], None] = lambda _operation: None
    url: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._let_go = threading.Event()

    def __enter__(self) -> Self:
        bus = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = bus._answer(body)
                if answer is None:
                    self.close_connection = True
                    return
                status, content = answer
                self.send_response(status)
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_: Any) -> None:
                """Whoever was killed while it waited hears nothing."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/bip-async/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
        self._server.shutdown()
        self._server.server_close()

    def heal(self) -> None:
        """From now on everything works."""
        self.script.clear()
        self.asks.clear()
        self.let_go()

    def let_go(self) -> None:
        """Whatever hangs ends."""
        self._let_go.set()
        self._let_go = threading.Event()

    @property
    def effects(self) -> list[str]:
        """The sender's ids of what was delivered, in the order of their first delivery, each once."""
        with self._lock:
            return list(dict.fromkeys(each.our_id for each in self.arrived if each.state == "DELIVERED"))

    def out_of_order(self, messages: Mapping[str, tuple[str, str, int]]) -> list[str]:
        """Ids of what was delivered after a later message about the same contract; `messages`: id → (destination,
        contract, version).
        """
        newest: dict[tuple[str, str], int] = {}
        late = []
        for our_id in self.effects:
            destination, contract, version = messages[our_id]
            if version < newest.get((destination, contract), 0):
                late.append(our_id)
            newest[destination, contract] = version
        return late

    def _answer(self, body: bytes) -> tuple[int, bytes] | None:
        (operation,) = etree.fromstring(body).iterfind("{*}Body/*")
        name = etree.QName(operation).localname
        self.on_call(name)
        with self._lock:
            self.calls[name] += 1
        handle = {
            "sendMessage": self._send,
            "getMessageStatus": self._status,
            "getMessages": self._messages,
            "sendDeliveryNotification": self._acknowledge,
        }[name]
        answer = handle(operation.find("request"))
        return answer if not isinstance(answer, str) else (200, _envelope(f"{name}Response", answer))

    def _next(self, script: list[Behaviour]) -> Behaviour:
        with self._lock:
            if not script:
                return "ok"
            return script.pop(0) if len(script) > 1 else script[0]

    def _broken(self, behaviour: Behaviour) -> tuple[int, bytes] | bool | None:
        """What comes in place of an answer; False where there is one."""
        match behaviour:
            case "refuse":
                return 500, _fault("BUS-1", "the bus says no")
            case "html":
                return 502, b"<html>Bad gateway</html>"
            case "hang":
                self._let_go.wait(30)
                return None
            case "cut-before":
                return None
        return False

    def _send(self, request: Any) -> str | tuple[int, bytes] | None:
        info = request.find("messageInfo")
        service_id = info.findtext("serviceId")
        behaviour = self._next(self.script.get(service_id, []))
        broken = self._broken(behaviour)
        if broken is not False:
            return broken  # type: ignore[return-value]  # True is never said
        state = {
            "on-delivery": "ON_DELIVERY",
            "not-delivered": "NOT_DELIVERED",
            "stopped": "DELIVERY_STOPPED",
        }
        bus_id = str(uuid4())  # no two buses of a test run give one number twice
        arrived = Arrived(
            bus_id,
            {each.findtext("key"): each.findtext("value") for each in info.findall("properties")}[
                "senderMessageId"
            ],
            service_id,
            info.findtext("messageType"),
            info.findtext("correlationId") or bus_id,
            etree.tostring(request.find("messageData/data")[0], method="c14n", exclusive=True),
            state.get(behaviour, "DELIVERED"),
        )
        if behaviour != "lost":
            with self._lock:
                self.arrived.append(arrived)
        if behaviour == "cut-after":
            return None
        return (
            f"<messageId>{bus_id}</messageId><correlationId>{arrived.correlation_id}</correlationId>"
            f"<responseDate>{_NOW}</responseDate>"
        )

    def _status(self, request: Any) -> str | tuple[int, bytes] | None:
        broken = self._broken(self._next(self.asks))
        if broken is not False:
            return broken  # type: ignore[return-value]  # as above
        asked = request.findtext("messageId")
        with self._lock:
            found = [
                each
                for each in self.arrived
                if asked == each.bus_id or (self.knows_senders_ids and asked == each.our_id)
            ]
            if not found:
                return 500, _fault("BUS-404", "no such message")
            message = found[-1]
            state = message.state
            message.asked += 1
            if state == "ON_DELIVERY" and message.asked > 0:
                message.state = "DELIVERED"
        return (
            f"<messageState>{state}</messageState><status><statusCode>1</statusCode><statusMessage>-</statusMessage>"
            f"<statusDate>{_NOW}</statusDate></status><responseDate>{_NOW}</responseDate>"
        )

    def _messages(self, request: Any) -> str:
        correlation_id = request.findtext("correlationId")
        with self._lock:
            asked = [
                each
                for each in self.arrived
                if each.correlation_id == correlation_id and each.message_type == "REQUEST"
            ]
        head = f"<responseDate>{_NOW}</responseDate><sessionId>{_SESSION}</sessionId>"
        if not asked or not self.answers_requests or f"answer-{correlation_id}" in self.acknowledged:
            return head
        return (
            f"{head}<messages><messageInfo><messageId>answer-{correlation_id}</messageId><correlationId>{correlation_id}"
            f"</correlationId><serviceId>{asked[0].service_id}</serviceId><messageType>RESPONSE</messageType>"
            f"<messageDate>{_NOW}</messageDate><sender><senderId>s</senderId></sender></messageInfo>"
            "<messageData><data><answer>42</answer></data></messageData></messages>"
        )

    def _acknowledge(self, request: Any) -> str:
        with self._lock:
            self.acknowledged.append(request.findtext("notification/messageId"))
        return f"<notificationId>n</notificationId><responseDate>{_NOW}</responseDate><sessionId>{_SESSION}</sessionId>"


def _envelope(element: str, content: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<t:{element} xmlns:t="{_TYPES}"><response>{content}</response></t:{element}></s:Body></s:Envelope>'
    ).encode()


def _fault(code: str, message: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode>'
        f'<faultstring>-</faultstring><detail><t:fault xmlns:t="{_TYPES}"><errorCode>{code}</errorCode>'
        f"<errorMessage>{message}</errorMessage><errorDate>{_NOW}</errorDate></t:fault></detail></s:Fault></s:Body>"
        "</s:Envelope>"
    ).encode()
