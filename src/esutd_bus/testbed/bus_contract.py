"""The bus's synchronous channel from the side of the one who is called, made from its WSDL and XSD.

Requests are validated by the schemas; answers are encoded by zeep from the same files, and validated too.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import zeep
from lxml import etree

from esutd_bus.testbed.xml import SOAP, body_element, local_name, parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lxml.etree import _Element as Element

_TYPES = "http://bip.bee.kz/SyncChannel/v10/Types"
_MESSAGE = "http://message.persistence.interactive.nat"
_GBDUL = "http://gbdulinfobybin_v2.egp.gbdul.tamur.kz"
_KDP = "http://service.2fa-chain.kz/ns/kdp"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_XSD = "http://www.w3.org/2001/XMLSchema"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


_PAYLOADS = {
    "Request": "message:Request",
    "Response": "message:Response",
    "AccessRequest": "kdp:getUserDataRequest",
    "AccessResponse": "kdp:getUserDataResponse",
}
"""Business data that have a type alone, under an element's name of ours: type."""


class BrokenRequestError(Exception):
    """The request is not what the contract asks for. The message says where."""


def asked_in(body: bytes) -> Element:
    """The first element in the Body of a request.

    Raises:
        BrokenRequestError: not XML, not SOAP.
    """
    try:
        message = body_element(parse(body))
    except etree.XMLSyntaxError as error:
        raise BrokenRequestError("not XML") from error
    if message is None:
        raise BrokenRequestError("not SOAP")
    return message


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of the synchronous channel."""

    message_id: str
    correlation_id: str | None
    service_id: str
    session_id: str | None
    data: Element
    """The element whose children are the business data."""


class BusContract:
    """Opens requests and encodes answers.

    Args:
        contracts: the directory with `wsdl/shep` and `xsd/shep`.
    """

    def __init__(self, contracts: Path) -> None:
        folder = contracts.resolve()
        self._wsdl = folder / "wsdl" / "shep"
        self._xsd = folder / "xsd" / "shep"
        settings = zeep.Settings(forbid_dtd=True, forbid_external=True)
        client = zeep.Client(str(self._wsdl / "SyncChannel.wsdl"), settings=settings)  # type: ignore[no-untyped-call]  # zeep annotates in part
        self._types = client.wsdl.types
        for schema in ("gbdfl-message.xsd", "gbdul.xsd", "kdp.xsd"):
            self._types.add_document_by_url(str(self._xsd / schema))
        self._schema = self._composed_schema()

    def _composed_schema(self) -> etree.XMLSchema:
        """All the schemas, and elements of no namespace for what `data` holds (they have types alone)."""
        composed = etree.Element(f"{{{_XSD}}}schema", nsmap={"xs": _XSD, "message": _MESSAGE, "kdp": _KDP})
        for file in sorted(self._xsd.glob("*.xsd")):
            namespace = etree.parse(file).getroot().get("targetNamespace", "")
            etree.SubElement(composed, f"{{{_XSD}}}import", namespace=namespace, schemaLocation=file.as_uri())
        for name, kind in _PAYLOADS.items():
            etree.SubElement(composed, f"{{{_XSD}}}element", name=name, type=kind)
        return etree.XMLSchema(composed)

    def open(self, body: bytes) -> Asked:
        """A valid `SendMessage`.

        Raises:
            BrokenRequestError: not XML, not SOAP, or not valid.
        """
        message = asked_in(body)
        # Real traffic gives `data` prefixes and types of its own, which the schema does not.
        data = next((part for part in message.iter("*") if local_name(part) == "data"), None)
        if data is None:
            raise BrokenRequestError("no data")
        data.tag = "data"
        data.attrib.pop(_XSI_TYPE, "")
        self._validate(message)
        return Asked(
            message_id=message.findtext(".//messageId", ""),
            correlation_id=message.findtext(".//correlationId"),
            service_id=message.findtext(".//serviceId", ""),
            session_id=message.findtext(".//sessionId"),
            data=_business_data(data),
        )

    def gbdfl_request(self, data: Element) -> dict[str, str]:
        """The leaves of a valid ГБД ФЛ request.

        Raises:
            BrokenRequestError: it is not valid.
        """
        return self._leaves("Request", data)

    def gbdfl_response(self, values: Mapping[str, Any]) -> Element:
        """ГБД ФЛ's response (element `Response`) with these values, in the order of its schema."""
        kind: Any = self._types.get_type(f"{{{_MESSAGE}}}Response")  # type: ignore[no-untyped-call]  # zeep
        response = etree.Element("Response")
        kind.render(response, kind(**values))
        self._schema.assertValid(response)
        return response

    def gbdul_request(self, document: Element) -> dict[str, str]:
        """The leaves of a valid ГБД ЮЛ request, which somebody must have signed.

        Raises:
            BrokenRequestError: it is not valid, or not signed.
        """
        self._validate(document)
        if document.tag != f"{{{_GBDUL}}}Request" or document.find(_SIGNATURE) is None:
            raise BrokenRequestError("data hold no signed Request")
        return {local_name(leaf): leaf.text or "" for leaf in document if leaf.tag != _SIGNATURE}

    def gbdul_response(self, values: Mapping[str, Any]) -> Element:
        """ГБД ЮЛ's response, a document of its own, with these values in the order of its schema."""
        parent = etree.Element("parent")
        element: Any = self._types.get_element(f"{{{_GBDUL}}}Response")
        element.render(parent, element(**values))
        response = copy.deepcopy(parent[0])
        self._schema.assertValid(response)
        return response

    def kdp_request(self, data: Element) -> dict[str, str]:
        """The leaves of a valid КДП request.

        Raises:
            BrokenRequestError: it is not valid.
        """
        return self._leaves("AccessRequest", data)

    def kdp_response(self, values: Mapping[str, Any]) -> Element:
        """An element whose children are КДП's response with these values."""
        kind: Any = self._types.get_type(f"{{{_KDP}}}getUserDataResponse")  # type: ignore[no-untyped-call]  # zeep
        response = etree.Element("AccessResponse")
        kind.render(response, kind(**values))
        self._schema.assertValid(response)
        return response

    def _leaves(self, name: str, data: Element) -> dict[str, str]:
        """What the children of `data` say, which are valid as the content of the element `name`."""
        request = etree.Element(name)
        request.extend(copy.deepcopy(leaf) for leaf in data)
        self._validate(request)
        return {local_name(leaf): leaf.text or "" for leaf in request}

    def answer(self, asked: Asked, code: str, message: str, data: Element | str) -> Element:
        """`SendMessageResponse` in an envelope; `data` holds the children of an element, or text."""
        response_info = {
            "messageId": str(uuid4()),
            "correlationId": asked.correlation_id,
            "responseDate": datetime.now(UTC),
            "status": {"code": code, "message": message},
            "sessionId": _in_braces(asked.session_id),
        }
        text = data if isinstance(data, str) else ""
        envelope, body = _envelope()
        response = {"responseInfo": response_info, "responseData": {"data": text}}
        self._render(body, "SendMessageResponse", {"response": response})
        if not isinstance(data, str):
            next(envelope.iter("data")).extend(data)
        self._schema.assertValid(body[0])
        return envelope

    def fault(self, code: str, text: str) -> Element:
        """A SOAP fault with the bus's ErrorInfo, in an envelope."""
        envelope, body = _envelope()
        fault = etree.SubElement(body, f"{{{SOAP}}}Fault")
        etree.SubElement(fault, "faultcode").text = "soap:Server"
        etree.SubElement(fault, "faultstring").text = text
        detail = etree.SubElement(fault, "detail")
        error = {"errorCode": code, "errorMessage": text, "errorDate": datetime.now(UTC)}
        self._render(detail, "SendMessageFault1_SendMessageFault", {**error, "sessionId": _in_braces(None)})
        self._schema.assertValid(detail[0])
        return envelope

    def document(self, name: str, address: str) -> bytes | None:
        """A WSDL or XSD by its file's name, its imports pointing at `address`; `None`: no such file."""
        query = name.rpartition(".")[2]
        folder = {"wsdl": self._wsdl, "xsd": self._xsd}.get(query)
        if folder is None or name not in {file.name for file in folder.iterdir()}:
            return None
        root = etree.parse(folder / name).getroot()
        for element in root.iter("*"):
            for attribute in ("schemaLocation", "location"):
                target = element.get(attribute)
                if local_name(element) == "address":
                    element.set("location", address)
                elif target is not None:
                    file = PurePosixPath(target)
                    element.set(attribute, f"{address}?{file.suffix[1:]}={file.name}")
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    @property
    def path(self) -> str:
        """The path of the service's address (`soap:address`)."""
        address = etree.parse(self._wsdl / "SyncChannel.wsdl").find(".//{*}address")
        return "" if address is None else urlsplit(address.get("location", "")).path

    def _render(self, parent: Element, name: str, values: Mapping[str, Any]) -> None:
        element: Any = self._types.get_element(f"{{{_TYPES}}}{name}")
        element.render(parent, element(**values))

    def _validate(self, element: Element) -> None:
        try:
            self._schema.assertValid(element)
        except etree.DocumentInvalid as error:
            raise BrokenRequestError(str(error)) from error


def _envelope() -> tuple[Element, Element]:
    """An empty envelope, and its body."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    return envelope, etree.SubElement(envelope, f"{{{SOAP}}}Body")


def _in_braces(session_id: str | None) -> str:
    """The session's id as the bus writes it; a new one where there is none."""
    return f"{{{(session_id or str(uuid4())).strip('{}')}}}"


def _business_data(data: Element) -> Element:
    """`data`, or the root of the text in it."""
    if len(data):
        return data
    try:
        return parse((data.text or "").strip().encode())
    except etree.XMLSyntaxError as error:
        raise BrokenRequestError("data holds neither XML nor text that is XML") from error
