"""One try at a message: it is sent or asked about, its answer fetched or acknowledged; and what came of that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from esutd_bus.registries.access import BusAccess
from esutd_bus.registries.async_channel import AsyncChannel, Letter
from esutd_bus.registries.exchange import Exchange
from esutd_bus.registries.lenient import UnreadableXmlError
from esutd_bus.registries.upstream import (
    UpstreamError,
    UpstreamNotReached,
    UpstreamRefused,
)
from esutd_bus.store.outbox import ASK_AFTER, Happened
from esutd_bus.store.outbox_message import NOTIFICATION, REQUEST
from esutd_bus.store.outbox_state import TOLD_BY_BUS, Happening, OutboxState
from esutd_bus.store.pause import pause


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a thread is given."""

    message: Mapping[str, Any]
    """The row of `outbox`, as it was taken."""

    body: bytes | None
    """The business data, where it is to be sent."""


class Delivery:
    """Tries. Safe to use from many threads."""

    def __init__(self, access: BusAccess, contracts: Path) -> None:
        """`access`: the bus's asynchronous channel; `contracts`: the folder with `wsdl` and `xsd`."""
        self._status = threading.local()
        self._channel = AsyncChannel(access, contracts, self._note)

    def attempt(self, attempt: Attempt, clock: Callable[[], datetime]) -> Happened:
        """What came of it. Raises nothing that an upstream could provoke."""
        message = attempt.message
        state = OutboxState[message["state"]]
        self._status.http = None
        try:
            match state:
                case OutboxState.SENDING:
                    happened = self._send(message, attempt.body or b"", clock)
                case OutboxState.AWAITING_ANSWER:
                    happened = self._fetch(message, clock)
                case OutboxState.ANSWER_KEPT:
                    happened = self._acknowledge(message, clock)
                case _:
                    happened = self._ask(message, clock)
        except UpstreamError as error:
            happened = _failed(message, error, is_sent=state is OutboxState.SENDING, now=clock())
        except UnreadableXmlError as error:
            now = clock()
            told = f"its business data is no XML document: {error}"
            happened = Happened(
                message["id"], message["attempts"], Happening.UNSENDABLE, now, now, reason=told
            )
        return replace(happened, http_status=self._status.http)

    def _note(self, exchange: Exchange) -> None:
        """Of the last call of this thread: its HTTP status."""
        self._status.http = exchange.status

    def _send(self, message: Mapping[str, Any], body: bytes, clock: Callable[[], datetime]) -> Happened:
        ours = str(message["id"])
        correlation_id = message["correlation_id"]
        if correlation_id is None and message["message_type"] == NOTIFICATION:
            correlation_id = ours
        taken = self._channel.send(
            Letter(
                ours,
                message["service_id"],
                message["message_type"],
                body,
                # The bus makes it for a request; ours, of a try before, would be none of its own.
                None if message["message_type"] == REQUEST else correlation_id,
                message["session_id"],
            )
        )
        now = clock()
        return Happened(
            message["id"],
            message["attempts"],
            Happening.ACCEPTED,
            now,
            now + ASK_AFTER,
            bus_message_id=taken.message_id,
            correlation_id=taken.correlation_id or correlation_id,
        )

    def _ask(self, message: Mapping[str, Any], clock: Callable[[], datetime]) -> Happened:
        try:
            status = self._channel.status(message["bus_message_id"] or str(message["id"]))
        except UpstreamRefused as error:
            now = clock()
            told = f"the bus was asked, and does not know it: {error.message}"
            came = Happened(message["id"], message["attempts"], Happening.UNKNOWN_TO_BUS, now, now)
            return replace(came, code=error.code, told=error.message, reason=told)
        now = clock()
        what = TOLD_BY_BUS[status.state]
        told = ": ".join(filter(None, (status.code, status.message)))
        if _lost_its_answers_name(message) and what in (Happening.ON_DELIVERY, Happening.DELIVERED):
            told = (
                "the bus has it, but what it calls the answer was lost: sent again, with the same id of ours"
            )
            return Happened(
                message["id"], message["attempts"], Happening.UNKNOWN_TO_BUS, now, now, reason=told, told=told
            )
        failed = what in (Happening.NOT_DELIVERED, Happening.ON_DELIVERY)
        return Happened(
            message["id"],
            message["attempts"],
            what,
            now,
            # What is asked for again and again is asked for less and less often.
            now + (pause(message["attempts"]) if failed else timedelta()),
            code=status.code,
            told=f"{status.state}: {status.message or ''}",
            reason=f"the bus says {status.state}: {told}" if what is not Happening.DELIVERED else None,
        )

    def _fetch(self, message: Mapping[str, Any], clock: Callable[[], datetime]) -> Happened:
        found = self._channel.messages(message["service_id"], message["correlation_id"], amount=1)
        now = clock()
        came = Happened(message["id"], message["attempts"], None, now, now + pause(message["attempts"]))
        if not found:
            return replace(came, told="no answer yet")
        # The bus is told that we have it when we really do: by the next attempt, after the commit of this one.
        answer = found[0]
        return replace(
            came,
            what=Happening.ANSWER_FETCHED,
            next_try=now,
            bus_message_id=answer.message_id,
            answer=answer.data,
        )

    def _acknowledge(self, message: Mapping[str, Any], clock: Callable[[], datetime]) -> Happened:
        self._channel.acknowledge(message["bus_message_id"], message["service_id"])
        now = clock()
        return Happened(message["id"], message["attempts"], Happening.ACKNOWLEDGED, now, now)


def _lost_its_answers_name(message: Mapping[str, Any]) -> bool:
    """Whether it is a request whose correlationId, which the bus makes, nobody here knows."""
    return message["message_type"] == REQUEST and message["correlation_id"] is None


def _failed(message: Mapping[str, Any], error: UpstreamError, *, is_sent: bool, now: datetime) -> Happened:
    what: Happening | None = None
    if is_sent:
        what = Happening.NO_ANSWER
    if is_sent and isinstance(error, UpstreamNotReached):
        what = Happening.NOT_SENT
    if is_sent and isinstance(error, UpstreamRefused):
        what = Happening.REFUSED
    refused = isinstance(error, UpstreamRefused)
    return Happened(
        message["id"],
        message["attempts"],
        what,
        now,
        now + pause(message["setbacks"] if refused else message["failures"]),
        failed=not refused,
        reason=str(error),
        code=error.code,
        told=error.message,
    )
