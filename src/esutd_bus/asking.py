"""A registry as the engine asks it: off the event loop, under a deadline, with every exchange on record."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from esutd_bus.passage import Fetched, Question
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import NOT_ASKED
from esutd_bus.registries.exchange import Exchange
from esutd_bus.registries.upstream import AnswerNotBelieved, UpstreamError, UpstreamRefused
from esutd_bus.signature.keys import KeyUnavailableError
from esutd_bus.signature.verifier import VerifiedMessage
from esutd_bus.store.ids import uuid7
from esutd_bus.store.journal import Record

CALLS_AT_ONCE: Final = 32
ANSWERS_KEPT: Final = 10_000

_exchanges: contextvars.ContextVar[list[Exchange]] = contextvars.ContextVar("exchanges")
_loop: contextvars.ContextVar[asyncio.AbstractEventLoop] = contextvars.ContextVar("loop")


@dataclass(frozen=True, slots=True)
class Ask:
    """One call for a question: what is asked, and under what the answer may be kept."""

    call: Callable[[], Any]
    """Blocks; raises UpstreamError. `None`: nothing is known."""

    kept_as: Hashable = None
    """Whatever answers the same question for the same asker; `None`: the answer is not kept."""

    kept_for: float | None = None
    """Seconds, where the answer may be kept for a shorter time than others."""


def keep(exchange: Exchange) -> None:
    """Takes note of a call to another system, for the journal: an `ExchangeKeeper`."""
    _exchanges.get().append(exchange)


@contextmanager
def called() -> Iterator[Callable[[UUID | None], list[Record]]]:
    """Takes note of the calls made within it; afterwards they are had as records, for the sake of a message."""
    exchanges: list[Exchange] = []
    token = _exchanges.set(exchanges)
    try:
        yield lambda message_id: records(exchanges, message_id)
    finally:
        _exchanges.reset(token)


def on_the_loop(verify: Callable[[], VerifiedMessage]) -> VerifiedMessage:
    """Verifies where messages are verified too: what is known of revocation belongs to the event loop."""
    loop = _loop.get()
    done: concurrent.futures.Future[VerifiedMessage] = concurrent.futures.Future()

    def do() -> None:
        try:
            done.set_result(verify())
        except BaseException as error:  # noqa: BLE001  # it is the caller's, in its own thread
            done.set_exception(error)

    loop.call_soon_threadsafe(do)
    return done.result()


class Calls:
    """The calls of one process: threads, a limit, and answers kept for a stated time. Used by one event loop."""

    def __init__(self, deadline: float, kept_seconds: float = 0.0) -> None:
        """`deadline`: seconds that one waits for its turn. `kept_seconds`: how long answers are kept, in memory."""
        self._deadline = deadline
        self._kept_seconds = kept_seconds
        self._free = asyncio.Semaphore(CALLS_AT_ONCE)
        self._threads = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="registry")
        self._kept: dict[Hashable, Any] = {}

    async def ask(self, ask: Ask, message_id: UUID | None) -> Fetched:
        """What the registry tells, or why it told nothing; kept answers have no records."""
        if ask.kept_as is not None and ask.kept_as in self._kept:
            return Fetched(self._kept[ask.kept_as])
        try:
            # While a registry is silent, calls pile up: nobody waits for a free one longer than for an answer.
            async with asyncio.timeout(self._deadline):
                await self._free.acquire()
        except TimeoutError:
            told = f"too many calls wait for the registry: none was free within {self._deadline:g} s"
            return Fetched(refusal=Refusal("ESB007", upstream_message=told))
        try:
            return await self._call(ask, message_id)
        finally:
            self._free.release()

    async def _call(self, ask: Ask, message_id: UUID | None) -> Fetched:
        exchanges: list[Exchange] = []
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        context.run(_exchanges.set, exchanges)
        context.run(_loop.set, loop)
        found: Any = None
        refusal: Refusal | None = None
        try:
            found = await loop.run_in_executor(self._threads, context.run, ask.call)
        except (UpstreamError, KeyUnavailableError) as error:
            refusal = refused(error)
        else:
            self._keep(ask, found)
        return Fetched(found, refusal, records(exchanges, message_id))

    def _keep(self, ask: Ask, found: Any) -> None:
        """Keeps an answer that knows something, and forgets it in time whether it is asked for or not."""
        seconds = min(self._kept_seconds, self._kept_seconds if ask.kept_for is None else ask.kept_for)
        if ask.kept_as is None or found is None or seconds <= 0 or len(self._kept) >= ANSWERS_KEPT:
            return
        self._kept[ask.kept_as] = found
        asyncio.get_running_loop().call_later(seconds, self._kept.pop, ask.kept_as, None)


class RegistryPort:
    """A `Port`."""

    def __init__(self, calls: Calls, ask: Callable[[Question], Ask], *, gives_way: bool = False) -> None:
        """`gives_way`: where the registry does not answer, the message goes on without it (`NOT_ASKED`)."""
        self._calls = calls
        self._ask = ask
        self._gives_way = gives_way

    async def __call__(self, question: Question) -> Fetched:
        """What the registry tells, or why it told nothing."""
        found = await self._calls.ask(self._ask(question), question.command.message_id)
        if self._gives_way and found.refusal is not None:
            return Fetched(NOT_ASKED, records=found.records)
        return found


def refused(error: UpstreamError | KeyUnavailableError) -> Refusal:
    """Why a registry told nothing, in its own words where it has any."""
    match error:
        case AnswerNotBelieved():
            return Refusal("ESB008", reason=error.reason, upstream_message=error.message)
        case UpstreamRefused():
            return Refusal("ESB008", upstream_code=error.code, upstream_message=error.message)
        case UpstreamError():
            return Refusal("ESB007", upstream_code=error.code, upstream_message=error.message)
        case _:
            return Refusal("ESB009")


def records(exchanges: Sequence[Exchange], message_id: UUID | None) -> list[Record]:
    """The calls that were made for the sake of a message, as the journal keeps them."""
    record = partial(
        Record, channel="bus", service="SyncChannel", operation="SendMessage", reply_to=message_id
    )
    kept = []
    for exchange in exchanges:
        said = exchange.outcome.value
        kept.append(
            record(
                id=uuid7(),
                direction="out",
                recorded_at=exchange.started_at,
                body=exchange.sent,
                code=said if exchange.received is None else None,
            )
        )
        if exchange.received is not None:
            kept.append(
                record(
                    id=uuid7(),
                    direction="in",
                    recorded_at=exchange.ended_at,
                    body=exchange.received,
                    status=exchange.status,
                    code=said,
                )
            )
    return kept
