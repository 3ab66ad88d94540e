"""A node: the rooms put together by the settings. Every process that serves makes one."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from uuid import UUID

from esutd_bus.answer_signers import AnswerSigners
from esutd_bus.answers import Answers
from esutd_bus.bus.channels import open_channels
from esutd_bus.engine import Engine
from esutd_bus.in_force import InForce
from esutd_bus.mapping.compile import Mappings, compile_mappings
from esutd_bus.own_keys import ConfigurationError, open_keys
from esutd_bus.passage import Fetched, Port
from esutd_bus.reading import Reader
from esutd_bus.register.calendar import Calendar
from esutd_bus.register.limits import Limits
from esutd_bus.register.refusal import Refusal
from esutd_bus.registries.access import BusAccess
from esutd_bus.registries.exchange import Exchange
from esutd_bus.registries.gbdfl import GbdflRegistry
from esutd_bus.registries.person_registry import Person, PersonRegistry
from esutd_bus.registries.upstream import UpstreamError, UpstreamRefused
from esutd_bus.revocation_memory import NOTE_INTERVAL_SECONDS, RevocationMemory
from esutd_bus.settings import Settings, packaged
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.contract import ServiceContracts, load_contracts
from esutd_bus.store.editions import REVOCATION
from esutd_bus.store.ids import uuid7
from esutd_bus.store.journal import Record
from esutd_bus.store.store import Store

PORTS = frozenset({"person"})
"""The other systems that a mapping may `fetch` from."""

UPSTREAM_CALLS_AT_ONCE = 32


def load_mapped_contracts(settings: Settings) -> tuple[ServiceContracts, Mappings]:
    """Contracts and mappings, proved against each other. Raises ContractError, MappingError.

    Read once a process, and not by the workers that a process forks after it has read them.
    """
    return _mapped_contracts(settings.contract_folder)


@cache
def _mapped_contracts(folder: Path) -> tuple[ServiceContracts, Mappings]:
    contracts = load_contracts(folder)
    return contracts, compile_mappings(folder / "mappings", packaged("mappings"), contracts, PORTS)


async def open_node(settings: Settings) -> Engine:
    """An engine ready to serve. Raises ConfigurationError, ContractError, MappingError, KeyFileError, psycopg.Error."""
    if not settings.database_url:
        raise ConfigurationError("ESUTD_DATABASE_URL is not set (esutd-bus serve sets it for its workers)")
    if settings.trust_dir is None:
        raise ConfigurationError("ESUTD_TRUST_DIR is not set: no signature could be believed")
    contracts, mappings = load_mapped_contracts(settings)
    in_force = InForce(Calendar(settings.moved_days), Limits(rules_in_force_on=settings.rules_in_force_on))
    trust = TrustStore.from_directory(settings.trust_dir)
    memory = RevocationMemory(settings, trust) if settings.revocation_policy != "off" else None
    store = Store(
        settings.database_url,
        node=settings.node,
        exchange_tables=mappings.tables,
        follows={**in_force.follows, **({REVOCATION: memory.read} if memory else {})},
        chores=[(NOTE_INTERVAL_SECONDS, memory.note_seen)] if memory else [],
    )
    keys = open_keys(settings)
    engine = Engine(
        contracts=contracts,
        channels=open_channels(packaged("."), contracts),
        batches=[tag for tag, operation in mappings.operations.items() if operation.entries is not None],
        reader=Reader(
            mappings.operations,
            Verifier(
                trust,
                known=in_force.certificates,
                clock_skew=settings.clock_skew,
                revocation=memory.revocation if memory else None,
            ),
            in_force.partners,
        ),
        answers=Answers(
            contracts.register_fault, AnswerSigners(keys, settings.sign_answers, in_force.partners).of
        ),
        keys=keys,
        store=store,
        ports=_ports(settings),
        rulebook=in_force.rulebook,
        clock=settings.clock,
        believes_sent_at=settings.believe_sent_at and settings.now is None,
    )
    await store.open()
    keys.watch()
    return engine


def _ports(settings: Settings) -> dict[str, Port]:
    if not settings.bus_sync_url:
        return {"person": _no_bus}
    password = settings.bus_password.get_secret_value() if settings.bus_password else None
    access = BusAccess(
        settings.bus_sync_url, settings.bus_sender_id, password, settings.upstream_deadline_seconds
    )
    return {"person": PersonPort(lambda keep: GbdflRegistry(access, packaged("."), keep), access.deadline)}


async def _no_bus(_key: str, _message_id: UUID) -> Fetched:
    return Fetched(refusal=Refusal("ESB007", upstream_message="ESUTD_BUS_SYNC_URL is not set"))


_exchanges: contextvars.ContextVar[list[Exchange]] = contextvars.ContextVar("exchanges")


class PersonPort:
    """The registry of individuals as the engine asks it: off the event loop, with every exchange on record."""

    def __init__(self, make: Callable[[Callable[[Exchange], None]], PersonRegistry], deadline: float) -> None:
        self._registry = make(lambda exchange: _exchanges.get().append(exchange))
        self._deadline = deadline
        self._free = asyncio.Semaphore(UPSTREAM_CALLS_AT_ONCE)
        self._threads = ThreadPoolExecutor(UPSTREAM_CALLS_AT_ONCE, thread_name_prefix="registry")

    async def __call__(self, key: str, message_id: UUID) -> Fetched:
        """What the registry tells of a person, or why it told nothing."""
        try:
            # While a registry is silent, calls pile up: nobody waits for a free one longer than for an answer.
            async with asyncio.timeout(self._deadline):
                await self._free.acquire()
        except TimeoutError:
            told = f"too many calls wait for the registry: none was free within {self._deadline:g} s"
            return Fetched(refusal=Refusal("ESB007", upstream_message=told))
        try:
            return await self._call(key, message_id)
        finally:
            self._free.release()

    async def _call(self, key: str, message_id: UUID) -> Fetched:
        exchanges: list[Exchange] = []
        context = contextvars.copy_context()
        context.run(_exchanges.set, exchanges)
        loop = asyncio.get_running_loop()
        person: Person | None = None
        refusal: Refusal | None = None
        try:
            person = await loop.run_in_executor(self._threads, context.run, self._registry.find, key)
            lacking = _lacking(person) if person is not None else None
            if lacking:
                refusal = Refusal("ESB007", upstream_message=f"the registry's answer lacks {lacking}")
        except UpstreamRefused as error:
            refusal = Refusal("ESB008", upstream_code=error.code, upstream_message=error.message)
        except UpstreamError as error:
            refusal = Refusal("ESB007", upstream_code=error.code, upstream_message=error.message)
        return Fetched(person, refusal, _records(exchanges, message_id))


_NEVER_LACKING = ("birth_date", "sex_code", "nationality_code", "citizenship_code")


def _lacking(person: Person) -> str | None:
    """What our contract promises of every person and document, and this one has not."""
    documents = (key for row in person["documents"] for key in ("type_code", "number") if key not in row)
    return next((key for key in _NEVER_LACKING if key not in person["person"]), next(documents, None))


def _records(exchanges: Sequence[Exchange], message_id: UUID) -> list[Record]:
    records = []
    for exchange in exchanges:
        called = Record(
            id=uuid7(),
            direction="out",
            recorded_at=exchange.started_at,
            channel="bus",
            service="SyncChannel",
            operation="SendMessage",
            body=exchange.sent,
            reply_to=message_id,
            code=exchange.outcome.value if exchange.received is None else None,
        )
        records.append(called)
        if exchange.received is not None:
            records.append(
                Record(
                    id=uuid7(),
                    direction="in",
                    recorded_at=exchange.ended_at,
                    channel="bus",
                    service="SyncChannel",
                    operation="SendMessage",
                    body=exchange.received,
                    reply_to=message_id,
                    status=exchange.status,
                    code=exchange.outcome.value,
                )
            )
    return records
