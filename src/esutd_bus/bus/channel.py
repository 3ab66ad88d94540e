"""A channel of the bus, as messages come by it: the wrapper is taken off, and put around the answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from esutd_bus.bus.faults import error_info
from esutd_bus.bus.wrapper import BrokenWrapperError, Wrapper, payload_of, read_wrapper
from esutd_bus.passage import MessageRefused, Opened, Passage
from esutd_bus.register.refusal import Refusal
from esutd_bus.wrapping import NothingBeside

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from esutd_bus.bus.channel_contract import ChannelContract, ChannelOperation
    from esutd_bus.soap.contract import ServiceContract
    from esutd_bus.soap.envelope import Envelope
    from esutd_bus.store.journal import Record
    from esutd_bus.wrapping import Told, Wrapped, Wrapping


class BusChannel(ABC):
    """What both channels share. A service's id is its WSDL's name; the payload's root element picks the operation."""

    name = "bus"

    def __init__(self, contract: ChannelContract, services: Mapping[str, ServiceContract]) -> None:
        """`services`: by name."""
        self.contract = contract
        self._services = services
        self.wrapping: Wrapping = Unopened(next(iter(contract.operations.values())))

    def open(self, envelope: Envelope, passage: Passage) -> Opened:
        """What stands in the wrapper. Raises MessageRefused where it is broken, with an `ErrorInfo` around it."""
        operation = self.contract.operations.get(envelope.payload.tag)
        try:
            wrapper = read_wrapper(envelope.payload, self.contract)
            passage.record.operation = wrapper.operation.name
            return self._open(wrapper, envelope.payload, passage)
        except BrokenWrapperError as error:
            if operation is not None:
                passage.wrapping = Unopened(operation, error.session_id)
            raise MessageRefused(Refusal(error.code, reason=error.reason)) from error

    def asked_in(self, envelope: Envelope) -> str | None:
        """The root of the payload."""
        try:
            return payload_of(envelope.payload, None).tag
        except BrokenWrapperError:
            return None

    def takes(self, tags: AbstractSet[str]) -> bool:
        """Whether one of these is an operation of any service."""
        return any(not tags.isdisjoint(service.operations) for service in self._services.values())

    @abstractmethod
    def _open(self, wrapper: Wrapper, element: Element, passage: Passage) -> Opened:
        """What a valid wrapper asks. Raises BrokenWrapperError."""

    def _asked(self, wrapper: Wrapper, service_id: str, element: Element) -> Opened:
        """The service that an id names, and what it is asked."""
        if service_id not in self._services:
            known = ", ".join(sorted(self._services))
            raise BrokenWrapperError("ESB003", f"serviceId is none of {known}", wrapper.session_id)
        return Opened(service_id, payload_of(element, wrapper.session_id), needs_document=True)


class Unopened(NothingBeside):
    """Around the answer to what has no valid wrapper: always a fault. It may come better next time."""

    is_direct = False

    def __init__(self, operation: ChannelOperation, session_id: str | None = None) -> None:
        self._operation = operation
        self._session_id = session_id

    def wrap(self, told: Told, asked: Record, *, verified: bool) -> Wrapped:
        """An `ErrorInfo`."""
        del asked, verified
        return error_info(told, self._operation, self._session_id, datetime.now(UTC))
