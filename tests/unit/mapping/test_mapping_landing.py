"""A message's values on their columns, and what is told where they cannot land."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from lxml import etree
from training_exchange import NAMESPACE, TrainingExchange

from esutd_bus.mapping.compile import MappedOperation
from esutd_bus.mapping.converters import CONVERTERS
from esutd_bus.mapping.request_mapping import Landed
from esutd_bus.register.refusal import Refusal
from esutd_bus.soap.problem import Problem

REQUEST_ID = "0d9e8c1a-9d7a-4c58-9b57-4c1f7a6f3c11"
TRAINED = "850312100031"
OTHER = "890312200172"

VALUES: dict[str, Any] = {
    "requestHeader/requestId": REQUEST_ID,
    "requestHeader/sentAt": datetime(2026, 3, 2, 10, 0, tzinfo=UTC),
    "requestHeader/system": "1С:ЗУП",
    "employer/bin": "990440000385",
    "training/topic": "Охрана труда",
    "training/heldOn": date(2026, 3, 2),
    "training/hours": Decimal("1.50"),
    "training/places": 12,
    "training/begunAt": datetime(2026, 3, 2, 4, 0, tzinfo=UTC),
    "training/lecturer/staff": TRAINED,
    "training/tag": ["first", "second"],
    "training/participant": [
        {"iin": TRAINED, "passed": True},
        {"iin": OTHER, "passed": False, "note": "again"},
    ],
}


def land(training: MappedOperation, *problems: Problem, **changed: Any) -> Landed:
    values = {**VALUES, **{name.replace("__", "/"): value for name, value in changed.items()}}
    return training.request.land(
        {path: value for path, value in values.items() if value is not None}, problems
    )


def told(landed: Landed) -> list[tuple[str, str | None]]:
    return [(refusal.code, refusal.path) for refusal in landed.refusals]


def test_every_value_lands(training: MappedOperation) -> None:
    landed = land(training)
    assert landed.values == {
        "message": {
            "request_id": UUID(REQUEST_ID),
            "sent_at": "2026-03-02T10:00:00+00:00",
            "system": "1С:ЗУП",
            "employer": "990440000385",
        },
        "training": {
            "topic": "Охрана труда",
            "held_on": date(2026, 3, 2),
            "hours": Decimal("1.50"),
            "places": 12,
            "begun_at": datetime(2026, 3, 2, 4, 0, tzinfo=UTC),
            "lecturer_iin": TRAINED,
        },
        "training_tag": [{"tag": "first"}, {"tag": "second"}],
        "training_participant": [
            {"iin": TRAINED, "passed": True},
            {"iin": OTHER, "passed": False, "note": "again"},
        ],
    }
    assert (landed.refusals, landed.malformed, landed.misidentified) == ([], frozenset(), ())


def test_every_leaf_of_a_real_message_lands(training: MappedOperation) -> None:
    participant = f"<t:participant><t:iin>{OTHER}</t:iin><t:passed>true</t:passed></t:participant>"
    payload = etree.fromstring(
        f"""<t:ReportTraining xmlns:t="{NAMESPACE}" xmlns:c="urn:esutd-bus:common:v1">
          <t:requestHeader><c:requestId>{REQUEST_ID}</c:requestId><c:sentAt>2026-03-02T10:00:00Z</c:sentAt>
            <c:system>x</c:system></t:requestHeader>
          <t:employer><c:bin>990440000385</c:bin></t:employer>
          <t:training><t:topic>fire</t:topic><t:heldOn>2026-03-02</t:heldOn><t:hours>2</t:hours><t:places>3</t:places>
            <t:begunAt>2026-03-02T09:00:00</t:begunAt><t:lecturer><t:guest>N.</t:guest></t:lecturer>
            <t:tag>a</t:tag><t:tag>b</t:tag>{participant}{participant}</t:training></t:ReportTraining>"""
    )
    decoded = training.contract.request_plan.decode(payload)
    landed = training.request.land(decoded.values, decoded.problems)
    assert landed.refusals == []
    assert sum(len(row) for row in (landed.values["message"], landed.values["training"])) == 4 + 6
    assert [row["tag"] for row in landed.values["training_tag"]] == ["a", "b"]
    assert len(landed.values["training_participant"]) == 2


def test_a_message_that_tells_nothing_for_a_table_still_gets_its_row(own_exchange: TrainingExchange) -> None:
    required = """type="xs:string"/>
      <xs:element name="heldOn" type="common:Date"/>"""
    own_exchange.with_schema(required, required.replace("/>", ' minOccurs="0"/>'))
    training = own_exchange.operation(
        (("tables", "training", "columns", "topic"), "text"),
        (("tables", "training", "columns", "held_on"), "date"),
    )
    said = {path: VALUES[path] for path in ("requestHeader/requestId", "training/participant")}
    landed = training.request.land(said, ())
    assert landed.values["training"] == {}
    assert len(landed.values["training_participant"]) == 2
    assert "training_tag" not in landed.values


def test_an_instant_without_zone_is_kazakhstans(training: MappedOperation) -> None:
    landed = land(training, training__begunAt=datetime(2026, 3, 2, 9, 0))  # noqa: DTZ001  # as a sender writes it
    begun_at = landed.values["training"]["begun_at"]
    assert begun_at == datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
    assert begun_at.utcoffset() == timedelta(hours=5)


def test_of_a_file_its_digest_lands() -> None:
    """The digest of «abc» is that of FIPS 180-2, B.1."""
    digest = CONVERTERS["sha256"].convert(b"abc")
    assert digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("places", [2**63, -(2**63) - 1, 10**40])
def test_a_number_that_no_column_holds_is_malformed(training: MappedOperation, places: int) -> None:
    landed = land(training, training__places=places)
    assert told(landed) == [("ESB004", "training/places")]
    assert landed.malformed == {"training.places"}
    assert "places" not in landed.values["training"]


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Problem("training/topic", "missing", ""), "SCSE003"),
        (Problem("training/topic", "malformed", ""), "ESB004"),
        (Problem("training/heldOn", "missing", ""), "SCSE004"),
        (Problem("training/heldOn", "malformed", ""), "SCSE053"),
        (Problem("training", "missing", ""), "SCSE138"),
        (Problem("training/hours", "unexpected", ""), "ESB004"),
        (Problem("training/participant[2]/iin", "missing", ""), "SCSE011"),
        (Problem("training/participant[2]/iin", "malformed", ""), "SCSE045"),
        (Problem("employer", "missing", ""), "SCSE008"),
        (Problem("employer/bin", "malformed", ""), "SCSE043"),
        (Problem("training/topic/@lang", "unexpected", ""), "ESB004"),
    ],
)
def test_each_problem_has_the_code_of_its_path(
    training: MappedOperation, problem: Problem, code: str
) -> None:
    landed = land(training, problem)
    assert landed.refusals == [Refusal(code, path=problem.path, reason="")]


def test_what_is_malformed_is_not_absent(training: MappedOperation) -> None:
    landed = land(
        training,
        Problem("training/heldOn", "malformed", "a date"),
        Problem("training/topic", "missing", ""),
        training__heldOn=None,
        training__topic=None,
    )
    assert landed.malformed == {"training.held_on"}


@pytest.mark.code("SCSE043")
@pytest.mark.code("SCSE045")
def test_wrong_identifiers_are_told_and_judged_first(training: MappedOperation) -> None:
    landed = land(
        training,
        Problem("training/topic", "malformed", ""),
        employer__bin="990440000386",
        training__participant=[{"iin": TRAINED, "passed": True}, {"iin": "850312100032", "passed": True}],
    )
    assert told(landed) == [
        ("ESB004", "training/topic"),
        ("SCSE043", "employer/bin"),
        ("SCSE045", "training/participant[2]/iin"),
    ]
    assert list(landed.misidentified) == landed.refusals[1:]
    assert landed.malformed == {"training.topic", "message.employer"}
    assert landed.values["training_participant"] == [{"iin": TRAINED, "passed": True}, {"passed": True}]


def test_a_missing_identifier_is_no_wrong_one(training: MappedOperation) -> None:
    landed = land(training, Problem("employer/bin", "missing", ""), employer__bin=None)
    assert told(landed) == [("SCSE009", "employer/bin")]
    assert landed.misidentified == ()


def test_a_fields_path_is_that_of_the_message(training: MappedOperation) -> None:
    path_of = training.request.path_of
    assert path_of("training.held_on") == "training/heldOn"
    assert path_of("message.employer") == "employer/bin"
    assert path_of("message.employer", {"employer/iin": TRAINED}) == "employer/iin"
    assert path_of("contract.number") is None
    assert path_of(None) is None


def test_every_field_leads_back_to_a_path_that_feeds_it(training: MappedOperation) -> None:
    landed = land(training)
    for table in ("message", "training"):
        for column, value in landed.values[table].items():
            path = training.request.path_of(f"{table}.{column}", VALUES)
            assert path is not None
            assert training.request.land({path: VALUES[path]}, ()).values[table] == {column: value}


def test_refusals_are_told_in_the_messages_order(training: MappedOperation) -> None:
    refusals = [
        Refusal("ESB004", path="training/participant[10]/iin"),
        Refusal("ESB004", field="training.hours"),
        Refusal("ESB099"),
        Refusal("ESB004", path="training/participant[2]/passed"),
        Refusal("ESB004", path="training/participant[2]/iin"),
        Refusal("SCSE043", path="employer/bin"),
        Refusal("ESB004", path="training/tag[3]"),
        Refusal("SCSE138", field="training"),
        Refusal("SCSE138", path="training"),
    ]
    assert [refusal.path for refusal in training.in_order(refusals)] == [
        "employer/bin",
        "training",
        "training",
        "training/hours",
        "training/tag[3]",
        "training/participant[2]/iin",
        "training/participant[2]/passed",
        "training/participant[10]/iin",
        None,
    ]
