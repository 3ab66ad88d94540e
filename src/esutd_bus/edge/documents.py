"""The documents of a service contract: `?wsdl`, `?xsd=NAME`, `?singleWsdl`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from esutd_bus.edge.refused import Refused

if TYPE_CHECKING:
    from esutd_bus.soap.contract import ServiceContract

_MOST_FIELDS = 16


def contract_document(contract: ServiceContract, query: str, public_url: str) -> bytes | None:
    """The document that a query asks for, or None where it asks for none.

    The query's name counts in any case (`?WSDL`), a schema's name as it is written. Addresses in the document
    begin with `public_url` and never with what the request says.

    Raises:
        Refused: 404, no such schema.
    """
    for name, value in _fields(query):
        match name.lower():
            case "wsdl":
                return contract.wsdl(public_url)
            case "singlewsdl":
                return contract.flat_wsdl(public_url)
            case "xsd":
                schema = contract.schema(value, public_url)
                if schema is None:
                    raise Refused(404, "ESB002", "the contract has no such schema")
                return schema
    return None


def _fields(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return []
