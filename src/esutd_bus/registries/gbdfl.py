"""ГБД ФЛ, the state's registry of individuals, behind the bus."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from esutd_bus.registries import gbdfl_person
from esutd_bus.registries.lenient import children, descend, text_at
from esutd_bus.registries.sync_channel import SyncChannel
from esutd_bus.registries.upstream import UpstreamRefused, UpstreamUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from lxml.etree import _Element as Element

    from esutd_bus.registries.access import BusAccess
    from esutd_bus.registries.exchange import ExchangeKeeper
    from esutd_bus.registries.person_registry import Person

SERVICE_ID = "GBDFL_UniversalServiceSync"
_REQUEST = "{http://message.persistence.interactive.nat}Request"
_PROCESSED = "00000"


class GbdflRegistry:
    """A `PersonRegistry`: asks ГБД ФЛ by IIN.

    Args: as of `SyncChannel`. Building one reads the contracts and connects to nothing.
    """

    def __init__(self, access: BusAccess, contracts: Path, keep: ExchangeKeeper) -> None:
        self._channel = SyncChannel(access, contracts, keep)
        self._request = self._channel.payload_type("gbdfl-message.xsd", _REQUEST)

    def find(self, iin: str) -> Person | None:
        """See `PersonRegistry.find`."""
        message_id = str(uuid4())
        data = self._channel.send(
            SERVICE_ID,
            message_id,
            self._request,
            {
                "messageId": message_id,
                "messageDate": datetime.now(UTC),
                "senderCode": self._channel.access.sender_id,
                "iin": iin,
            },
        )
        persons = _persons(data)
        if not persons:
            return None
        asked_for = [person for person in persons if text_at(person, "iin") == iin]
        if not asked_for:
            # Whoever it is, nobody asked about that person: nothing of it may leave.
            raise UpstreamUnavailable("the answer is about another person")
        return gbdfl_person.read(gbdfl_person.choose(asked_for), iin)


def _persons(data: Element) -> list[Element]:
    """What the registry found. Some senders wrap the response in an element of its own within `data`."""
    response = next((part for part in data.iter("*") if descend(part, "messageResult") is not None), None)
    result = descend(response, "messageResult")
    code = text_at(result, "code")
    if code is None:
        raise UpstreamUnavailable("the answer has no messageResult")
    if code != _PROCESSED:
        raise UpstreamRefused(code, text_at(result, "nameRu") or text_at(result, "nameKz") or "")
    return list(children(descend(response, "persons"), "person"))
