"""ГБД ФЛ, the state's registry of individuals, behind the bus."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from esutd_bus.registries import gbdfl_person
from esutd_bus.registries.lenient import children, descend, text_at
from esutd_bus.registries.upstream import UpstreamRefused, UpstreamUnavailable

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from esutd_bus.registries.kdp import AccessToken
    from esutd_bus.registries.person_registry import Person
    from esutd_bus.registries.sync_channel import SyncChannel

SERVICE_ID = "GBDFL_UniversalServiceSync"
TOKEN_SERVICE_ID = "GBDFLUniversal_token"  # noqa: S105  # a service's name
_REQUEST = "{http://message.persistence.interactive.nat}Request"
_PROCESSED = "00000"


class GbdflRegistry:
    """A `PersonRegistry`: asks ГБД ФЛ by IIN. Building one connects to nothing."""

    def __init__(self, channel: SyncChannel) -> None:
        self._channel = channel
        self._request = self._channel.payload_type("gbdfl-message.xsd", _REQUEST)

    def find(self, iin: str, token: AccessToken | None = None) -> Person | None:
        """See `PersonRegistry.find`. With a token it is the service for those that the control of access lets in."""
        message_id = str(uuid4())
        request = {
            "messageId": message_id,
            "messageDate": datetime.now(UTC),
            "senderCode": self._channel.access.sender_id,
            "iin": iin,
        }
        if token is not None:
            request |= {"kdpToken": token.code, "publicKey": token.public_key}
        service_id = SERVICE_ID if token is None else TOKEN_SERVICE_ID
        data = self._channel.send(service_id, self._request, request, message_id)
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
