"""The page for testers: what the simulated bus has received, and the fault script, to be changed while it runs.

GET    /           the page
GET    /received   JSON: id, senderMessageId, serviceId, type, correlationId, count, state of each message
DELETE /received   forgets them
GET    /faults     JSON: the script at work, and how many calls each fault has met
PUT    /faults     a script (YAML) in place of the one at work; what is wrong with it is answered with 400
POST   /messages?serviceId=…&type=…&correlationId=…    sends the body's XML to the client
"""

from __future__ import annotations

import html
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from esutd_bus.testbed.fault_script import FaultScriptError, read_fault_script
from esutd_bus.testbed.wire import HttpReply
from esutd_bus.testbed.xml import parse

if TYPE_CHECKING:
    from esutd_bus.testbed.simulated_bus import SimulatedBus
    from esutd_bus.testbed.wire import HttpRequest

_TYPES = frozenset({"REQUEST", "NOTIFICATION", "UPDATE", "RESPONSE"})
_FORM = "application/x-www-form-urlencoded"
_PAGE = """<!DOCTYPE html>
<html lang="ru"><head><meta charset="utf-8"><title>Имитатор шины</title></head><body>
<h1>Имитатор шины</h1>
<p>Синхронный канал: {sync}<br>Асинхронный канал: {asynchronous}</p>
<h2>Получено: {number}</h2>
<table border="1"><tr>{headings}</tr>{rows}</table>
<h2>Сценарий сбоев</h2>
<pre>{faults}</pre>
<form method="post" action="/faults"><textarea name="script" rows="12" cols="80"></textarea><br>
<button>Заменить сценарий</button></form>
</body></html>
"""


class TestersPage:
    """Answers for a bus. It has a port of its own, so that it is there when the bus refuses."""

    __test__ = False  # pytest: no test

    def __init__(self, bus: SimulatedBus) -> None:
        self._bus = bus

    def reply(self, request: HttpRequest) -> HttpReply:
        """What goes out for a request."""
        url = urlsplit(request.target)
        match request.method, url.path:
            case "GET", "/":
                return HttpReply(HTTPStatus.OK, self._page().encode(), "text/html; charset=utf-8")
            case (("GET" | "DELETE"), "/received"):
                if request.method == "DELETE":
                    self._bus.channel.forget()
                return _json([message.told() for message in self._bus.received])
            case "GET", "/faults":
                return _json(self._faults())
            case (("PUT" | "POST"), "/faults"):
                return self._play(request)
            case "POST", "/messages":
                return self._post(request, parse_qs(url.query))
        return HttpReply(HTTPStatus.NOT_FOUND, b"", "text/plain")

    def _faults(self) -> dict[str, Any]:
        faults = self._bus.faults
        return {"script": faults.script.as_data(), "met": faults.met}

    def _play(self, request: HttpRequest) -> HttpReply:
        text = request.body.decode("utf-8", "replace")
        if request.headers.get("content-type", "").startswith(_FORM):
            text = parse_qs(text).get("script", [""])[0]
        try:
            self._bus.play(read_fault_script(text))
        except FaultScriptError as error:
            return _wrong(str(error))
        return _json(self._faults())

    def _post(self, request: HttpRequest, query: dict[str, list[str]]) -> HttpReply:
        said = {name: values[0] for name, values in query.items()}
        try:
            data = parse(request.body)
        except etree.XMLSyntaxError as error:
            return _wrong(f"not XML: {error}")
        if "serviceId" not in said or said.get("type") not in _TYPES:
            return _wrong(f"say serviceId, and type: one of {', '.join(sorted(_TYPES))}")
        message_id = self._bus.channel.post(said["serviceId"], said["type"], data, said.get("correlationId"))
        return _json({"messageId": message_id})

    def _page(self) -> str:
        messages = [message.told() for message in self._bus.received]
        headings = list(messages[0]) if messages else []
        return _PAGE.format(
            sync=self._bus.sync_url,
            asynchronous=self._bus.async_url,
            number=len(messages),
            headings="".join(f"<th>{name}</th>" for name in headings),
            rows="".join(
                "<tr>" + "".join(f"<td>{html.escape(str(value))}</td>" for value in each.values()) + "</tr>"
                for each in messages
            ),
            faults=html.escape(json.dumps(self._faults(), ensure_ascii=False, indent=2)),
        )


def _json(value: Any) -> HttpReply:
    return HttpReply(HTTPStatus.OK, json.dumps(value, ensure_ascii=False).encode(), "application/json")


def _wrong(text: str) -> HttpReply:
    return HttpReply(HTTPStatus.BAD_REQUEST, text.encode(), "text/plain; charset=utf-8")
