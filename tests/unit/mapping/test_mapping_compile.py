"""Start-up ends with a clear word where a mapping is not complete; where it is, every leaf has its place."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from training_exchange import ABSENT, ANSWER, MAPPING, OPERATION, REQUEST, TrainingExchange, changed

from esutd_bus.mapping.compile import compile_mappings
from esutd_bus.mapping.document import MappingError
from esutd_bus.node import PORTS
from esutd_bus.register.decide import COMMANDS
from esutd_bus.register.partners import EMPLOYERS, PartnerKind
from esutd_bus.settings import packaged
from esutd_bus.signature.profile import ALL_PROFILES
from esutd_bus.soap.contract import load_contracts

Change = tuple[tuple[str, ...], Any]

TOPIC = (*REQUEST, "training/topic")
HELD_ON = (*REQUEST, "training/heldOn")
LECTURER = (*REQUEST, "training/lecturer/staff")
PARTICIPANT = (*REQUEST, "training/participant")
COLUMNS = ("tables", "training", "columns")


def test_the_packaged_mappings_are_complete() -> None:
    contracts = load_contracts(packaged("."))
    mappings = compile_mappings(packaged("mappings"), packaged("mappings"), contracts, PORTS)
    tags = {tag for service in contracts.by_path.values() for tag in service.operations}
    assert mappings.operations.keys() == tags
    assert {tag.partition("}")[2]: mapped.command for tag, mapped in mappings.operations.items()} == {
        name: name for name in COMMANDS
    }
    personal_file = mappings.operations["{urn:esutd-bus:personal-file:v1}GetPersonalFile"]
    assert personal_file.fetch == {"person": ("disclosure", "employee_iin")}


def test_a_complete_mapping_compiles_to_the_generic_command(exchange: TrainingExchange) -> None:
    mappings = exchange.compile()
    (mapped,) = mappings.operations.values()
    assert (mapped.command, mapped.is_read) == ("StoreRows", False)
    assert list(mappings.tables) == ["training", "training_tag", "training_participant"]
    assert {column.name for column in mappings.tables["training_tag"].columns} == {
        *("id", "parent_id", "position", "message_id", "recorded_at", "tag")
    }


def test_an_operation_takes_the_profiles_it_names(exchange: TrainingExchange) -> None:
    assert exchange.operation().profiles == ALL_PROFILES
    assert exchange.operation(((*OPERATION, "profiles"), ["document"])).profiles == {"document"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param(
            [(TOPIC, ABSENT)], "ReportTraining, request, training/topic: the leaf is neither", id="unmapped"
        ),
        pytest.param(
            [(TOPIC, {"missing": "SCSE003"})],
            "ReportTraining, request, training/topic: the leaf is neither mapped nor ignored",
            id="codes only",
        ),
        pytest.param(
            [(TOPIC, {"ignored": ""})],
            "ReportTraining, request, training/topic, ignored: text",
            id="no reason",
        ),
        pytest.param(
            [(TOPIC, {"ignored": True})], "ReportTraining, request, training/topic, ignored: text", id="true"
        ),
        pytest.param(
            [(TOPIC, {"ignored": "not needed", "to": "training.topic"})],
            "ReportTraining, request, training/topic: is ignored, and yet",
            id="ignored and mapped",
        ),
        pytest.param(
            [((*REQUEST, "training/colour"), "training.topic")],
            "ReportTraining, request, training/colour: the schema has no such element",
            id="unknown path",
        ),
        pytest.param(
            [(TOPIC, "lesson.topic")],
            "ReportTraining, request, training/topic: no table «lesson»",
            id="unknown table",
        ),
        pytest.param(
            [(TOPIC, "training.theme")],
            "ReportTraining, request, training/topic: table training has no column «theme»",
            id="unknown column",
        ),
        pytest.param(
            [(TOPIC, "training")], "training/topic: table training has no column «»", id="table alone"
        ),
        pytest.param(
            [(TOPIC, "training.recorded_at")],
            "training/topic: table training has no column «recorded_at» for messages",
            id="the store's own column",
        ),
        pytest.param(
            [(TOPIC, "message.sender")],
            "table message has no column «sender»",
            id="unknown word of the message",
        ),
        pytest.param(
            [(TOPIC, "contract.number")],
            "ReportTraining, request, training/topic: table contract is the register's: only a command",
            id="the register's table without a command",
        ),
        pytest.param(
            [(TOPIC, "reference.external_id")],
            "ReportTraining, request, training/topic: table reference is the register's",
            id="a reference without a command",
        ),
        pytest.param(
            [((*OPERATION, "command"), "RegisterContract")],
            "table training is of a mapping's own: a command of the register does not store it",
            id="a declared table under a command",
        ),
        pytest.param(
            [(TOPIC, {"to": "training.topic", "as": "upper"})],
            "ReportTraining, request, training/topic: no converter «upper» (known: uuid",
            id="unknown converter",
        ),
        pytest.param(
            [(HELD_ON, {"to": "training.held_on", "as": "iin"})],
            "ReportTraining, request, training/heldOn: «iin» takes text, the leaf is date",
            id="a converter of another type",
        ),
        pytest.param(
            [(HELD_ON, "training.topic"), (TOPIC, {"ignored": "no"})],
            "training/heldOn: date cannot land on training.topic, which is text",
            id="a value of another type",
        ),
        pytest.param(
            [((*COLUMNS, "topic", "type"), "uuid")],
            "training/topic: text cannot land on training.topic, which is uuid",
            id="a converter forgotten",
        ),
        pytest.param(
            [(TOPIC, {"to": "training.topic", "missing": "SCSE9999"})],
            "ReportTraining, request, training/topic: SCSE9999 is no answer code in force",
            id="unknown code",
        ),
        pytest.param(
            [(HELD_ON, {"to": "training.held_on", "malformed": "SCSE"})],
            "ReportTraining, request, training/heldOn: SCSE is no answer code",
            id="unknown code for a wrong form",
        ),
        pytest.param(
            [(TOPIC, {"to": "training.topic", "wen": "SCSE003"})],
            "ReportTraining, request, training/topic: unknown word «wen» (known: as, ",
            id="unknown word of a line",
        ),
        pytest.param(
            [((*OPERATION, "tables"), {})], "ReportTraining: unknown word «tables»", id="word of operation"
        ),
        pytest.param(
            [(("tabels",), {})], "Training.yaml: unknown word «tabels»", id="unknown word of a file"
        ),
        pytest.param(
            [((*OPERATION, "kind"), "delete")],
            "ReportTraining: kind is «read» or «write», not «delete»",
            id="kind",
        ),
        pytest.param(
            [((*OPERATION, "profiles"), ["wsse", "passport"])],
            "ReportTraining, profiles: wsse, header, document; «passport» is none",
            id="profile",
        ),
        pytest.param(
            [((*OPERATION, "profiles"), [])], "ReportTraining, profiles: wsse, header", id="no profile"
        ),
        pytest.param(
            [(TOPIC, {"ignored": "not kept"})],
            "ReportTraining: column training.topic is required, but no leaf that every message has feeds it",
            id="required column not fed",
        ),
        pytest.param(
            [((*COLUMNS, "hours"), {"type": "decimal", "required": True})],
            "ReportTraining: column training.hours is required",
            id="required column fed by an optional leaf",
        ),
        pytest.param(
            [((*COLUMNS, "lecturer_iin"), {"type": "text", "required": True})],
            "ReportTraining: column training.lecturer_iin is required",
            id="required column fed through an optional group",
        ),
        pytest.param(
            [
                ((*REQUEST, "training/participant/note"), "training_participant.iin"),
                ((*REQUEST, "training/participant/iin"), {"ignored": "no"}),
            ],
            "ReportTraining: column training_participant.iin is required",
            id="required column of rows fed by an optional leaf",
        ),
        pytest.param(
            [(LECTURER, "training.topic")],
            "training/lecturer/staff: lands on training.topic like «training/topic», and a message may have both",
            id="two leaves on one column",
        ),
        pytest.param(
            [((*REQUEST, "training/participant/note"), "training_participant.iin")],
            "training/participant/note: lands on training_participant.iin like «training/participant/iin»",
            id="two leaves on one column of rows",
        ),
        pytest.param(
            [(PARTICIPANT, ABSENT)],
            "ReportTraining, request, training/participant: a repeated group needs «rows: TABLE»",
            id="repeated group without table",
        ),
        pytest.param(
            [(PARTICIPANT, {"rows": "contract"})],
            "training/participant: a repeated element lands in a table declared",
            id="rows of the register",
        ),
        pytest.param(
            [(PARTICIPANT, {"rows": "training"})],
            "training/participant: training must say `parent`",
            id="rows without a parent",
        ),
        pytest.param(
            [((*REQUEST, "training/tag"), "training_participant.iin")],
            "training/participant: another repeated element lands in training_participant already",
            id="two repeated elements in one table",
        ),
        pytest.param(
            [((*REQUEST, "training/participant/note"), "training.lecturer_name")],
            "training/participant/note: rows of «training/participant» land in training_participant, not in training",
            id="a row's leaf elsewhere",
        ),
        pytest.param(
            [((*REQUEST, "training/hours"), "training_tag.tag")],
            "training/hours: decimal cannot land on training_tag.tag",
            id="another type in rows",
        ),
        pytest.param(
            [((*REQUEST, "training/lecturer/guest"), "training_tag.tag")],
            "training/lecturer/guest: training_tag has a parent: its rows come from a repeated element",
            id="one value in a table of rows",
        ),
        pytest.param(
            [
                (("tables", "orphan"), {"columns": {"tag": "text"}}),
                (("tables", "training_tag", "parent"), "orphan"),
            ],
            "training/tag: no leaf makes a row of orphan, the parent of training_tag",
            id="rows whose parent gets no row",
        ),
        pytest.param(
            [((*REQUEST, "training"), {"to": "training.topic"})],
            "training: «to» is nothing to say of a group",
            id="a group to a column",
        ),
        pytest.param(
            [(TOPIC, {"to": "training.topic", "rows": "training_tag"})],
            "training/topic: «rows» is nothing to say of a leaf",
            id="rows of a leaf",
        ),
        pytest.param(
            [((*REQUEST, "use"), ["header", "employer", "trailer"])],
            "ReportTraining, request: no part «trailer»",
            id="unknown part",
        ),
        pytest.param(
            [((*REQUEST, "use"), "header")], "request, use: a list is expected", id="use is no list"
        ),
        pytest.param(
            [((*REQUEST, "requestHeader/requestId"), {"ignored": "no"})],
            "message.request_id is fed by no leaf that every message has",
            id="a retry could not be told from a new request",
        ),
        pytest.param(
            [
                ((*REQUEST, "use"), ["header"]),
                ((*REQUEST, "employer"), {"ignored": "whoever signs it"}),
            ],
            "request, employer: the employer must land on message.employer",
            id="the employer ignored",
        ),
        pytest.param(
            [((*REQUEST, "employer/bin"), {"ignored": "no"})],
            "request, employer: the employer must land on message.employer, in every message: the signer is",
            id="one way to name the employer ignored",
        ),
        pytest.param(
            [((*COLUMNS, "reporter"), "text"), ((*REQUEST, "employer/iin"), "training.reporter")],
            "request, employer: the employer must land on message.employer",
            id="one way to name the employer lands elsewhere",
        ),
        pytest.param(
            [
                ((*REQUEST, "employer/bin"), {"ignored": "no"}),
                ((*REQUEST, "employer/iin"), {"ignored": "no"}),
                (TOPIC, "message.employer"),
                (("tables", "training", "columns", "topic"), "text"),
                ((*ANSWER, "training/topic"), "receipt.code"),
            ],
            "request, employer: the employer must land on message.employer",
            id="something else called the employer",
        ),
        pytest.param(
            [(("tables", "training_tag", "parent"), "training_participant")],
            "training/tag: training_participant, the parent of training_tag, has many rows of one message",
            id="a parent that stands beside its rows",
        ),
        pytest.param(
            [((*OPERATION, "fetch"), {"salary": "training.topic"})],
            "ReportTraining, fetch, salary: there is no such port (known: ",
            id="unknown port",
        ),
        pytest.param(
            [((*OPERATION, "fetch"), {"person": "training.topic"})],
            "ReportTraining, fetch, person: an operation without a command has no use for what the port tells",
            id="a port nobody reads",
        ),
        pytest.param(
            [((*OPERATION, "roles"), ["employer", "portal"])],
            "ReportTraining, roles: the message names the employer that must have signed it, so it cannot serve portal",
            id="a role that is not the employer's",
        ),
        pytest.param(
            [((*OPERATION, "roles"), ["boss"])],
            "ReportTraining, roles: no role «boss» (known: employer, individual-employer, portal,",
            id="unknown role",
        ),
        pytest.param(
            [((*OPERATION, "roles"), "employer")],
            "ReportTraining, roles: a list is expected",
            id="roles are no list",
        ),
        pytest.param([((*OPERATION, "creates"), "training")], "unknown word «creates»", id="creates"),
    ],
)
def test_an_incomplete_request_ends_the_start(
    exchange: TrainingExchange, changes: list[Change], words: str
) -> None:
    with pytest.raises(MappingError) as refused:
        exchange.compile(*changes)
    assert words in str(refused.value)
    assert str(refused.value).startswith("Training.yaml")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param(
            [((*ANSWER, "trainingId"), ABSENT)],
            "trainingId: the leaf is neither mapped nor ignored",
            id="no source",
        ),
        pytest.param(
            [((*ANSWER, "trainingId"), {"ignored": "no"})],
            "trainingId: the schema requires it",
            id="a required leaf ignored",
        ),
        pytest.param(
            [((*ANSWER, "training/colour"), "training.topic")],
            "training/colour: the schema has no such element",
            id="unknown path",
        ),
        pytest.param(
            [((*ANSWER, "training/hours"), "trainin.hours")],
            "training/hours: no leaf of the request lands in «trainin»",
            id="unknown source",
        ),
        pytest.param(
            [((*ANSWER, "training/hours"), "training.length")],
            "training/hours: source training has no «length»",
            id="unknown column",
        ),
        pytest.param(
            [((*ANSWER, "training/begunAt"), "training.recorded_at")],
            "training/begunAt: source training has no «recorded_at»",
            id="a column known only once it is stored",
        ),
        pytest.param(
            [((*ANSWER, "training/hours"), "message.sender")],
            "training/hours: source message has no «sender»",
            id="unknown word of the message",
        ),
        pytest.param(
            [((*ANSWER, "training/hours"), "training.held_on")],
            "training/hours: date cannot be told as decimal",
            id="another type",
        ),
        pytest.param(
            [((*ANSWER, "training/topic"), "training.lecturer_name")],
            "training/topic: every answer tells it, but training.lecturer_name is not always there",
            id="a required leaf from an optional one",
        ),
        pytest.param(
            [((*ANSWER, "training/participant"), ABSENT)],
            "training/participant: a repeated element needs «each: SOURCE»",
            id="repeated without a list",
        ),
        pytest.param(
            [((*ANSWER, "training/participant"), {"each": "training"})],
            "training/participant: no repeated element of the request lands in «training»",
            id="a list that is none",
        ),
        pytest.param(
            [((*ANSWER, "training/participant"), {"each": "training_tag"})],
            "training/participant: every answer tells it, but training_tag may have no rows",
            id="a required list from an optional one",
        ),
        pytest.param(
            [((*ANSWER, "receipt/warning"), {"each": "receipt.warning"})],
            "receipt/warning: no repeated element",
            id="a list the engine has not",
        ),
        pytest.param(
            [((*ANSWER, "training/topic"), "warnings.code")],
            "training/topic: no leaf of the request lands in «warnings»",
            id="a list's row outside the list",
        ),
        pytest.param(
            [((*ANSWER, "training/participant"), {"each": "receipt.warnings"})],
            "training/participant: every answer tells it, but receipt.warnings may have no rows",
            id="a required list from warnings",
        ),
        pytest.param(
            [((*ANSWER, "training/participant/note"), "training.topic")],
            "training/participant/note: here only training_participant can be read, not training",
            id="another row inside a repeated group",
        ),
        pytest.param(
            [((*ANSWER, "training/lecturer/guest"), "training_participant.note")],
            "training/lecturer/guest: training_participant has many rows",
            id="one leaf from many rows",
        ),
        pytest.param(
            [((*ANSWER, "training/topic"), {"from": "training.topic", "as": "upper"})],
            "training/topic: no converter «upper»",
            id="unknown converter",
        ),
        pytest.param(
            [((*ANSWER, "training/topic"), {"to": "training.topic"})],
            "training/topic: unknown word «to»",
            id="a request's word",
        ),
        pytest.param(
            [((*ANSWER, "training"), {"from": "training.topic"})],
            "training: «from» is nothing to say of a group",
            id="a group from a column",
        ),
        pytest.param(
            [((*ANSWER, "training/topic"), {"from": "training.topic", "each": "training_tag"})],
            "training/topic: the schema does not let it repeat",
            id="a list for one leaf",
        ),
    ],
)
def test_an_incomplete_answer_ends_the_start(
    exchange: TrainingExchange, changes: list[Change], words: str
) -> None:
    with pytest.raises(MappingError) as refused:
        exchange.compile(*changes)
    assert str(refused.value).startswith(f"Training.yaml, ReportTraining, answer, {words}")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param(
            [(("tables", "seminar"), {"columns": {"topic": "text"}})],
            "tables, seminar: no operation feeds this table",
            id="never fed",
        ),
        pytest.param(
            [(("tables", "contract"), {})],
            "tables, contract: the register has a table of this name",
            id="clash",
        ),
        pytest.param(
            [(("tables", "receipt"), {})],
            "tables, receipt: the name is taken: answers tell «receipt» from the engine",
            id="an answer's source",
        ),
        pytest.param(
            [(("tables", "warnings"), {})],
            "tables, warnings: the name is taken: answers tell «warnings» from the engine",
            id="an answer's list",
        ),
        pytest.param(
            [(("tables", "message"), {})], "tables, message: the register has a table", id="the journal"
        ),
        pytest.param(
            [(("tables", "reference"), {})],
            "tables, reference: the register has a table",
            id="the register's word",
        ),
        pytest.param(
            [(("tables", "Seminar"), {})], "tables, Seminar: a table's name is lower case", id="name"
        ),
        pytest.param(
            [(("tables", "training_tag", "parent"), "lesson")],
            "tables, training_tag: no table «lesson» to be its parent",
            id="unknown parent",
        ),
        pytest.param(
            [(("tables", "training", "parent"), "training_tag")],
            "tables, training: no table «training_tag» to be its parent",
            id="each other's parent",
        ),
        pytest.param(
            [(("tables", "training", "parent"), "contract")],
            "tables, training: no table «contract» to be its parent",
            id="the register's table as parent",
        ),
        pytest.param(
            [((*COLUMNS, "hours"), "float")], "tables, training, hours: a column's type is one of", id="type"
        ),
        pytest.param([((*COLUMNS, "hours"), 7)], "tables, training, hours: names with values", id="no type"),
        pytest.param(
            [((*COLUMNS, "Hours"), "decimal")],
            "tables, training, Hours: a column's name is lower case",
            id="column name",
        ),
        pytest.param(
            [((*COLUMNS, "employer"), "text")],
            "tables, training, employer: every declared table has",
            id="own column",
        ),
        pytest.param(
            [((*COLUMNS, "hours"), {"type": "decimal", "require": True})],
            "tables, training, hours: unknown word «require»",
            id="word of a column",
        ),
        pytest.param(
            [((*COLUMNS, "hours"), {"type": "decimal", "required": "yes"})],
            "tables, training, hours: required is true or false",
            id="required",
        ),
        pytest.param(
            [(("tables", "training", "indexes"), [])], "tables, training: unknown word «indexes»", id="word"
        ),
        pytest.param(
            [(("tables", "training", "index"), ["held"])],
            "tables, training, index: no column «held»",
            id="index",
        ),
    ],
)
def test_a_table_that_cannot_be_ends_the_start(
    exchange: TrainingExchange, changes: list[Change], words: str
) -> None:
    with pytest.raises(MappingError) as refused:
        exchange.compile(*changes)
    assert f"Training.yaml, {words}" in str(refused.value)


def test_two_files_cannot_declare_one_table(own_exchange: TrainingExchange) -> None:
    other = {"service": "Seminars", "tables": {"training": {"columns": {"topic": "text"}}}}
    (own_exchange.folder / "mappings" / "Seminars.yaml").write_text(yaml.safe_dump(other), encoding="utf-8")
    with pytest.raises(MappingError, match=r"Training\.yaml, tables, training: Seminars\.yaml, .* already"):
        own_exchange.compile()


def test_two_files_cannot_map_one_service(own_exchange: TrainingExchange) -> None:
    (own_exchange.folder / "mappings" / "Other.yaml").write_text(MAPPING, encoding="utf-8")
    with pytest.raises(MappingError, match=r"Training\.yaml: Other\.yaml maps the service Training already"):
        own_exchange.compile()


def test_a_service_without_mapping_ends_the_start(own_exchange: TrainingExchange) -> None:
    with pytest.raises(
        MappingError, match=r"Training: the service has no mapping \(mappings/Training\.yaml\)"
    ):
        compile_mappings(
            own_exchange.folder / "mappings", packaged("mappings"), own_exchange.contracts, PORTS
        )


def test_a_folder_without_mappings_ends_the_start(own_exchange: TrainingExchange) -> None:
    with pytest.raises(MappingError, match="no folder of mappings at"):
        compile_mappings(own_exchange.folder / "nowhere", packaged("mappings"), own_exchange.contracts, PORTS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([(OPERATION, ABSENT)], "Training.yaml: operation ReportTraining has no mapping"),
        ([(("operations", "Report"), {})], "Training.yaml, Report: the WSDL has no such operation"),
        (
            [((*OPERATION, "command"), "RegisterContracts")],
            "ReportTraining: the register has no command «RegisterContracts» (known: AcknowledgeChange",
        ),
        ([(("service",), "Trainings")], "there is no service «Trainings» (wsdl/Trainings.wsdl)"),
        ([(("service",), ABSENT)], "Training.yaml, service: text is expected"),
    ],
)
def test_services_and_operations_are_those_of_the_wsdl(
    exchange: TrainingExchange, changes: list[Change], words: str
) -> None:
    with pytest.raises(MappingError) as refused:
        exchange.compile(*changes)
    assert words in str(refused.value)


def test_what_stands_twice_is_refused_and_not_halved(exchange: TrainingExchange) -> None:
    line = "      training/hours: training.hours\n"
    again = "      training/hours: {ignored: no longer kept}\n"
    with pytest.raises(MappingError, match=r"Training\.yaml: .*training/hours» stands here a second time"):
        exchange.compile_text(MAPPING.replace(line, line + again, 1))


@pytest.mark.parametrize("text", ["", "- a list", "service: [", "service: \x01", "&a [*a]", "1: {}"])
def test_what_is_no_mapping_is_told_by_file(exchange: TrainingExchange, text: str) -> None:
    with pytest.raises(MappingError, match=r"^Training\.yaml"):
        exchange.compile_text(text)


REPEATED_INSIDE = (
    '<xs:element name="note" type="xs:string" minOccurs="0"/>',
    '<xs:element name="note" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>',
)


def test_what_repeats_inside_a_repeated_group_is_ignored_or_refused(own_exchange: TrainingExchange) -> None:
    own_exchange.with_schema(*REPEATED_INSIDE)
    with pytest.raises(MappingError, match="training/participant/note: what repeats inside a repeated group"):
        own_exchange.compile()
    note = "training/participant/note"
    own_exchange.compile(
        ((*REQUEST, note), {"ignored": "free text"}), ((*ANSWER, note), {"ignored": "as above"})
    )


def test_alternatives_on_one_column_feed_it_together(exchange: TrainingExchange) -> None:
    # `employer` is a required choice: bin or iin, both on message.employer; `lecturer` an optional one.
    guest = (*REQUEST, "training/lecturer/guest")
    changes = [(guest, "training.lecturer_iin"), ((*ANSWER, "training/lecturer/guest"), {"ignored": "no"})]
    exchange.compile(*changes)
    with pytest.raises(MappingError, match=r"column training\.lecturer_iin is required"):
        exchange.compile(*changes, ((*COLUMNS, "lecturer_iin"), {"type": "text", "required": True}))


def test_a_required_choice_feeds_a_required_column(own_exchange: TrainingExchange) -> None:
    own_exchange.with_schema('type="Lecturer" minOccurs="0"', 'type="Lecturer"')
    required = ((*COLUMNS, "lecturer_iin"), {"type": "text", "required": True})
    with pytest.raises(MappingError, match=r"column training\.lecturer_iin is required"):
        own_exchange.compile(required)
    own_exchange.compile(
        required,
        ((*REQUEST, "training/lecturer/guest"), "training.lecturer_iin"),
        ((*ANSWER, "training/lecturer/guest"), {"ignored": "no"}),
    )


def test_an_ignored_group_takes_all_below_with_it(exchange: TrainingExchange) -> None:
    below = ["training/participant/iin", "training/participant/passed", "training/participant/note"]
    ignored = [
        (("tables", "training_participant"), ABSENT),
        (PARTICIPANT, {"ignored": "not kept"}),
        *(((*REQUEST, path), ABSENT) for path in below),
    ]
    with pytest.raises(
        MappingError, match="no repeated element of the request lands in «training_participant»"
    ):
        exchange.compile(*ignored)
    with pytest.raises(MappingError, match=r"training/participant/iin: .*one above it is ignored"):
        exchange.compile(*ignored[:-3], *ignored[-2:])


ENTRIES = [
    ("service",),
    ("parts",),
    ("tables",),
    ("tables", "training"),
    ("tables", "training", "columns"),
    ("tables", "training", "columns", "topic"),
    ("tables", "training", "columns", "topic", "type"),
    ("tables", "training", "index"),
    ("tables", "training_tag", "parent"),
    ("operations",),
    OPERATION,
    *((*OPERATION, word) for word in ("command", "kind", "profiles", "fetch", "request", "answer")),
    (*REQUEST, "use"),
    *((*REQUEST, path) for path in ("training", "training/topic", "training/tag", "training/participant")),
    *((*REQUEST, "training/topic", word) for word in ("to", "as", "missing", "malformed", "ignored", "rows")),
    *((*ANSWER, path) for path in ("use", "trainingId", "training/tag", "training/participant")),
    *((*ANSWER, "training/tag", word) for word in ("each", "from", "as")),
]
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", "training", "training.topic", "uuid", "ä.b"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["to", "type", "columns", "training", "x"]) | st.integers(0, 1), inner, max_size=2
        )
    ),
    max_leaves=4,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=st.sampled_from(ENTRIES), value=ANYTHING)
def test_whatever_a_mapping_says_is_compiled_or_told_to_be_wrong(
    exchange: TrainingExchange, keys: tuple[str, ...], value: Any
) -> None:
    with suppress(MappingError):
        exchange.compile((keys, value))


def test_the_shared_parts_serve_where_a_folder_has_none_of_its_own(own_exchange: TrainingExchange) -> None:
    common: Path = own_exchange.folder / "mappings" / "common.yaml"
    own_exchange.compile()
    common.write_text("parts: {}\n", encoding="utf-8")
    with pytest.raises(MappingError, match="no part «header»"):
        own_exchange.compile()
    assert changed() == yaml.safe_load(MAPPING)


def test_an_operation_that_names_no_employer_compiles(own_exchange: TrainingExchange) -> None:
    own_exchange.with_schema('        <xs:element name="employer" type="common:Employer"/>\n', "")
    nameless = ((*REQUEST, "use"), ["header"])
    with pytest.raises(
        MappingError, match=r"ReportTraining: the message names no employer: say whom it serves"
    ):
        own_exchange.compile(nameless)
    operation = own_exchange.operation(nameless, ((*OPERATION, "roles"), ["portal", "government-system"]))
    assert operation.serves == {PartnerKind.PORTAL, PartnerKind.GOVERNMENT_SYSTEM}


def test_an_operation_serves_all_employers_unless_it_says_which(exchange: TrainingExchange) -> None:
    assert exchange.operation().serves == EMPLOYERS
    operation = exchange.operation(((*OPERATION, "roles"), ["individual-employer"]))
    assert operation.serves == {PartnerKind.INDIVIDUAL_EMPLOYER}


def test_an_employer_that_may_be_left_out_ends_the_start(own_exchange: TrainingExchange) -> None:
    own_exchange.with_schema('type="common:Employer"/>', 'type="common:Employer" minOccurs="0"/>')
    with pytest.raises(MappingError, match=r"employer must land on message\.employer, in every message"):
        own_exchange.compile()
