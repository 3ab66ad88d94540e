"""The channels of the bus that are served here, by the paths of their WSDLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from esutd_bus.bus.async_channel import AsyncChannelClient
from esutd_bus.bus.channel_contract import ChannelContract
from esutd_bus.bus.sync_channel import SyncChannel

if TYPE_CHECKING:
    from pathlib import Path

    from esutd_bus.bus.channel import BusChannel
    from esutd_bus.soap.contract import ServiceContracts

_SERVED = {"SyncChannel": SyncChannel, "AsyncChannelClient": AsyncChannelClient}


def open_channels(folder: Path, contracts: ServiceContracts) -> Mapping[str, BusChannel]:
    """The channels by path. `folder`: where `wsdl/shep` and `xsd/shep` lie. Raises ContractError."""
    services = {service.name: service for service in contracts.by_path.values()}
    channels = [kind(ChannelContract(folder, name), services) for name, kind in _SERVED.items()]
    return {channel.contract.path: channel for channel in channels}
