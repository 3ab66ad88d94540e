"""A command of the register says what its mapping must feed, ask and may tell: all else ends the start."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from training_exchange import ABSENT

from esutd_bus.mapping.compile import compile_mappings
from esutd_bus.mapping.yaml_file import MappingError
from esutd_bus.node import PORTS
from esutd_bus.settings import packaged
from esutd_bus.soap.contract import ServiceContracts, load_contracts

Change = tuple[tuple[str, ...], Any]

CONTRACTS = "EmploymentContracts"
PERSONS = "PersonalFile"


@pytest.fixture(scope="module")
def contracts() -> ServiceContracts:
    return load_contracts(packaged("."))


def compiled(folder: Path, contracts: ServiceContracts, service: str, *changes: Change) -> None:
    """The built-in mappings, one of them changed below its operations."""
    for name in sorted(service.name for service in contracts.by_path.values()):
        content = yaml.safe_load((packaged("mappings") / f"{name}.yaml").read_text(encoding="utf-8"))
        for keys, value in changes if name == service else ():
            at = content["operations"]
            for key in keys[:-1]:
                at = at[key]
            if value is ABSENT:
                del at[keys[-1]]
            else:
                at[keys[-1]] = value
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    compile_mappings(folder, packaged("mappings"), contracts, PORTS)


def test_the_built_in_mappings_unchanged(tmp_path: Path, contracts: ServiceContracts) -> None:
    compiled(tmp_path, contracts, CONTRACTS)


NO_REFERENCE = {"ignored": "the latest contract is meant"}


@pytest.mark.parametrize(
    ("service", "changes", "words"),
    [
        pytest.param(
            CONTRACTS,
            [(("RegisterContract", "request", "contract/number"), {"ignored": "not kept"})],
            "RegisterContract: column contract.number is required, but no leaf that every message has feeds it",
            id="a column of the row it makes",
        ),
        pytest.param(
            CONTRACTS,
            [(("AmendContract", "request", "amendment/number"), {"ignored": "not kept"})],
            "AmendContract: column amendment.number is required, but no leaf that every message has feeds it",
            id="a column of the other row it makes",
        ),
        pytest.param(
            CONTRACTS,
            [(("SubmitBatch", "request", "contract"), {"ignored": "not now"})],
            "SubmitBatch, request: SubmitBatch needs a repeated group with «judged_as: OPERATION»",
            id="its entries",
        ),
        pytest.param(
            CONTRACTS,
            [(("SubmitBatch", "request", "contract"), {"judged_as": "AmendContract"})],
            "SubmitBatch, request, contract, judged_as: SubmitBatch judges entries as RegisterContract",
            id="entries of another command",
        ),
        pytest.param(
            CONTRACTS,
            [(("SubmitBatch", "request", "contract"), {"judged_as": "Register"})],
            "SubmitBatch, request, contract, judged_as: SubmitBatch judges entries as RegisterContract",
            id="entries of an operation that is not there",
        ),
        pytest.param(
            CONTRACTS,
            [
                (
                    ("SubmitBatch", "request", "contract"),
                    {"judged_as": "RegisterContract", "to": "batch.headcount"},
                )
            ],
            "SubmitBatch, request, contract: «to» is nothing to say of entries",
            id="what is not said of entries",
        ),
        pytest.param(
            CONTRACTS,
            [
                (("SubmitBatch", "request", "contract"), {"ignored": "not now"}),
                (("SubmitBatch", "request", "employer"), {"judged_as": "RegisterContract"}),
            ],
            "employer: «judged_as» is said of one repeated group, right below the message",
            id="entries that do not repeat",
        ),
        pytest.param(
            PERSONS,
            [(("GetPersonalFile", "request", "purpose"), {"ignored": "not kept"})],
            "GetPersonalFile: column disclosure.purpose is required, but no leaf that every message has feeds it",
            id="a column of the log",
        ),
        *(
            pytest.param(
                CONTRACTS,
                [
                    ((operation, "request", "use"), ["header", "employer", *more]),
                    ((operation, "request", "contractRef"), NO_REFERENCE),
                ],
                f"{operation}, request: {operation} cannot do without reference, but no leaf that every message",
                id=f"{operation} without its contract",
            )
            for operation, *more in (
                ("AmendContract",),
                ("CorrectAmendment", "amendment_ref"),
                ("DeleteAmendment", "amendment_ref"),
                ("ExtendContract",),
                ("TerminateContract", "termination"),
                ("ReinstateEmployee",),
                ("CorrectContract", "contract_correction"),
                ("DeleteContract",),
                ("GetContract",),
            )
        ),
        pytest.param(
            CONTRACTS,
            [(("GetContract", "request", "contractRef/externalId"), {"ignored": "ids only"})],
            "GetContract, request: GetContract cannot do without reference",
            id="one way to refer ignored",
        ),
        pytest.param(
            CONTRACTS,
            [(("ExtendContract", "request", "extension/extendedOn"), {"ignored": "today"})],
            "ExtendContract, request: ExtendContract cannot do without contract.extended_on",
            id="when it is extended",
        ),
        pytest.param(
            CONTRACTS,
            [
                (("CorrectAmendment", "request", "use"), ["header", "employer", "contract_ref"]),
                (("CorrectAmendment", "request", "amendmentRef"), {"ignored": "the last one is meant"}),
            ],
            "CorrectAmendment, request: CorrectAmendment cannot do without amendment_reference",
            id="which amendment is corrected",
        ),
        pytest.param(
            CONTRACTS,
            [(("DeleteAmendment", "request", "employee/iin"), {"ignored": "the contract tells"})],
            "DeleteAmendment, request: DeleteAmendment cannot do without employee_reference.iin",
            id="whose amendment is deleted",
        ),
        pytest.param(
            CONTRACTS,
            [(("DeleteContract", "request", "employee/iin"), {"ignored": "the contract tells"})],
            "DeleteContract, request: DeleteContract cannot do without employee_reference.iin",
            id="whose contract is deleted",
        ),
        pytest.param(
            CONTRACTS,
            [(("TerminateContract", "request", "termination/terminatedOn"), {"ignored": "today"})],
            "TerminateContract, request: TerminateContract cannot do without contract.terminated_on",
            id="when it ends",
        ),
        pytest.param(
            CONTRACTS,
            [(("TerminateContract", "request", "termination/reasonCode"), "contract.termination_note")],
            "termination_note like «termination/reasonCode», and a message may have both",
            id="two on one",
        ),
        pytest.param(
            CONTRACTS,
            [(("TerminateContract", "request", "termination/reasonCode"), {"ignored": "no matter"})],
            "TerminateContract, request: TerminateContract cannot do without contract.termination_reason_code",
            id="why it ends",
        ),
    ],
)
def test_a_command_is_fed_what_it_needs(
    tmp_path: Path, contracts: ServiceContracts, service: str, changes: list[Change], words: str
) -> None:
    with pytest.raises(MappingError, match=rf"^{service}\.yaml, .*{re.escape(words)}"):
        compiled(tmp_path, contracts, service, *changes)


@pytest.mark.parametrize(
    ("service", "operation", "fetch", "words"),
    [
        pytest.param(
            PERSONS,
            "GetPersonalFile",
            {},
            "GetPersonalFile: GetPersonalFile needs «fetch: {person: TABLE.COLUMN}»",
            id="not asked",
        ),
        pytest.param(
            PERSONS,
            "GetPersonalFile",
            {"persons": "disclosure.employee_iin"},
            "GetPersonalFile, fetch, persons: there is no such port (known: ",
            id="unknown",
        ),
        pytest.param(
            CONTRACTS,
            "RegisterContract",
            {"person": "contract.employee_iin"},
            "RegisterContract, fetch, person: RegisterContract has no use for what the port tells",
            id="in vain",
        ),
        pytest.param(
            PERSONS,
            "GetPersonalFile",
            {"person": "disclosure.iin"},
            "GetPersonalFile, fetch, person: table disclosure has no column «iin»",
            id="by nothing",
        ),
        pytest.param(
            PERSONS,
            "GetPersonalFile",
            {"person": "disclosure.consent_id"},
            "GetPersonalFile, fetch, person: a port is asked by a text, and disclosure.consent_id is none",
            id="by an id",
        ),
        pytest.param(
            PERSONS,
            "GetPersonalFile",
            {"person": "contract.number"},
            "GetPersonalFile, fetch, person: contract.number is fed by no leaf that every message has",
            id="by what may be absent",
        ),
    ],
)
def test_a_port_is_asked_where_the_command_needs_it(
    tmp_path: Path,
    contracts: ServiceContracts,
    service: str,
    operation: str,
    fetch: dict[str, str],
    words: str,
) -> None:
    with pytest.raises(MappingError, match=rf"^{service}\.yaml, {re.escape(words)}"):
        compiled(tmp_path, contracts, service, ((operation, "fetch"), fetch))


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        ({"employers": "message.employer"}, "checks, employers: there is no such port (known: "),
        ({"receiver": "message.employer"}, "checks, receiver: RegisterContract has no use"),
        ({"employee": "contract.ends_on"}, "checks, employee: a port is asked by a text"),
    ],
)
def test_a_check_is_proved_like_a_port(
    tmp_path: Path, contracts: ServiceContracts, checks: dict[str, str], words: str
) -> None:
    with pytest.raises(MappingError, match=rf"^{CONTRACTS}\.yaml, RegisterContract, {re.escape(words)}"):
        compiled(tmp_path, contracts, CONTRACTS, (("RegisterContract", "checks"), checks))


@pytest.mark.parametrize(
    ("service", "operation", "path", "line", "words"),
    [
        (
            CONTRACTS,
            "RegisterContract",
            "contractId",
            "bogus.id",
            "RegisterContract tells nothing of «bogus»",
        ),
        (CONTRACTS, "RegisterContract", "contractId", "amendment.id", "tells nothing of «amendment»"),
        (CONTRACTS, "RegisterContract", "contractId", "contract.guid", "source contract has no «guid»"),
        (CONTRACTS, "GetContract", "status", "history.status", "history has many rows: a repeated element"),
        (CONTRACTS, "GetContract", "status", "warnings.code", "GetContract tells nothing of «warnings»"),
        (CONTRACTS, "GetContract", "status", "contract.ends_on", "contract.ends_on is not always there"),
        (CONTRACTS, "GetContract", "history/entry", {"each": "events"}, "GetContract gives no list «events»"),
        (CONTRACTS, "GetContract", "history/entry", {"each": "contract"}, "gives no list «contract»"),
        (CONTRACTS, "GetContract", "history/entry", {"each": "contract.events"}, "no list «contract.events»"),
        (CONTRACTS, "GetContract", "history/entry/event", "history.kind", "source history has no «kind»"),
        (CONTRACTS, "GetContract", "history/entry/event", "contract.status", "here only history can be read"),
        (
            CONTRACTS,
            "GetContract",
            "history/entry/version",
            "history.event",
            "text cannot be told as integer",
        ),
        (CONTRACTS, "GetContract", "history/entry/recordedBy", "history.due_on", "is not always there"),
        (CONTRACTS, "GetContract", "history/entry/change", {"each": "history.x"}, "history has no list «x»"),
        (
            CONTRACTS,
            "GetContract",
            "history/entry/change",
            {"each": "change"},
            "only lists of history can be",
        ),
        (CONTRACTS, "GetContract", "history/entry/change/before", "change.was", "source change has no «was»"),
        (
            PERSONS,
            "GetPersonalFile",
            "person/iin",
            "disclosure.employee_iin",
            "tells nothing of «disclosure»",
        ),
        (PERSONS, "GetPersonalFile", "person/surname", "person.family", "source person has no «family»"),
        (PERSONS, "GetPersonalFile", "person/birthDate", "person.iin", "text cannot be told as date"),
        (PERSONS, "GetPersonalFile", "person/iin", "person.surname", "person.surname is not always there"),
        (PERSONS, "GetPersonalFile", "address/city", "documents.city", "documents has many rows"),
    ],
)
def test_an_answer_tells_only_what_the_command_gives(
    tmp_path: Path,
    contracts: ServiceContracts,
    service: str,
    operation: str,
    path: str,
    line: Any,
    words: str,
) -> None:
    place = re.escape(f"{service}.yaml, {operation}, answer, {path}: ")
    with pytest.raises(MappingError, match=rf"^{place}.*{re.escape(words)}"):
        compiled(tmp_path, contracts, service, ((operation, "answer", path), line))
