"""What is told to whom: the form of the identifiers, then the signer, then everything else at once."""

from __future__ import annotations

import pytest

from esutd_bus.testbed.test_ca import TestCa
from support.messages import contract, referring, register, send, today
from support.services import Service


@pytest.mark.code("SCSE046")
@pytest.mark.clause("353/5")
def test_who_is_not_the_employer_learns_nothing_more(service: Service, ca: TestCa) -> None:
    message = register(contract=contract(number=None, positionCode="9999"))
    reply = send(service.url, message, ca.identity("other-employer"))
    assert reply.fields == [("SCSE046", "employer/bin")]


@pytest.mark.code("SCSE043")
def test_a_number_that_is_no_bin_is_told_before_the_signer(service: Service, ca: TestCa) -> None:
    reply = send(service.url, register("990440000386"), ca.identity("other-employer"))
    assert reply.fields == [("SCSE043", "employer/bin")]


@pytest.mark.code("SCSE045")
def test_a_stranger_is_told_the_form_of_an_iin_and_not_more(service: Service, ca: TestCa) -> None:
    message = register(contract=contract(employee={"iin": "850312100032"}, number=None))
    assert send(service.url, message, ca.identity("other-employer")).fields == [
        ("SCSE045", "contract/employee/iin")
    ]


def test_the_employer_is_told_everything_at_once(service: Service, ca: TestCa) -> None:
    message = register(
        contract=contract(
            number=None,
            employee={"iin": "850312100032"},
            positionCode="9999",
            term={"termCode": "2"},
            workPlace={"countryCode": "398", "address": "г. Астана"},
        )
    )
    assert send(service.url, message, ca.identity("employer")).fields == [
        ("SCSE003", "contract/number"),
        ("SCSE045", "contract/employee/iin"),
        ("SCSE054", "contract/term/endsOn"),
        ("SCSE007", "contract/positionCode"),
        ("SCSE105", "contract/workPlace/katoCode"),
    ]


def test_each_error_speaks_three_languages(service: Service, ca: TestCa) -> None:
    reply = send(service.url, register(contract=contract(number=None)), ca.identity("employer"))
    assert reply.text("messageRu") == "Поле «Номер договора» является обязательным для заполнения"
    assert reply.text("messageKk")
    assert reply.text("messageEn")
    assert reply.text("requestId")


@pytest.mark.clause("353/3")
@pytest.mark.code("SCSE003")
def test_blanks_are_no_number(service: Service, ca: TestCa) -> None:
    reply = send(service.url, register(contract=contract(number="   ")), ca.identity("employer"))
    assert reply.fields == [("SCSE003", "contract/number")]


def test_an_empty_note_is_not_a_way_to_leave_it_out(service: Service, ca: TestCa) -> None:
    employer = ca.identity("employer")
    contract_id = send(service.url, register(), employer).text("contractId") or ""
    termination = {"terminatedOn": today(), "reasonCode": "01", "note": None}
    reply = send(service.url, referring("TerminateContract", contract_id, termination=termination), employer)
    assert ("ESB004", "termination/note") in reply.fields
