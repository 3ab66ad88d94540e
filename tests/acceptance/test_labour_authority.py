"""What the labour authority does and sees, at the door: corrections after a termination, figures, violations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

import pytest

from esutd_bus.register.calendar import ALMATY
from esutd_bus.signature.signing import sign_document, sign_wsse
from esutd_bus.testbed.test_ca import TestCa
from support.messages import (
    AUTHORITY,
    CONTRACTS,
    EMPLOYER,
    Reply,
    contract,
    envelope,
    header,
    post,
    referring,
    register,
    send,
    today,
)
from support.services import Service

OTHER = "940340000421"
ALMATY_CITY, ASTANA, KOSTANAY = "750000000", "710000000", "390000000"
FIGURES = ("entries", "onTime", "late", "withoutDeadline", "contracts", "employees", "employers")
ANNA, BORIS = "890312200172", "850701100173"
TERMINATION = {"terminatedOn": today(), "reasonCode": "05"}

_days = count(400, 7)


@pytest.fixture
def day() -> Iterator[date]:
    """A day to come on which nobody else enters anything; the service believes messages that say it is today."""
    return today() + timedelta(days=next(_days))


def on(day: date) -> dict[str, Any]:
    return header(sentAt=datetime.combine(day, time(12), ALMATY).isoformat())


def asked(operation: str, **parts: Any) -> bytes:
    return envelope(AUTHORITY, operation, {"requestHeader": header(), **parts})


def told(reply: Reply, name: str) -> list[Mapping[str, str]]:
    """Each element of that name: what its leaves say."""
    return [
        {leaf.tag.rpartition("}")[2]: leaf.text for leaf in found.iter() if not len(leaf)}
        for found in reply.root.xpath(f"//*[local-name()='{name}']")
    ]


def figures(row: Mapping[str, str]) -> tuple[int, ...]:
    return tuple(int(row[name]) for name in FIGURES)


@pytest.mark.clause("slides/monitor")
@pytest.mark.clause("353/4")
def test_figures_are_those_of_what_was_entered(service: Service, ca: TestCa, day: date) -> None:
    """Four contracts of two employers and two employees, one late, one by a portal; one of them ends at once."""
    ours, others, portal = (ca.identity(name) for name in ("employer", "other-employer", "portal"))
    place = {"countryCode": "398", "katoCode": "751410000", "address": "пр. Абая, 10"}

    def entry(employee: str, late: int = 0, employer: str = EMPLOYER, **more: Any) -> bytes:
        signed = day - timedelta(days=late)
        terms = contract(employee={"iin": employee}, concludedOn=signed, startsOn=day, **more)
        return register(employer, requestHeader=on(day), contract=terms)

    first = send(service.url, entry(ANNA), ours)
    send(service.url, entry(BORIS, late=30), ours)
    send(service.url, entry(BORIS, employer=OTHER, workPlace=place), others)
    brought = post(service.url, sign_wsse(sign_document(entry(ANNA, workPlace=place), ours), portal))
    ended = referring(
        "TerminateContract",
        first.text("contractId") or "",
        termination={"terminatedOn": day, "reasonCode": "05"},
        requestHeader=on(day),
    )
    assert send(service.url, ended, ours).codes == brought.codes == ["SCSS001"]

    officer = ca.identity("authority-officer")
    question = asked(
        "GetStatistics",
        period={"firstDay": day, "lastDay": day},
        groupBy={"region": True, "period": "day", "channel": True, "event": True},
    )
    answer = send(service.url, question, officer, AUTHORITY)
    (total,) = told(answer, "total")
    assert figures(total) == (5, 4, 1, 0, 4, 2, 2)
    groups = {
        (row["regionCode"], row["channel"], row["event"]): figures(row) for row in told(answer, "group")
    }
    assert groups == {
        (ASTANA, "employer-system", "ContractRegistered"): (2, 1, 1, 0, 2, 2, 1),
        (ASTANA, "employer-system", "ContractTerminated"): (1, 1, 0, 0, 1, 1, 1),
        (ALMATY_CITY, "employer-system", "ContractRegistered"): (1, 1, 0, 0, 1, 1, 1),
        (ALMATY_CITY, "portal", "ContractRegistered"): (1, 1, 0, 0, 1, 1, 1),
    }
    assert {row["period"] for row in told(answer, "group")} == {day.isoformat()}
    # The day before and the day after are others.
    beside = asked(
        "GetStatistics", period={"firstDay": day - timedelta(days=3), "lastDay": day - timedelta(days=1)}
    )
    assert send(service.url, beside, officer, AUTHORITY).text("entries") == "0"


@pytest.mark.clause("353/13")
def test_after_a_termination_the_authority_corrects_and_the_employer_does_not(
    service: Service, ca: TestCa
) -> None:
    ours, officer = ca.identity("employer"), ca.identity("authority-officer")
    terms = contract(startsOn=today())
    contract_id = send(service.url, register(contract=terms), ours).text("contractId") or ""
    mended = {"correction": {"establishedPost": "Ведущий инженер"}}
    application = {"whose": "employer", "number": "7", "date": today()}
    by_authority = {
        "registeredBy": {"bin": EMPLOYER},
        "contractRef": {"contractId": contract_id},
        "application": application,
        **mended,
        "termination": {"terminatedOn": today(), "reasonCode": "03-002"},
        "reason": "по заявлению",
    }

    def corrected() -> Reply:
        return send(service.url, asked("CorrectByAuthority", **by_authority), officer, AUTHORITY)

    assert corrected().codes == ["SCSE092"]
    assert send(
        service.url, referring("TerminateContract", contract_id, termination=TERMINATION), ours
    ).codes == ["SCSS001"]
    assert send(service.url, referring("CorrectContract", contract_id, **mended), ours).codes == ["SCSE092"]
    assert corrected().codes == ["SCSS001"]
    answer = send(service.url, referring("GetContract", contract_id), ours)
    assert answer.text("establishedPost") == "Ведущий инженер"
    entries = [row["event"] for row in told(answer, "entry")]
    assert entries == ["ContractRegistered", "ContractTerminated", "ContractCorrectedByAuthority"]
    changes = {row["field"]: row.get("after") for row in told(answer, "change")}
    assert (changes["application/whose"], changes["application/number"]) == ("employer", "7")
    assert changes["reasonCode"] == "03-002"


@pytest.mark.clause("slides/violations")
@pytest.mark.clause("353/6")
def test_the_authority_sees_what_the_employer_sees_of_its_violations(service: Service, ca: TestCa) -> None:
    other, officer = ca.identity("other-employer"), ca.identity("authority-officer")
    place = {"countryCode": "398", "katoCode": "391010000", "address": "пр. Абая, 10"}
    late = contract(
        concludedOn=today() - timedelta(days=60), startsOn=today(), workingTime=[], workPlace=place
    )
    assert send(service.url, register(OTHER, contract=late), other).warnings == ["SCSE088"]
    page = {"number": 1, "size": 100}
    asked_by_itself = {"requestHeader": header(), "employer": {"bin": OTHER}, "page": page}
    own = send(service.url, envelope(CONTRACTS, "GetOwnViolations", asked_by_itself), other)
    seen = send(
        service.url,
        asked("GetViolations", scope={"registeredBy": {"bin": OTHER}}, page=page),
        officer,
        AUTHORITY,
    )
    shown = told(own, "violation")
    assert {row["kind"] for row in shown} == {"workingTimeMissing", "lateEntry"}
    assert told(seen, "violation") == [{"employer": OTHER, **row} for row in shown]
    assert seen.text("total") == own.text("total")
    region = send(
        service.url, asked("GetViolations", scope={"regionCode": KOSTANAY}, page=page), officer, AUTHORITY
    )
    of_this_contract = [row["kind"] for row in told(region, "violation") if row["number"] == late["number"]]
    assert sorted(of_this_contract) == ["lateEntry", "workingTimeMissing"]


@pytest.mark.clause("353/9")
def test_a_deleted_contract_is_gone_for_the_employer_and_there_for_the_authority(
    service: Service, ca: TestCa
) -> None:
    ours, officer = ca.identity("employer"), ca.identity("authority-officer")
    terms = contract()
    contract_id = send(service.url, register(contract=terms), ours).text("contractId") or ""
    deletion = referring("DeleteContract", contract_id, employee={"iin": terms["employee"]["iin"]})
    assert send(service.url, deletion, ours).codes == ["SCSS001"]
    assert send(service.url, referring("GetContract", contract_id), ours).codes == ["SCSE025"]
    read = asked("ReadContract", registeredBy={"bin": EMPLOYER}, contractRef={"contractId": contract_id})
    answer = send(service.url, read, officer, AUTHORITY)
    assert (answer.text("status"), answer.text("number")) == ("deleted", terms["number"])
