"""Signed messages for tests: valid ones, and what a test changes in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import requests
from lxml import etree

from esutd_bus.register.calendar import ALMATY
from esutd_bus.signature.keys import SigningKey
from esutd_bus.signature.signing import sign_wsse

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
CONTRACTS = "urn:esutd-bus:contracts:v1"
PERSONAL_FILE = "urn:esutd-bus:personal-file:v1"
CABINET = "urn:esutd-bus:cabinet:v1"
AUTHORITY = "urn:esutd-bus:authority:v1"
COMMON = "urn:esutd-bus:common:v1"
PATHS = {
    CONTRACTS: "/soap/contracts",
    PERSONAL_FILE: "/soap/personal-file",
    CABINET: "/soap/cabinet",
    AUTHORITY: "/soap/authority",
}

EMPLOYER = "990440000385"
EMPLOYEE = "850312100031"

_COMMON_CHILDREN = {"requestHeader", "employer", "registeredBy", "contractRef"}
_CONTRACTS_CHILDREN = {"correction", "termination", "page"}
"""Elements of the authority's service whose children are those of the contracts' one."""


def today() -> Any:
    """The day it is in Kazakhstan."""
    return datetime.now(ALMATY).date()


def external_id() -> str:
    """A fresh identifier of the sender's."""
    return str(uuid4())


def contract(**changed: Any) -> dict[str, Any]:
    """A contract that holds, in the elements of `RegisterContract`."""
    return {
        "externalId": external_id(),
        "number": f"ТД-{uuid4().hex[:12]}",
        "concludedOn": today(),
        "employee": {"iin": EMPLOYEE},
        "startsOn": today() + timedelta(days=1),
        "term": {"termCode": "1"},
        "positionCode": "2511-1-002",
        "establishedPost": "Инженер-программист",
        "employmentTypeCode": "2",
        "workingTime": {"workingHoursCode": "1"},
        "remoteWorkCode": "3",
        "workPlace": {
            "countryCode": "398",
            "katoCode": "711210000",
            "address": "г. Астана, ул. Примерная, 1",
        },
        **changed,
    }


def header(**changed: Any) -> dict[str, Any]:
    """A fresh request's header."""
    return {"requestId": uuid4(), "sentAt": datetime.now(UTC).isoformat(), "system": "тест", **changed}


def register(employer: str = EMPLOYER, **changed: Any) -> bytes:
    """An unsigned `RegisterContract`."""
    return envelope(
        CONTRACTS,
        "RegisterContract",
        {"requestHeader": header(), "employer": {"bin": employer}, "contract": contract(), **changed},
    )


def referring(operation: str, contract_id: str, employer: str = EMPLOYER, **parts: Any) -> bytes:
    """An unsigned message about a registered contract."""
    return envelope(
        CONTRACTS,
        operation,
        {
            "requestHeader": header(),
            "employer": {"bin": employer},
            "contractRef": {"contractId": contract_id},
            **parts,
        },
    )


def envelope(namespace: str, operation: str, parts: Mapping[str, Any]) -> bytes:
    """The envelope of an operation's element with these children; the element is a document of its own."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    body = etree.SubElement(root, f"{{{SOAP}}}Body")
    element = etree.SubElement(body, f"{{{namespace}}}{operation}", nsmap={"v1": namespace, "c": COMMON})
    for name, value in parts.items():
        _append(element, name, value, namespace)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _below(name: str, namespace: str) -> str:
    """The namespace of an element's children."""
    if name in _COMMON_CHILDREN:
        return COMMON
    return CONTRACTS if namespace == AUTHORITY and name in _CONTRACTS_CHILDREN else namespace


def _append(parent: Any, name: str, value: Any, namespace: str) -> None:
    for one in value if isinstance(value, list) else [value]:
        child = etree.SubElement(parent, f"{{{namespace}}}{name}")
        if isinstance(one, Mapping):
            for inner, inner_value in one.items():
                _append(child, inner, inner_value, _below(name, namespace))
        elif one is not None:
            child.text = str(one).lower() if isinstance(one, bool) else str(one)


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(repr=False)

    @property
    def root(self) -> Any:
        """The answer's envelope."""
        return etree.fromstring(self.body)

    @property
    def codes(self) -> list[str]:
        """The fault's codes, or the receipt's."""
        return [*self._texts("error/code"), *self._texts("receipt/code")]

    @property
    def fields(self) -> list[tuple[str, str | None]]:
        """(code, field) of each error."""
        return [
            (error.findtext(f"{{{COMMON}}}code"), error.findtext(f"{{{COMMON}}}field"))
            for error in self.root.iter(f"{{{COMMON}}}error")
        ]

    @property
    def warnings(self) -> list[str]:
        """The receipt's warnings."""
        return self._texts("warning/code")

    def text(self, name: str) -> str | None:
        """The text of the first element of that local name."""
        found = self.root.xpath(f"//*[local-name()='{name}']")
        return found[0].text if found else None

    def _texts(self, path: str) -> list[str]:
        parent, name = path.split("/")
        return [
            element.text
            for element in self.root.xpath(f"//*[local-name()='{parent}']/*[local-name()='{name}']")
        ]


Send = Callable[..., Reply]
"""(message, its service's namespace) → what came back."""


def post(url: str, message: bytes, namespace: str = CONTRACTS, timeout: float = 30) -> Reply:
    """Sends a message to its service."""
    answer = requests.post(
        url + PATHS[namespace],
        data=message,
        headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
        timeout=timeout,
    )
    return Reply(answer.status_code, answer.content, answer.headers)


def send(url: str, message: bytes, key: SigningKey, namespace: str = CONTRACTS) -> Reply:
    """Signs and sends."""
    return post(url, sign_wsse(message, key), namespace)
