"""A node: the rooms put together by the settings. Every process that serves makes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import structlog

from esutd_bus.answer_signers import AnswerSigners
from esutd_bus.answers import Answers
from esutd_bus.asking import on_the_loop
from esutd_bus.bus.channels import open_channels
from esutd_bus.engine import Engine
from esutd_bus.in_force import InForce
from esutd_bus.lockstep import Lockstep
from esutd_bus.mapping.compile import MappedOperation, Mappings, compile_mappings
from esutd_bus.own_keys import ConfigurationError, open_keys
from esutd_bus.reading import Reader
from esutd_bus.register.calendar import Calendar
from esutd_bus.register.limits import Limits
from esutd_bus.registries.answer_signature import AnswerSignatures
from esutd_bus.revocation_memory import NOTE_INTERVAL_SECONDS, RevocationMemory
from esutd_bus.settings import Settings, packaged
from esutd_bus.signature.key_ring import KeyRing
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.contract import ServiceContracts, load_contracts
from esutd_bus.state_registries import PORTS, StateRegistries, ports_of
from esutd_bus.store.editions import REVOCATION
from esutd_bus.store.store import Store

_log = structlog.get_logger(__name__)


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
    in_force = InForce(
        Calendar(settings.moved_days),
        Limits(rules_in_force_on=settings.rules_in_force_on),
        settings.checks_wanted,
    )
    trust = TrustStore.from_directory(settings.trust_dir)
    memory = RevocationMemory(settings, trust) if settings.revocation_policy != "off" else None
    reading = Lockstep()
    store = Store(
        settings.database_url,
        node=settings.node,
        exchange_tables=mappings.tables,
        follows={**in_force.follows, **({REVOCATION: memory.read} if memory else {})},
        coming=reading,
        chores=[(NOTE_INTERVAL_SECONDS, memory.note_seen)] if memory else [],
    )
    keys = open_keys(settings)
    verifier = Verifier(
        trust,
        known=in_force.certificates,
        clock_skew=settings.clock_skew,
        revocation=memory.revocation if memory else None,
    )
    before = settings.checks_before
    operations = {tag: _with_checks(operation, before) for tag, operation in mappings.operations.items()}
    engine = Engine(
        contracts=contracts,
        channels=open_channels(packaged("."), contracts),
        batches=[tag for tag, operation in operations.items() if operation.entries is not None],
        reader=Reader(operations, verifier, in_force.partners, reading),
        answers=Answers(
            contracts.register_fault, AnswerSigners(keys, settings.sign_answers, in_force.partners).of
        ),
        keys=keys,
        store=store,
        ports=ports_of(_state_registries(settings, keys, verifier), settings),
        rulebook=in_force.rulebook,
        clock=settings.clock,
        believes_sent_at=settings.believe_sent_at and settings.now is None,
    )
    await store.open()
    keys.watch()
    return engine


def _with_checks(operation: MappedOperation, wanted: Mapping[str, bool]) -> MappedOperation:
    """The operation, which also asks what the settings want checked before."""
    checks = {port: field for port, field in operation.checks.items() if port in wanted}
    return replace(operation, fetch={**operation.fetch, **checks}) if checks else operation


def _state_registries(settings: Settings, keys: KeyRing, verifier: Verifier) -> StateRegistries | None:
    if not settings.bus_sync_url:
        return None
    if not settings.registry_signers:
        _log.warning(
            "answers of registries are believed without a signature", missing="ESUTD_REGISTRY_SIGNERS"
        )
    signatures = AnswerSignatures(verifier, settings.clock, settings.registry_signers, on_the_loop)
    return StateRegistries(settings, keys, signatures)
