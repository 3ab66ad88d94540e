"""All errors of a message in one fault."""

from __future__ import annotations

from uuid import UUID

import pytest
from lxml import etree

from esutd_bus.soap.contract import ServiceContracts
from esutd_bus.soap.encode_plan import EncodeError
from esutd_bus.soap.envelope import fault_envelope, open_envelope
from esutd_bus.soap.fault import REGISTER_FAULT, FaultError

CORRELATION = UUID("0d9e8c1a-9d7a-4c58-9b57-4c1f7a6f3c11")
NUMBER = FaultError(
    "SCSE003", "Поле обязательно", "Өріс міндетті", "The field is required", field="contract/number"
)
UPSTREAM = FaultError("ESB008", "а", "ә", "a", upstream_code="E1", upstream_message="line\x1f <1>")


def test_every_error_is_told(contracts: ServiceContracts) -> None:
    detail = contracts.register_fault.encode(CORRELATION, [NUMBER, UPSTREAM], str(CORRELATION))
    fault = open_envelope(fault_envelope("Client", "Сообщение не принято", detail)).payload
    (told,) = fault.findall("detail/*")
    assert told.tag == REGISTER_FAULT
    rows = [{etree.QName(part).localname: part.text for part in error} for error in told.iterfind("{*}error")]
    assert rows == [
        {
            "code": "SCSE003",
            "field": "contract/number",
            "messageRu": "Поле обязательно",
            "messageKk": "Өріс міндетті",
            "messageEn": "The field is required",
        },
        {
            "code": "ESB008",
            "messageRu": "а",
            "messageKk": "ә",
            "messageEn": "a",
            "upstreamCode": "E1",
            "upstreamMessage": "line\ufffd <1>",
        },
    ]
    assert told.findtext("{*}correlationId") == told.findtext("{*}requestId") == str(CORRELATION)


def test_it_is_what_the_contract_says(contracts: ServiceContracts) -> None:
    sent = contracts.register_fault.encode(CORRELATION, [NUMBER])
    validator = next(iter(contracts.by_path["/soap/contracts"].operations.values())).request_plan._validator
    assert validator.accepts(etree.fromstring(sent))
    assert b"requestId" not in sent


def test_a_fault_without_errors_is_none(contracts: ServiceContracts) -> None:
    with pytest.raises(EncodeError, match="error: at least 1 required"):
        contracts.register_fault.encode(CORRELATION, [])
