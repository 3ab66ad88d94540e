"""The bus's asynchronous channel from the bus's side, made from its schemas: requests opened, answers encoded."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import zeep
from lxml import etree

from esutd_bus.testbed.bus_contract import BrokenRequestError, asked_in
from esutd_bus.testbed.xml import SOAP, local_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lxml.etree import _Element as Element

TO_THE_BUS: Final = "http://bip.bee.kz/AsyncChannel/v10/Types"
TO_A_CLIENT: Final = "http://bip.bee.kz/AsyncChannel/v10/Types/Client"
_HELD = "held"


class AsyncContract:
    """Opens what clients send, encodes what the bus answers and what it sends to clients; all valid by the schemas.

    Args:
        contracts: the directory with `wsdl/shep` and `xsd/shep`.
    """

    def __init__(self, contracts: Path) -> None:
        folder = contracts.resolve()
        settings = zeep.Settings(forbid_dtd=True, forbid_external=True)
        self._wsdl = folder / "wsdl" / "shep" / "AsyncChannel.wsdl"
        client = zeep.Client(str(self._wsdl), settings=settings)  # type: ignore[no-untyped-call]  # zeep annotates in part
        self._types = client.wsdl.types
        schemas = [
            folder / "xsd" / "shep" / f"async-channel-{name}.xsd" for name in ("types", "client-types")
        ]
        self._types.add_document_by_url(str(schemas[1]))
        self._schemas = [etree.XMLSchema(etree.parse(schema)) for schema in schemas]

    @property
    def path(self) -> str:
        """The path of the service's address (`soap:address`)."""
        address = etree.parse(self._wsdl).find(".//{*}address")
        return "" if address is None else urlsplit(address.get("location", "")).path

    def open(self, body: bytes) -> Element:
        """The valid element of an operation towards the bus.

        Raises:
            BrokenRequestError: not XML, not SOAP, or not valid.
        """
        message = asked_in(body)
        # Real traffic gives `data` prefixes of its own, which the schema does not.
        for part in message.iter("*"):
            if local_name(part) == "data":
                part.tag = "data"
                break
        try:
            self._schemas[0].assertValid(message)
        except etree.DocumentInvalid as error:
            raise BrokenRequestError(str(error)) from error
        return message

    def answer(self, operation: str, values: Mapping[str, Any]) -> Element:
        """The envelope that answers an operation."""
        return self._envelope(TO_THE_BUS, f"{operation}Response", {"response": values})

    def to_client(self, operation: str, values: Mapping[str, Any]) -> bytes:
        """The envelope by which the bus calls a client."""
        envelope = self._envelope(TO_A_CLIENT, operation, {"request": values})
        return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")

    def fault(self, operation: str, code: str, text: str) -> Element:
        """A SOAP fault with the bus's ErrorInfo."""
        envelope, body = _empty()
        fault = etree.SubElement(body, f"{{{SOAP}}}Fault")
        etree.SubElement(fault, "faultcode").text = "soap:Server"
        etree.SubElement(fault, "faultstring").text = text
        detail = etree.SubElement(fault, "detail")
        error = {
            "errorCode": code,
            "errorMessage": text,
            "errorDate": datetime.now(UTC),
            "sessionId": session_id(),
        }
        self._render(detail, TO_THE_BUS, f"{operation}Fault1_{operation}Fault", error)
        return envelope

    def _envelope(self, namespace: str, name: str, values: Mapping[str, Any]) -> Element:
        envelope, body = _empty()
        self._render(body, namespace, name, values)
        return envelope

    def _render(self, parent: Element, namespace: str, name: str, values: Mapping[str, Any]) -> None:
        element: Any = self._types.get_element(f"{{{namespace}}}{name}")
        held: list[Element] = []
        element.render(parent, element(**_without_elements(values, held)))
        for data, content in zip(parent.iter("data"), held, strict=True):
            data.text = None
            data.append(copy.deepcopy(content))
        self._schemas[namespace == TO_A_CLIENT].assertValid(parent[-1])


def session_id() -> str:
    """A new session's id as the bus writes it."""
    return f"{{{uuid4()}}}"


def _without_elements(values: Any, held: list[Element]) -> Any:
    """The values with business data put aside, in document order: zeep would write them as it likes."""
    if isinstance(values, etree._Element):  # noqa: SLF001  # lxml's only name of it
        held.append(values)
        return _HELD
    if isinstance(values, list):
        return [_without_elements(each, held) for each in values]
    if isinstance(values, dict):
        return {name: _without_elements(value, held) for name, value in values.items()}
    return values


def _empty() -> tuple[Element, Element]:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    return envelope, etree.SubElement(envelope, f"{{{SOAP}}}Body")
