"""Stock clients import the published contracts, call, and understand what they are answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from stacks import Stack

from esutd_bus.register import answer_codes
from support.messages import today

Outcome = dict[str, Any]

SEVERAL = [
    ("SCSE087", "contract/externalId"),
    ("SCSE003", "contract/number"),
    ("SCSE007", "contract/positionCode"),
    ("SCSE078", "contract/workingTime/tariffRate"),
    ("SCSE073", "contract/workPlace/katoCode"),
]


def errors(fault: Outcome) -> list[Outcome]:
    """A fault's errors. PHP decodes a fault's detail without the WSDL: there one error is no list."""
    found = fault["error"]
    return found if isinstance(found, list) else [found]


def assert_typed(fault: Outcome, faultcode: str = "soap:Client") -> None:
    UUID(fault["correlationId"])
    assert fault.get("faultcode", faultcode) == faultcode  # Java's exception does not tell it
    for error in errors(fault):
        expected = answer_codes.text(error["code"])
        # Words of what to do may follow.
        assert error["messageRu"].startswith(expected.ru)
        assert error["messageKk"].startswith(expected.kk)
        assert error["messageEn"].startswith(expected.en)


@pytest.mark.parametrize("document", ["wsdl", "singleWsdl"])
@pytest.mark.parametrize("binding", ["asgi", "wsgi"])
class TestEveryDoor:
    """Each binding, through each form of the contract."""

    @pytest.fixture
    def outcome(
        self, outcomes: Callable[[Stack, str, str], Outcome], stack: Stack, binding: str, document: str
    ) -> Outcome:
        return outcomes(stack, binding, document)

    @pytest.mark.clause("353/3")
    def test_a_contract_is_registered(self, outcome: Outcome) -> None:
        registered = outcome["registered"]
        UUID(registered["contractId"])
        assert registered["code"] == "SCSS001"
        assert registered["warnings"] == []

    @pytest.mark.clause("slides/personal-file")
    def test_a_personal_file_is_read(self, outcome: Outcome) -> None:
        person = outcome["person"]
        assert (person["iin"], person["surname"], person["sex"]) == ("890312200172", "САРСЕНБАЕВА", "Әйел")

    @pytest.mark.clause("353/14")
    @pytest.mark.code("ESB005")
    def test_the_cabinet_is_imported_and_serves_portals_alone(self, outcome: Outcome) -> None:
        fault = outcome["cabinet"]
        assert [(error["code"], error["reason"]) for error in errors(fault)] == [("ESB005", "role")]
        assert_typed(fault)

    @pytest.mark.clause("353/13-1")
    def test_a_term_that_has_ended_is_extended(self, outcome: Outcome) -> None:
        extended = outcome["extended"]
        assert (extended["code"], extended["warnings"]) == ("SCSS001", [])
        assert extended["contractId"] == extended["registered"]
        assert extended["endsOn"] == (today() + timedelta(days=400)).isoformat()
        assert int(extended["daysLate"]) == 0
        assert date.fromisoformat(extended["dueOn"]) > today()

    @pytest.mark.clause("353/6")
    def test_a_leave_is_recorded(self, outcome: Outcome) -> None:
        leave = outcome["leave"]
        UUID(leave["leaveId"])
        assert leave["code"] == "SCSS001"
        assert leave.get("dueOn") is None

    def test_contracts_are_found_page_by_page(self, outcome: Outcome) -> None:
        found = outcome["search"]["one"]
        (contract,) = found["contracts"]
        assert (contract["iin"], contract["status"]) == ("850701100173", "active")
        assert datetime.fromisoformat(contract["changedAt"]).tzinfo is not None
        assert int(found["total"]) > 1

    def test_a_page_may_be_empty(self, outcome: Outcome) -> None:
        nothing = outcome["search"]["none"]
        assert (int(nothing["total"]), nothing["contracts"]) == (0, [])

    @pytest.mark.clause("353/6")
    @pytest.mark.code("SCSE001")
    def test_an_unsigned_call_is_told_that_the_signature_is_absent(self, outcome: Outcome) -> None:
        fault = outcome["unsigned"]
        assert [(error["code"], error["reason"]) for error in errors(fault)] == [("SCSE001", "absent")]
        assert_typed(fault)

    def test_all_errors_of_a_call_are_told_at_once(self, outcome: Outcome) -> None:
        fault = outcome["several"]
        assert [(error["code"], error["field"]) for error in errors(fault)] == SEVERAL
        UUID(fault["requestId"])
        assert_typed(fault)


def test_values_come_back_as_they_were_sent(whole: Outcome) -> None:
    contract = whole["contract"]
    assert contract["contractId"] == whole["registered"]["contractId"]
    assert contract["concludedOn"] == today().isoformat()
    assert contract["endsOn"] == (today() + timedelta(days=800)).isoformat()
    assert float(contract["tariffRate"]) == 0.5
    assert contract["liableForMilitaryService"] is False
    assert contract["establishedPost"] == 'Инженер <&> "Әлем"'
    assert contract["surname"] == "Жолдасов"
    assert contract["status"] == "active"


def test_what_is_empty_on_the_client_is_left_out_of_the_message(whole: Outcome) -> None:
    assert whole["contract"].get("patronymic") is None


def test_what_is_optional_may_be_absent(whole: Outcome) -> None:
    bare = whole["bare"]
    for optional in ("surname", "endsOn", "tariffRate", "liableForMilitaryService"):
        assert bare.get(optional) is None
    assert bare["concludedOn"] == (today() - timedelta(days=40)).isoformat()


def test_either_side_of_a_choice_is_understood(whole: Outcome) -> None:
    """`contract` is asked for by contractId, `bare` by externalId."""
    assert whole["bare"]["contractId"] == whole["late"]["contractId"]


@pytest.mark.clause("353/7")
@pytest.mark.code("SCSE088")
def test_a_warning_is_a_list_of_one(whole: Outcome) -> None:
    late = whole["late"]
    assert late["warnings"] == ["SCSE088"]
    assert int(late["daysLate"]) > 0
    assert int(whole["registered"]["daysLate"]) == 0
    assert date.fromisoformat(late["dueOn"]) < today() <= date.fromisoformat(whole["registered"]["dueOn"])


def test_the_history_is_a_list_of_one(whole: Outcome) -> None:
    (entry,) = whole["contract"]["history"]
    assert int(entry["version"]) == 1
    assert entry["event"] == "ContractRegistered"
    assert entry["recordedBy"].startswith("990440000385")


def test_documents_are_none_or_several(whole: Outcome) -> None:
    assert [(each["number"], each["endDate"]) for each in whole["person"]["documents"]] == [
        ("000000001", "2030-01-01"),
        ("N00000001", "2031-06-15"),
    ]
    assert whole["person"]["birthDate"] == "1889-03-12"
    assert whole["undocumented"]["documents"] == []
    assert whole["undocumented"].get("city") is None


@pytest.mark.code("ESB008")
def test_a_registrys_own_code_keeps_its_zeros(whole: Outcome) -> None:
    fault = whole["upstream"]
    assert_typed(fault, "soap:Server")
    (error,) = errors(fault)
    assert (error["code"], error["upstreamCode"]) == ("ESB008", "00004")
    assert error["upstreamMessage"] == "Нет прав на получение данных"
