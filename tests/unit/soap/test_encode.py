"""Values as an element of the contract, or a clear refusal."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree
from stranger_contract import CONTRACTS, Stranger

from esutd_bus.soap.contract import Operation, ServiceContract
from esutd_bus.soap.plan import AnswerPlan, EncodeError, RequestPlan

GUID = "0d9e8c1a-9d7a-4c58-9b57-4c1f7a6f3c11"
RECEIPT: dict[str, Any] = {
    "receipt/requestId": GUID,
    "receipt/messageId": GUID,
    "receipt/receivedAt": datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=5))),
    "receipt/code": "SCSS001",
    "receipt/message": "Сведения приняты",
    "contractId": GUID,
}
HISTORY: dict[str, Any] = {
    "version": 1,
    "event": "ContractRegistered",
    "effectiveOn": date(2026, 3, 3),
    "recordedAt": datetime(2026, 3, 2, 5, tzinfo=UTC),
    "recordedBy": "990440000385/850101100012",
    "messageId": GUID,
}


@pytest.fixture(scope="module")
def plan(register: Operation) -> AnswerPlan:
    return register.answer_plan


def test_a_receipt(plan: AnswerPlan) -> None:
    assert plan.encode(RECEIPT).decode() == (
        f'<ns1:RegisterContractResponse xmlns:ns1="{CONTRACTS}" xmlns:ns2="urn:esutd-bus:common:v1">'
        f"<ns1:receipt><ns2:requestId>{GUID}</ns2:requestId><ns2:messageId>{GUID}</ns2:messageId>"
        "<ns2:receivedAt>2026-03-02T10:00:00+05:00</ns2:receivedAt><ns2:code>SCSS001</ns2:code>"
        f"<ns2:message>Сведения приняты</ns2:message></ns1:receipt><ns1:contractId>{GUID}</ns1:contractId>"
        "</ns1:RegisterContractResponse>"
    )


def test_the_order_of_values_does_not_matter(plan: AnswerPlan) -> None:
    assert plan.encode(dict(reversed(RECEIPT.items()))) == plan.encode(RECEIPT)


def test_optional_groups_appear_when_something_in_them_is_given(plan: AnswerPlan) -> None:
    deadline = {"receipt/deadline/dueOn": date(2026, 3, 9), "receipt/deadline/daysLate": 0}
    warnings = {
        "receipt/warning": [{"code": "SCSE088", "messageRu": "а", "messageKk": "ә", "messageEn": "a"}]
    }
    sent = plan.encode(RECEIPT | deadline | warnings).decode()
    assert (
        "<ns2:deadline><ns2:dueOn>2026-03-09</ns2:dueOn><ns2:daysLate>0</ns2:daysLate></ns2:deadline>" in sent
    )
    assert sent.count("<ns2:warning>") == 1
    nothing: dict[str, Any] = {
        "receipt/deadline/dueOn": None,
        "receipt/deadline/daysLate": None,
        "receipt/warning": [],
    }
    assert plan.encode(RECEIPT | nothing) == plan.encode(RECEIPT)


def test_rows_in_rows(service: ServiceContract, register_values: dict[str, Any]) -> None:
    operation = service.operations[f"{{{CONTRACTS}}}GetContract"]
    entries = [
        HISTORY,
        HISTORY | {"version": 2, "deadline/dueOn": date(2026, 3, 9), "deadline/daysLate": 3},
        HISTORY
        | {"change": [{"field": "contract.number", "before": "17", "after": "18"}, {"field": "term"}]},
    ]
    contract = {path: value for path, value in register_values.items() if path.startswith("contract/")}
    receipt = {path: value for path, value in RECEIPT.items() if path != "contractId"}
    values = receipt | contract | {"contract/contractId": GUID, "status": "active", "history/entry": entries}
    sent = etree.fromstring(operation.answer_plan.encode(values))
    decoded = RequestPlan(operation.response, operation.request_plan._validator).decode(sent)
    assert decoded.problems == ()
    assert decoded.values == values

    del entries[2]["change"][1]["field"]
    with pytest.raises(EncodeError, match=r"history/entry\[3\]/change\[2\]/field: required"):
        operation.answer_plan.encode(values)


@pytest.mark.parametrize("path", sorted(RECEIPT))
def test_a_required_leaf_is_absent(plan: AnswerPlan, path: str) -> None:
    with pytest.raises(EncodeError) as caught:
        plan.encode({each: value for each, value in RECEIPT.items() if each != path})
    assert (caught.value.path, caught.value.detail) == (path, "required, but absent")
    with pytest.raises(EncodeError):
        plan.encode(RECEIPT | {path: None})


def test_half_an_optional_group(plan: AnswerPlan) -> None:
    with pytest.raises(EncodeError, match="receipt/deadline/daysLate: required"):
        plan.encode(RECEIPT | {"receipt/deadline/dueOn": date(2026, 3, 9)})


def test_a_path_the_contract_does_not_have(plan: AnswerPlan) -> None:
    with pytest.raises(EncodeError, match="receipt/massage: the contract has no such path"):
        plan.encode(RECEIPT | {"receipt/massage": "x"})
    with pytest.raises(EncodeError, match=r"receipt/warning\[1\]/text: the contract has no such path"):
        plan.encode(RECEIPT | {"receipt/warning": [{"text": "x"}]})


@pytest.mark.parametrize("text", ["<&>\"'", "a\r\nb\tc\n", "]]>", "  x  ", "\U0001f600\u0085\u2028", "Ә"])
def test_text_is_escaped_and_comes_back(plan: AnswerPlan, text: str) -> None:
    sent = etree.fromstring(plan.encode(RECEIPT | {"receipt/message": text}))
    assert sent[0][4].text == text


@pytest.mark.parametrize("text", ["\0", "a\x1fb", "\x0b", "\ud800", "\ufffe", "\uffff"])
def test_text_that_xml_cannot_carry(plan: AnswerPlan, text: str) -> None:
    with pytest.raises(EncodeError, match="receipt/message: a character that XML"):
        plan.encode(RECEIPT | {"receipt/message": text})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("receipt/message", 1),
        ("receipt/message", b"x"),
        ("receipt/message", ["x"]),
        ("receipt/receivedAt", "2026-03-02T10:00:00"),
        ("receipt/receivedAt", date(2026, 3, 2)),
        ("receipt/receivedAt", datetime(2026, 3, 2, tzinfo=timezone(timedelta(hours=15)))),
        ("receipt/receivedAt", datetime(1890, 3, 2, tzinfo=ZoneInfo("Asia/Almaty"))),
        ("receipt/deadline/dueOn", datetime(2026, 3, 2, tzinfo=UTC)),
        ("receipt/deadline/dueOn", "2026-03-02"),
        ("receipt/deadline/daysLate", "1"),
        ("receipt/deadline/daysLate", True),
        ("receipt/deadline/daysLate", 1.0),
        ("receipt/warning", "text"),
        ("receipt/warning", {"code": "x"}),
        ("receipt/warning", ["text"]),
        ("receipt/warning", 7),
    ],
)
def test_values_of_another_type(plan: AnswerPlan, path: str, value: Any) -> None:
    deadline = {"receipt/deadline/dueOn": date(2026, 3, 9), "receipt/deadline/daysLate": 0}
    with pytest.raises(EncodeError) as caught:
        plan.encode(RECEIPT | deadline | {path: value})
    assert caught.value.path.startswith(path)


def test_every_type(stranger: Stranger) -> None:
    names = ["boolean", "decimal", "integer", "double", "date", "dateTime", "time", "base64Binary"]
    particles = "".join(f'<xs:element name="{name}" type="xs:{name}" minOccurs="0"/>' for name in names)
    ask = stranger.ask(f"<xs:sequence>{particles}</xs:sequence>")
    plan = AnswerPlan(ask.request)

    def text(name: str, value: Any) -> str | None:
        return etree.fromstring(plan.encode({name: value})).findtext("{*}" + name)

    assert text("boolean", False) == "false"
    assert text("decimal", Decimal("1E+3")) == "1000"
    assert text("decimal", Decimal("-0.50")) == "-0.50"
    assert text("decimal", 7) == "7"
    assert text("integer", -7) == "-7"
    assert text("double", 1e22) == "1e+22"
    assert text("date", date(850, 1, 1)) == "0850-01-01"
    assert text("dateTime", datetime(2026, 1, 1, 2, 3, 4, 5)) == "2026-01-01T02:03:04.000005"  # noqa: DTZ001
    assert text("time", time(2, 3, tzinfo=UTC)) == "02:03:00+00:00"
    assert text("base64Binary", b"a\xff") == "Yf8="
    refused: dict[str, list[Any]] = {
        "decimal": [
            Decimal("NaN"),
            Decimal("Infinity"),
            Decimal("1E+999999"),
            Decimal("1E-999999"),
            0.5,
            True,
        ],
        "double": [float("nan"), float("inf"), 1],
        "boolean": [1, "true"],
        "integer": [10**400],
        "time": ["10:00:00", time(1, tzinfo=timezone(timedelta(hours=20)))],
        "base64Binary": ["Yf8="],
    }
    for name, values in refused.items():
        for value in values:
            with pytest.raises(EncodeError):
                plan.encode({name: value})


def test_choices(register: Operation, register_values: dict[str, Any]) -> None:
    plan = AnswerPlan(register.request)
    neither = {path: value for path, value in register_values.items() if path != "employer/bin"}
    with pytest.raises(
        EncodeError, match=r"employer/bin: exactly one of employer/bin, employer/iin .* 0 are"
    ):
        plan.encode(neither)
    with pytest.raises(EncodeError, match="2 are"):
        plan.encode(register_values | {"employer/iin": "850101100012"})
    assert b"<ns2:iin>850101100012</ns2:iin>" in plan.encode(neither | {"employer/iin": "850101100012"})


def test_counts(stranger: Stranger) -> None:
    ask = stranger.ask(
        '<xs:sequence><xs:element name="a" type="xs:token" minOccurs="2" maxOccurs="3"/></xs:sequence>'
    )
    plan = AnswerPlan(ask.request)
    assert plan.encode({"a": ["x", "y"]}).count(b"<ns1:a>") == 2
    for values in ({}, {"a": ["x"]}, {"a": ["x"] * 4}, {"a": ["x", " y"]}, {"a": ["x", None]}):
        with pytest.raises(EncodeError):
            plan.encode(values)
