"""The documents of a service contract: `?wsdl`, `?xsd=NAME`, `?singleWsdl`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from esutd_bus.edge.refused import Refused

if TYPE_CHECKING:
    from esutd_bus.soap.served import ServedContract

_MOST_FIELDS = 16


def contract_document(contract: ServedContract, query: str, public_url: str) -> bytes | None:
    """The document that a query asks for, or None where it asks for none.

    The query's name counts in any case (`?WSDL`), a schema's name as it is written. Addresses in the document
    begin with `public_url` and never with what the request says.

    Raises:
        Refused: 404, no such document.
    """
    for name, value in _fields(query):
        match name.lower():
            case "wsdl":
                return contract.wsdl(public_url, value)
            case "singlewsdl":
                return _there(contract.flat_wsdl(public_url), "flat form")
            case "xsd":
                return _there(contract.schema(value, public_url), "schema")
    return None


def _there(document: bytes | None, kind: str) -> bytes:
    if document is None:
        raise Refused(404, "ESB002", f"the contract has no such {kind}")
    return document


def _fields(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return []
