"""Recorded messages sent again, as they were, and what is answered now beside what was answered then.

A recorded message is signed and dated: not a byte of it can be made anew. So what comes back depends on the endpoint.
Where it knows the message (the same database, a copy, a restored backup) it owes the stored answer, byte for byte;
where it does not, the same answer but for the ids and moments that it gives itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import TYPE_CHECKING, Final
from uuid import UUID

import requests
from lxml import etree

from esutd_bus.testbed.answers import Answer, outline, read_answer
from esutd_bus.testbed.replay import EndpointUnreachable
from esutd_bus.testbed.xml import body_element, parse

if TYPE_CHECKING:
    from esutd_bus.testbed.composing import Service

_TIMEOUT: Final = (5.0, 60.0)
_GIVEN_BY_THE_SERVICE: Final = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"
)
"""Ids and moments; those that the message itself speaks of must come back as they are."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message of the journal with its answer."""

    message_id: UUID
    operation: str | None
    service: str
    """The contract's name."""

    body: bytes
    status: int
    answer: bytes


@dataclass(frozen=True, slots=True)
class Replayed:
    """How one went."""

    recorded: Recorded
    answer: Answer | None
    milliseconds: float
    same_bytes: bool
    differences: tuple[str, ...]


def send_recorded(
    messages: Iterable[Recorded],
    endpoint: str,
    services: Mapping[str, Service],
    on_result: Callable[[Replayed], None] = lambda _: None,
) -> list[Replayed]:
    """Sends messages in the given order to a service's base address. `services`: by the contract's name.

    Raises:
        EndpointUnreachable: nobody listens.
    """
    replayed = []
    with requests.Session() as session:
        session.trust_env = False  # the endpoint is spoken to directly, whatever proxies there are
        for recorded in messages:
            result = _sent(session, recorded, endpoint, services.get(recorded.service))
            on_result(result)
            replayed.append(result)
    return replayed


def _sent(session: requests.Session, recorded: Recorded, endpoint: str, service: Service | None) -> Replayed:
    if service is None:
        told = f"not sent: there is no contract {recorded.service}"
        return Replayed(recorded, None, 0.0, same_bytes=False, differences=(told,))
    begun = time.perf_counter()
    try:
        response = session.post(
            endpoint.rstrip("/") + service.path,
            data=recorded.body,
            headers={"Content-Type": "text/xml", "SOAPAction": f'"{_action(recorded.body, service)}"'},
            timeout=_TIMEOUT,
            allow_redirects=False,
        )
    except requests.exceptions.RequestException as error:
        if isinstance(error, requests.exceptions.ConnectTimeout) or "NewConnectionError" in repr(error):
            raise EndpointUnreachable(str(error)) from error
        told = f"no answer: {error}"
        return Replayed(recorded, None, _since(begun), same_bytes=False, differences=(told,))
    answer = read_answer(response.status_code, response.headers, response.content)
    same = (answer.status, answer.body) == (recorded.status, recorded.answer)
    then = read_answer(recorded.status, {}, recorded.answer)
    found = () if same else tuple(changes(then, answer, recorded.body))
    return Replayed(recorded, answer, _since(begun), same_bytes=same, differences=found)


def changes(then: Answer, now: Answer, sent: bytes) -> list[str]:
    """What an answer differs in from the recorded one, a line each, but for what the service gives anew."""
    found = []
    if then.status != now.status:
        found.append(f"HTTP status: recorded {then.status}, now {now.status}")
    if now.unreadable is not None:
        return [*found, now.unreadable]
    if then.faultcode != now.faultcode:
        found.append(f"fault: recorded {then.faultcode or 'none'}, now {now.faultcode or 'none'}")
    return found + _unlike(_lines(then, sent), _lines(now, sent))


def _lines(answer: Answer, sent: bytes) -> list[str]:
    if answer.payload is not None:
        lines = outline(answer.payload)
    else:
        parts = ("code", "field", "reason", "upstream_code", "upstream_message")
        # The order in which errors are told is nobody's promise.
        lines = sorted(
            " · ".join(str(value) for part in parts if (value := getattr(error, part)) is not None)
            for error in answer.errors
        )

    def blank(found: re.Match[str]) -> str:
        return found[0] if found[0].encode() in sent else "…"

    return [_GIVEN_BY_THE_SERVICE.sub(blank, line) for line in lines]


def _unlike(then: list[str], now: list[str]) -> list[str]:
    lines = unified_diff(then, now, lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def _action(body: bytes, service: Service) -> str:
    try:
        element = body_element(parse(body))
    except (etree.XMLSyntaxError, ValueError):
        return ""
    return "" if element is None else service.soap_actions.get(str(element.tag), "")


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000
