"""What the simulated ГБД ЮЛ answers about its invented organisations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from esutd_bus.testbed.answer_signature import signed_document
from esutd_bus.testbed.companies import InventedCompany

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from esutd_bus.signature.keys import SigningKey
    from esutd_bus.testbed.bus_contract import Asked, BusContract
    from esutd_bus.testbed.companies import Companies
    from esutd_bus.testbed.population import Behaviour

SERVICE_ID = "GbdulInfoByBin_v2"
_PROCESSED = {"code": "002", "nameRu": "Сообщение успешно обработано", "nameKz": "Хабарлама сәтті өңделді"}
_SUCCESS = {"code": "SCSS001", "message": "Message has been processed successfully"}


class SimulatedGbdul:
    """Finds which organisation a request asks for, and encodes the answer: a signed document, as text."""

    def __init__(self, contract: BusContract, companies: Companies, key: SigningKey | None = None) -> None:
        """`key`: the registry's own; without one its answers are not signed."""
        self._contract = contract
        self._companies = companies
        self._key = key

    def answer(self, asked: Asked) -> tuple[Element, Behaviour]:
        """The envelope that answers a request, and what is to be done to it on its way.

        Raises:
            BrokenRequestError: the business data are not ГБД ЮЛ's request, or nobody signed them.
        """
        request = self._contract.gbdul_request(asked.data)
        company = self._companies.get(request["BIN"], InventedCompany(request["BIN"], "nobody"))
        behaviour = company.behaviour
        if behaviour.fault is not None:
            return self._contract.fault(behaviour.fault["code"], behaviour.fault["text"]), behaviour
        result = behaviour.result or _PROCESSED
        response = self._contract.gbdul_response(
            {
                "Status": {
                    "Code": result["code"],
                    "NameRu": result["nameRu"],
                    "NameKz": result["nameKz"],
                },
                "Organization": company.organization,
            }
        )
        text = signed_document(etree.tostring(response), self._key, behaviour.signature).decode()
        status = behaviour.status or _SUCCESS
        return self._contract.answer(asked, status["code"], status["message"], text), behaviour
