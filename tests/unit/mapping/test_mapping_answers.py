"""An answer's values from what the register and the engine know."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esutd_bus.mapping.compile import MappedOperation, compile_mappings
from esutd_bus.node import PORTS
from esutd_bus.register.calendar import Calendar
from esutd_bus.register.case import Case
from esutd_bus.register.command import Command
from esutd_bus.register.dictionary_files import read_packaged
from esutd_bus.register.event import Accepted
from esutd_bus.register.partners import EMPLOYERS
from esutd_bus.register.rulebook import Rulebook
from esutd_bus.register.speaker import Speaker
from esutd_bus.register.state import State
from esutd_bus.register.store_rows import DECIDER
from esutd_bus.settings import packaged
from esutd_bus.soap.contract import load_contracts
from esutd_bus.soap.lexical import is_xml_text

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
MESSAGE = {"id": uuid4(), "request_id": uuid4(), "received_at": NOW}
RECEIPT = {"code": "SCSS001", "message": "Успешно"}
TOLD_OF_THE_MESSAGE = {
    "receipt/requestId": str(MESSAGE["request_id"]),
    "receipt/messageId": str(MESSAGE["id"]),
    "receipt/receivedAt": NOW,
    "receipt/code": "SCSS001",
    "receipt/message": "Успешно",
}


@pytest.fixture(scope="session")
def packaged_operations() -> dict[str, MappedOperation]:
    contracts = load_contracts(packaged("."))
    operations = compile_mappings(packaged("mappings"), packaged("mappings"), contracts, PORTS).operations
    return {tag.partition("}")[2]: operation for tag, operation in operations.items()}


def gathered(operation: MappedOperation, **sources: Any) -> dict[str, Any]:
    """What an answer tells beside its receipt; the schema takes all of it."""
    values = operation.answer.gather({"message": MESSAGE, "receipt": RECEIPT, **sources})
    operation.contract.answer_plan.encode(values)
    for path, value in TOLD_OF_THE_MESSAGE.items():
        assert values.pop(path) == value
    return values


def test_a_receipt_tells_its_deadline_and_warnings(packaged_operations: dict[str, MappedOperation]) -> None:
    warning = {"code": "SCSE088", "message_ru": "р", "message_kk": "қ", "message_en": "e"}
    receipt = {**RECEIPT, "due_on": date(2026, 3, 9), "days_late": 0, "warnings": [warning]}
    contract_id = uuid4()
    told = gathered(packaged_operations["RegisterContract"], contract={"id": contract_id}, receipt=receipt)
    assert told == {
        "contractId": str(contract_id),
        "receipt/deadline/dueOn": date(2026, 3, 9),
        "receipt/deadline/daysLate": 0,
        "receipt/warning": [{"code": "SCSE088", "messageRu": "р", "messageKk": "қ", "messageEn": "e"}],
    }


def test_lists_within_lists_are_told(packaged_operations: dict[str, MappedOperation]) -> None:
    entry = {
        "event": "ContractAmended",
        "effective_on": date(2026, 3, 2),
        "recorded_at": NOW,
        "recorded_by": "BIN990440000385",
        "message_id": uuid4(),
    }
    changes = [
        {"field": "tariff_rate", "before": None, "after": "0.5"},
        {"field": "liable_for_military_service", "before": True, "after": False},
        {"field": "gone", "before": "x", "after": 7},
    ]
    contract = {
        "id": uuid4(),
        "external_id": "e" * 32,
        "number": "17",
        "concluded_on": date(2026, 3, 2),
        "employee_iin": "850312100031",
        "starts_on": date(2026, 3, 2),
        "term_code": "1",
        "ends_on": None,
        "position_code": "2511-1-002",
        "established_post": "инженер",
        "employment_type_code": "2",
        "tariff_rate": None,
        "working_hours_code": None,
        "remote_work_code": "3",
        "country_code": "398",
        "address": "пр. Абая, 1",
        "status": "active",
    }
    history = [{**entry, "version": 1, "change": []}, {**entry, "version": 2, "change": changes}]
    told = gathered(packaged_operations["GetContract"], contract=contract, history=history)
    assert "contract/term/endsOn" not in told
    first, second = told["history/entry"]
    assert "change" not in first
    assert (first["version"], second["version"], second["recordedAt"]) == (1, 2, NOW)
    assert second["change"] == [
        {"field": "workingTime/tariffRate", "after": "0.5"},
        {"field": "liableForMilitaryService", "before": "true", "after": "false"},
        {"field": "gone", "before": "x", "after": "7"},
    ]


def test_what_a_source_does_not_hold_is_left_out(training: MappedOperation) -> None:
    row = {"id": uuid4(), "topic": "t", "held_on": date(2026, 3, 2), "hours": None}
    participant = {"iin": "850312100031", "passed": False}
    told = gathered(training, training=row, training_participant=[participant])
    assert told == {
        "trainingId": str(row["id"]),
        "training/topic": "t",
        "training/heldOn": date(2026, 3, 2),
        "training/participant": [participant],
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E+2"), "100"),
        (date(2026, 3, 2), "2026-03-02"),
        (NOW, "2026-03-02T05:00:00+00:00"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (True, "true"),
        (17, "17"),
    ],
)
def test_text_tells_values_as_xml_spells_them(
    packaged_operations: dict[str, MappedOperation], value: Any, text: str
) -> None:
    history = [{"change": [{"before": value}]}]
    told = packaged_operations["GetContract"].answer.gather({"history": history})
    assert told == {"history/entry": [{"change": [{"before": text}]}]}


TEXTS = st.text(max_size=20).filter(is_xml_text)
TRAININGS = st.fixed_dictionaries(
    {
        "training/topic": TEXTS,
        "training/heldOn": st.dates(),
        "training/participant": st.lists(
            st.fixed_dictionaries(
                {"iin": st.sampled_from(["850312100031", "890312200172"]), "passed": st.booleans()},
                optional={"note": TEXTS},
            ),
            min_size=1,
            max_size=3,
        ),
    },
    optional={
        "training/hours": st.decimals(allow_nan=False, allow_infinity=False, places=4),
        "training/places": st.integers(-(2**63), 2**63 - 1),
        "training/begunAt": st.datetimes(timezones=st.just(UTC)),
        "training/lecturer/staff": st.just("850312100031"),
        "training/tag": st.lists(TEXTS, min_size=1, max_size=3),
    },
)
RULES = Rulebook(read_packaged(), Calendar())


@settings(max_examples=100)
@given(said=TRAININGS)
def test_what_lands_is_told_again_unchanged(training: MappedOperation, said: dict[str, Any]) -> None:
    landed = training.request.land({"requestHeader/requestId": str(uuid4()), **said}, ())
    assert landed.refusals == []
    landed.values.pop("message")
    command = Command(
        operation="StoreRows",
        values=landed.values,
        speaker=Speaker("990440000385", "850315100105", frozenset({"first-head"}), certificate=""),
        serves=EMPLOYERS,
        message_id=uuid4(),
        received_at=NOW,
        new_id=uuid4(),
    )
    accepted = DECIDER.accept(Case.of(command, State(), NOW, RULES))
    assert isinstance(accepted, Accepted)
    assert gathered(training, **accepted.answer) == {"trainingId": str(command.new_id), **said}
