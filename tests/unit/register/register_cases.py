"""Commands and states to judge, all in order unless a test spoils them. Dates stand around `NOW`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from esutd_bus.register.calendar import Calendar
from esutd_bus.register.command import Command
from esutd_bus.register.contract import CONDITIONS, FOREIGN_WORKER, PAYMENT, TERMINATION_PAYMENT
from esutd_bus.register.decide import decide
from esutd_bus.register.dictionary_files import read_packaged
from esutd_bus.register.event import Accepted, ContractEvent, Decision, Refused
from esutd_bus.register.identifiers import check_digit
from esutd_bus.register.jsonable import jsonable
from esutd_bus.register.partners import EMPLOYERS
from esutd_bus.register.rulebook import Rulebook
from esutd_bus.register.speaker import Speaker
from esutd_bus.register.state import State
from esutd_bus.register.timeline import entered_as_json
from support.replacing import replace

RULES = Rulebook(read_packaged(), Calendar())

NOW = datetime(2025, 6, 11, 6, 30, tzinfo=UTC)
TODAY = date(2025, 6, 11)

EMPLOYER = "990440000385"
IIN = f"85010110001{check_digit('85010110001')}"
"""An invented man born on 1 January 1885."""

OTHER_IIN = f"86010110001{check_digit('86010110001')}"
"""Another invented man's, born a year later."""

HEAD = Speaker(EMPLOYER, IIN, frozenset({"organisation", "first-head"}), certificate="c0")
"""The employer's first head."""

CONTRACT_ID = UUID(int=1)
NEW_ID = UUID(int=2)
MESSAGE_ID = UUID(int=3)
AMENDMENT_ID = UUID(int=4)

CONTRACT: Mapping[str, Any] = {
    "external_id": "a" * 32,
    "number": "17",
    "concluded_on": date(2025, 6, 9),
    "employee_iin": IIN,
    "starts_on": date(2025, 6, 10),
    "term_code": "1",
    "position_code": "2511-1-002",
    "established_post": "Системный аналитик",
    "employment_type_code": "2",
    "working_hours_code": "1",
    "remote_work_code": "3",
    "country_code": "398",
    "kato_code": "711210000",
    "address": "пр. Мәңгілік Ел, 8",
    "liable_for_military_service": False,
}
"""What a message says of a contract."""

REGISTERED: Mapping[str, Any] = {
    "id": CONTRACT_ID,
    "employer": EMPLOYER,
    "employee_surname": None,
    "employee_name": None,
    "employee_patronymic": None,
    "ends_on": None,
    "tariff_rate": None,
    "rest_note": None,
    **CONTRACT,
    **dict.fromkeys((*CONDITIONS, *FOREIGN_WORKER, *PAYMENT)),
    "concluded_on": date(2024, 1, 10),
    "starts_on": date(2024, 1, 15),
    "status": "active",
    "terminated_on": None,
    "termination_reason_code": None,
    "termination_note": None,
    "termination_by_new_technology": None,
    **dict.fromkeys(TERMINATION_PAYMENT),
    "extended_on": None,
    "reinstated_on": None,
    "reinstatement_order_number": None,
    "reinstatement_order_date": None,
    "reinstatement_organization_code": None,
    "reinstatement_court_code": None,
    "reinstatement_note": None,
    "registered_at": datetime(2024, 1, 11, 5, 0, tzinfo=UTC),
    "version": 4,
}
"""The same contract in the register, some time later."""

CONSENT: Mapping[str, Any] = {
    "external_id": "c" * 32,
    "employee_iin": IIN,
    "employer": EMPLOYER,
    "purpose": "приём на работу",
    "valid_to": date(2025, 12, 31),
}
"""What a person's message says of a consent."""

GIVEN: Mapping[str, Any] = {
    "id": UUID(int=5),
    **CONSENT,
    "message_id": UUID(int=6),
    "given_at": datetime(2025, 6, 2, 5, 0, tzinfo=UTC),
    "brought_by": EMPLOYER,
    "withdrawn_at": None,
}
"""The same consent on record."""

PROOF: Mapping[str, Any] = {
    "proof_external_id": "f" * 32,
    "proof_name": "Карта аттестации",
    "proof_format": "pdf",
    "proof_sha256": "0" * 64,
}

HARMFUL: Mapping[str, Any] = {"working_conditions": "harmful", "heavy_conditions_code": "L3.6.56", **PROOF}
"""Harmful working conditions of list 3, and their proof."""

FOREIGNER: Mapping[str, Any] = {
    "citizenship_code": "860",
    "foreign_basis": "foreignLabourForce",
    "permit_number": "0012345",
    "permit_issued_on": date(2025, 5, 20),
    "permit_starts_on": date(2025, 6, 1),
    "permit_ends_on": date(2026, 5, 31),
}
"""A foreigner with a permit, whom a legal entity may employ."""

AGREED: Mapping[str, Any] = {
    "payment_employee_agrees": True,
    "payment_employer_agrees": True,
    "payment_employee_phone": "+77010000001",
    "payment_officer_phone": "+77010000002",
}
"""The special social payment, agreed."""

AMENDMENT: Mapping[str, Any] = {
    "external_id": "b" * 32,
    "number": "17/1",
    "concluded_on": date(2025, 6, 2),
    "starts_on": date(2025, 6, 10),
}

AMENDED: Mapping[str, Any] = {
    **AMENDMENT,
    "id": AMENDMENT_ID,
    "contract_id": CONTRACT_ID,
    "employer": EMPLOYER,
    "terms": {"established_post": "Главный аналитик"},
    "status": "active",
    "version": 1,
    "message_id": MESSAGE_ID,
    "recorded_at": datetime(2025, 6, 3, 5, 0, tzinfo=UTC),
}
"""The amendment in the register, some days later."""

EXTENSION: Mapping[str, Any] = {
    "extended_on": date(2025, 6, 10),
    "term_code": "2",
    "ends_on": date(2026, 6, 10),
}

TERMINATION: Mapping[str, Any] = {"terminated_on": date(2025, 6, 10), "termination_reason_code": "03-002"}

REINSTATEMENT: Mapping[str, Any] = {
    "terminated_on": date(2025, 5, 20),
    "reinstated_on": date(2025, 6, 10),
    "reinstatement_order_number": "2-118/2025",
    "reinstatement_order_date": date(2025, 6, 9),
    "reinstatement_organization_code": "1",
    "reinstatement_court_code": "16",
}

LEAVE_ID = UUID(int=4)

LEAVE: Mapping[str, Any] = {
    "external_id": "d" * 32,
    "leave_type_code": "1",
    "personnel_number": "0042",
    "starts_on": date(2025, 6, 2),
    "ends_on": date(2025, 10, 5),
    "first_working_day_on": date(2025, 10, 6),
}
"""A leave of 126 days for a birth, as a message tells it."""

RECORDED: Mapping[str, Any] = {
    "id": LEAVE_ID,
    "contract_id": CONTRACT_ID,
    "employer": EMPLOYER,
    **LEAVE,
    "status": "active",
    "version": 1,
    "message_id": UUID(int=5),
    "recorded_at": datetime(2025, 6, 3, 5, 0, tzinfo=UTC),
}
"""The same leave in the register, some days later."""

DISCLOSURE: Mapping[str, Any] = {"employee_iin": IIN, "purpose": "приём на работу"}

DELEGATE = f"86060610001{check_digit('86060610001')}"
"""An invented man born on 6 June 1886."""

DELEGATION: Mapping[str, Any] = {
    "delegate_iin": DELEGATE,
    "act_number": "12-П",
    "act_date": date(2025, 6, 2),
    "valid_to": date(2025, 12, 31),
}

BY_ID: Mapping[str, Any] = {"contract_id": CONTRACT_ID}
FOUND = State(contract_by_id=REGISTERED)


def changed(given: Mapping[str, Any], **columns: Any) -> dict[str, Any]:
    """The values with some replaced; `...` takes a column out."""
    return {name: value for name, value in {**given, **columns}.items() if value is not ...}


def command(operation: str, values: Mapping[str, Any], **more: Any) -> Command:
    return Command(
        **{
            "operation": operation,
            "values": values,
            "speaker": HEAD,
            "serves": EMPLOYERS,
            "message_id": MESSAGE_ID,
            "received_at": NOW,
            "new_id": NEW_ID,
            **more,
        }
    )


def registration(**columns: Any) -> Command:
    return command("RegisterContract", {"contract": changed(CONTRACT, **columns)})


def amendment(changes: Mapping[str, Any] | None = None, **columns: Any) -> Command:
    given = {"established_post": "Главный аналитик"} if changes is None else changes
    return command(
        "AmendContract",
        {"reference": BY_ID, "amendment": changed(AMENDMENT, **columns), "contract": given},
    )


def extension(**columns: Any) -> Command:
    return command("ExtendContract", {"reference": BY_ID, "contract": changed(EXTENSION, **columns)})


def termination(**columns: Any) -> Command:
    return command("TerminateContract", {"reference": BY_ID, "contract": changed(TERMINATION, **columns)})


def judge(asked: Command, state: State = State(), now: datetime = NOW, rules: Rulebook = RULES) -> Decision:  # noqa: B008  # frozen
    return decide(asked, state, now, rules)


def refusals(decision: Decision) -> list[tuple[str, str | None]]:
    """(code, field) of every refusal; none if accepted."""
    return [(r.code, r.field) for r in decision.refusals] if isinstance(decision, Refused) else []


def accepted(decision: Decision) -> Accepted:
    assert isinstance(decision, Accepted), decision
    return decision


def happened(decision: Decision) -> ContractEvent:
    (event,) = accepted(decision).events
    assert isinstance(event, ContractEvent)
    return event


def reinstatement(**columns: Any) -> Command:
    return command("ReinstateEmployee", {"reference": BY_ID, "contract": changed(REINSTATEMENT, **columns)})


def recorded(event: ContractEvent, *, at: datetime = NOW) -> dict[str, Any]:
    """The row of `contract_event` that the store makes of an event."""
    return {
        "contract_id": event.contract["id"],
        "version": event.contract["version"],
        "event": event.kind,
        "effective_on": event.effective_on,
        "recorded_at": at,
        "changes": [
            {"field": name, "before": jsonable(before), "after": jsonable(after)}
            for name, (before, after) in event.changes.items()
        ],
        "entered": None if event.entered is None else entered_as_json(event.entered),
        "amendment_id": event.amendment["id"] if event.amendment else None,
    }


def entered(asked: Command, state: State, now: datetime = NOW) -> State:
    """The state after a message about a contract, as the store would load it."""
    event = happened(judge(asked, state, now))
    amendments = {row["id"]: row for row in state.amendments}
    if event.amendment is not None:
        amendments[event.amendment["id"]] = event.amendment
    return replace(
        state,
        contract_by_id=event.contract,
        amendments=list(amendments.values()),
        history=[*state.history, recorded(event, at=now)],
    )


def half() -> Decimal:
    return Decimal("0.5")
