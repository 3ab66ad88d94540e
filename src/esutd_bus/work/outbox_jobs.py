"""The jobs of the outbox, put together by the settings."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from esutd_bus.mapping.outgoing import compile_outgoing
from esutd_bus.registries.access import BusAccess
from esutd_bus.settings import Settings, packaged
from esutd_bus.work.delivery import Delivery
from esutd_bus.work.outbox import Outbox, OutboxRules
from esutd_bus.work.outbox_upkeep import OutboxUpkeep

if TYPE_CHECKING:
    from esutd_bus.signature.key_ring import KeyRing


def outbox_jobs(settings: Settings, keys: KeyRing | None) -> tuple[Outbox, OutboxUpkeep]:
    """For a bus that is there (`bus_async_url`); `keys` sign what is sent, if there are any. Raises MappingError."""
    password = settings.bus_password.get_secret_value() if settings.bus_password else None
    deadline = settings.upstream_deadline_seconds
    access = BusAccess(settings.bus_async_url, settings.bus_sender_id, password, deadline)
    rules = OutboxRules(
        settings.node,
        timedelta(hours=settings.outbox_hours),
        settings.outbox_refusals,
        timedelta(seconds=deadline),
    )
    outgoing = compile_outgoing(settings.contract_folder, packaged("mappings"))
    return (
        Outbox(Delivery(access, packaged(".")), outgoing, rules, keys=keys),
        OutboxUpkeep(rules, timedelta(days=settings.outbox_keep_days)),
    )
