"""ГБД ЮЛ, the state's registry of legal entities, behind the bus: `GbdulInfoByBin_v2`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from esutd_bus.registries import gbdul_organisation
from esutd_bus.registries.lenient import descend, text_at
from esutd_bus.registries.upstream import UpstreamRefused, UpstreamUnavailable
from esutd_bus.signature.signing import sign_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from esutd_bus.registries.organisation_registry import Organisation
    from esutd_bus.registries.sync_channel import SyncChannel
    from esutd_bus.signature.keys import SigningKey

SERVICE_ID = "GbdulInfoByBin_v2"
_NAMESPACE = "http://gbdulinfobybin_v2.egp.gbdul.tamur.kz"
_PROCESSED = "002"


class GbdulRegistry:
    """An `OrganisationRegistry`: asks ГБД ЮЛ by BIN.

    Args:
        channel: the bus.
        requestor: BIN of who asks: this service's owner.
        key: signs each request; asked for before each.
    """

    def __init__(self, channel: SyncChannel, requestor: str, key: Callable[[], SigningKey]) -> None:
        self._channel = channel
        self._requestor = requestor
        self._key = key

    def find(self, number: str) -> Organisation | None:
        """See `OrganisationRegistry.find`. Raises KeyUnavailableError too."""
        request = etree.Element(f"{{{_NAMESPACE}}}Request", nsmap={"ul": _NAMESPACE})
        etree.SubElement(request, "RequestorBIN").text = self._requestor
        etree.SubElement(request, "BIN").text = number
        signed = sign_document(etree.tostring(request), self._key())
        answer = self._channel.send_text(SERVICE_ID, signed.decode())
        response = next((part for part in answer.iter("*") if descend(part, "Status/Code") is not None), None)
        code = text_at(response, "Status/Code")
        if code is None:
            raise UpstreamUnavailable("the answer has no Status")
        if code != _PROCESSED:
            told = text_at(response, "Status/NameRu") or text_at(response, "Status/NameKz") or ""
            raise UpstreamRefused(code, told)
        organisation = descend(response, "Organization")
        if organisation is None:
            return None
        if text_at(organisation, "BIN") != number:
            raise UpstreamUnavailable("the answer is about another organisation")
        return gbdul_organisation.read(organisation, number)
