"""The document of a person's labour activity, not signed yet: `xsd/labour-activity-v1.xsd`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from lxml import etree

NAMESPACE: Final = "urn:esutd-bus:labour-activity:v1"

_OF_A_CONTRACT: Final = {
    "number": "number",
    "positionCode": "position_code",
    "establishedPost": "established_post",
    "startsOn": "starts_on",
    "endsOn": "ends_on",
    "status": "status",
    "terminatedOn": "terminated_on",
    "terminationReasonCode": "termination_reason_code",
}
"""Element → column of `contract`, in the schema's order; an empty column has no element."""

Row = Mapping[str, Any]


def labour_document(request: Row, contracts: Sequence[Row], as_of: datetime) -> bytes:
    """What the register knows, as of a moment, for who asked by a row of `labour_request`."""
    root = etree.Element(_name("LabourActivity"), nsmap={None: NAMESPACE})  # type: ignore[dict-item]  # lxml's word for the default
    _add(root, "requestId", request["id"])
    _add(root, "employeeIin", request["employee_iin"])
    _add(root, "receiver", request["employer"])
    _add(root, "purpose", request["purpose"])
    _add(root, "consentId", request["consent_id"])
    _add(root, "paperConsent", request["paper_consent"])
    _add(root, "asOf", as_of.isoformat(timespec="seconds"))
    for contract in contracts:
        element = etree.SubElement(root, _name("contract"))
        _add(element, "employer", contract["employer"])
        for name, column in _OF_A_CONTRACT.items():
            _add(element, name, contract[column])
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _add(parent: etree._Element, name: str, value: object) -> None:
    if value is not None:
        etree.SubElement(parent, _name(name)).text = str(value)


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
