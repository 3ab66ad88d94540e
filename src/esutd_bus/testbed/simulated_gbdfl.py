"""What the simulated ГБД ФЛ answers about its invented people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from lxml import etree
from zeep.xsd import Nil

from esutd_bus.testbed.answer_signature import sign_data, signed_document
from esutd_bus.testbed.population import Behaviour, anybody

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import _Element as Element

    from esutd_bus.signature.keys import SigningKey
    from esutd_bus.testbed.bus_contract import Asked, BusContract
    from esutd_bus.testbed.population import Population
    from esutd_bus.testbed.simulated_kdp import SimulatedKdp

SERVICE_ID = "GBDFL_UniversalServiceSync"
TOKEN_SERVICE_ID = "GBDFLUniversal_token"  # noqa: S105  # a service's name
_REGISTRY = {
    "code": "GBDFL",
    "nameRu": "ГБД Физические лица",
    "nameKz": "«Жеке тұлғалар» МДҚ",
    "changeDate": Nil,
}
_PROCESSED = {
    "code": "00000",
    "nameRu": "Сообщение успешно обработано",
    "nameKz": "Хабарлама сәтті өңделді",
    "changeDate": Nil,
}
_NO_TOKEN = {
    "code": "00010",
    "nameRu": "Нет действующего токена согласия",
    "nameKz": "Келісімнің жарамды токені жоқ",
    "changeDate": Nil,
}
_SUCCESS = {"code": "SCSS001", "message": "Message has been processed successfully"}
_INTERFACES = "http://bip.bee.kz/SyncChannel/v10/Interfaces"
_RESPONSE_TYPES = "http://bip.bee.kz/SyncChannel/v10/types/Response"
_MESSAGE_TYPES = "http://message.persistence.interactive.nat"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


class SimulatedGbdfl:
    """Finds whom a request asks for, and encodes the answer."""

    def __init__(
        self,
        contract: BusContract,
        population: Population,
        key: SigningKey | None = None,
        kdp: SimulatedKdp | None = None,
    ) -> None:
        """`key`: the registry's own; without one its answers are not signed. `kdp`: whose tokens it takes."""
        self._contract = contract
        self._population = population
        self._key = key
        self._kdp = kdp

    def answer(self, asked: Asked) -> tuple[Element, Behaviour]:
        """The envelope that answers a request, and what is to be done to it on its way.

        Raises:
            BrokenRequestError: the business data are not ГБД ФЛ's request.
        """
        request = self._contract.gbdfl_request(asked.data)
        iin = request.get("iin", "")
        person = self._population.get(iin) or anybody(iin)
        behaviour = person.behaviour
        if behaviour.fault is not None:
            return self._contract.fault(behaviour.fault["code"], behaviour.fault["text"]), behaviour
        sender = request["senderCode"]
        is_let = asked.service_id != TOKEN_SERVICE_ID or self._is_let(request)
        response = self._contract.gbdfl_response(
            {
                "messageId": str(uuid4()),
                "messageDate": datetime.now(UTC),
                "requestId": request["messageId"],
                "sender": _REGISTRY,
                "receiver": {"code": sender, "nameRu": sender, "nameKz": sender, "changeDate": Nil},
                "messageResult": behaviour.result or (_PROCESSED if is_let else _NO_TOKEN),
                "persons": {"person": list(person.persons)} if person.persons and is_let else None,
            }
        )
        data = self._as_text(response, behaviour) if behaviour.escaped else response
        status = behaviour.status or _SUCCESS
        envelope = self._contract.answer(asked, status["code"], status["message"], data)
        if behaviour.prefixed:
            _as_in_traffic(envelope)
        if not behaviour.escaped:
            envelope = sign_data(envelope, self._key, behaviour.signature)
        return envelope, behaviour

    def _as_text(self, response: Element, behaviour: Behaviour) -> str:
        return signed_document(etree.tostring(response), self._key, behaviour.signature).decode()

    def _is_let(self, request: Mapping[str, str]) -> bool:
        """Whether the control of access lets the data out."""
        token, public_key = request.get("kdpToken", ""), request.get("publicKey", "")
        return self._kdp is not None and self._kdp.has_given(
            token, public_key, request.get("iin", ""), TOKEN_SERVICE_ID
        )


def _as_in_traffic(envelope: Element) -> None:
    """As some services send it: `data` in a namespace, types named, one by the other spelling (`types`)."""
    data, response = next(envelope.iter("data")), next(envelope.iter("response"))
    _retag(data, f"{{{_INTERFACES}}}data", "cs:Response", {"ns4": _INTERFACES, "cs": _MESSAGE_TYPES})
    _retag(response, "response", "r:SyncSendMessageResponse", {"r": _RESPONSE_TYPES})


def _retag(element: Element, tag: str, xsi_type: str, prefixes: dict[str, str]) -> None:
    retagged = etree.Element(tag, {_XSI_TYPE: xsi_type}, nsmap=prefixes)
    retagged.extend(element)
    holder = element.getparent()
    if holder is not None:
        holder.replace(element, retagged)
