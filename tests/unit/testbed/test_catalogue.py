"""The project's own fixtures: what holds for all of them, before any is sent."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
import yaml

from esutd_bus.register import identifiers
from esutd_bus.register.decide import COMMANDS
from esutd_bus.settings import packaged
from esutd_bus.testbed import test_ca as test_ca_module
from esutd_bus.testbed.fixtures import Fixture, load_fixtures
from esutd_bus.testbed.placeholders import placeholders

REGISTER_DATA = Path(identifiers.__file__).parent / "data"


@pytest.fixture(scope="module")
def catalogue() -> Mapping[str, Fixture]:
    return load_fixtures(packaged("fixtures"))


@pytest.fixture(scope="module")
def faults(catalogue: Mapping[str, Fixture]) -> list[Fixture]:
    return [fixture for fixture in catalogue.values() if fixture.kind == "faults"]


def codes(fixture: Fixture) -> tuple[str, ...]:
    return tuple(sorted(error.code for error in fixture.expect.expected_errors))


def test_there_are_enough_of_them(catalogue: Mapping[str, Fixture], faults: list[Fixture]) -> None:
    assert len(catalogue) - len(faults) >= 15
    assert len(faults) >= 60
    operations = {fixture.operation for fixture in catalogue.values() if fixture.kind == "ok"}
    assert operations == COMMANDS.keys() | {"SendMessage"}


def test_no_two_faults_are_of_the_same_operation_code_and_cause(faults: list[Fixture]) -> None:
    def cause(fixture: Fixture) -> tuple[object, ...]:
        """What goes out: placeholders of one meaning count as the same."""
        expect = fixture.expect
        told = (
            fixture.template,
            expect.all_signatures,
            expect.tamper,
            expect.http.request.model_dump_json(),
            expect.after,
        )
        return (fixture.operation, codes(fixture), *told)

    assert [key for key, count in Counter(map(cause, faults)).items() if count > 1] == []
    reasons = Counter(
        (fixture.why or "").strip() for fixture in faults if fixture.operation == "RegisterContract"
    )
    assert [why for why, count in reasons.items() if count > 1] == []


def test_a_number_names_one_fault(faults: list[Fixture]) -> None:
    numbers = Counter(fixture.folder.name[:3] for fixture in faults)
    assert [number for number, count in numbers.items() if count > 1] == []


def test_names_are_told_in_words(catalogue: Mapping[str, Fixture]) -> None:
    assert [name for name in catalogue if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)] == []


def test_why_is_short_and_says_something(faults: list[Fixture]) -> None:
    wrong = [
        fixture.label for fixture in faults if not 2 <= len((fixture.why or "").strip().splitlines()) <= 5
    ]
    assert wrong == []


def test_every_code_is_in_force(faults: list[Fixture]) -> None:
    with (REGISTER_DATA / "answer-codes.csv").open(encoding="utf-8") as file:
        live = {row["code"] for row in csv.DictReader(file) if row["is_actual"] == "1"}
    assert {code for fixture in faults for code in codes(fixture)} - live == set()
    warnings = {
        code for fixture in load_fixtures(packaged("fixtures")).values() for code in fixture.expect.warning
    }
    assert warnings == {"SCSE088", "SCSE089", "SCSE091", "SCSE093", "ESB011"}


def test_signature_faults_tell_their_reason(faults: list[Fixture]) -> None:
    silent = [
        fixture.label for fixture in faults if fixture.expect.code == "SCSE001" and not fixture.expect.reason
    ]
    assert silent == []


def test_every_answer_is_stated(catalogue: Mapping[str, Fixture]) -> None:
    unstated = [
        fixture.label
        for fixture in catalogue.values()
        if fixture.kind == "ok" and not (fixture.expect.answer or fixture.expect.same_answer_as)
    ]
    assert unstated == []


def test_every_signer_is_an_identity_of_the_test_ca(catalogue: Mapping[str, Fixture]) -> None:
    file = Path(test_ca_module.__file__).with_name("identities.yaml")
    known = set(yaml.safe_load(file.read_text(encoding="utf-8"))["identities"])
    signatures = [one for fixture in catalogue.values() for one in fixture.expect.all_signatures]
    assert {signature.signer for signature in signatures} <= known


def test_numbers_never_collide_between_runs(catalogue: Mapping[str, Fixture]) -> None:
    """What must be unique in the register comes from a placeholder, or is taken from what went before."""
    fixed = []
    for fixture in catalogue.values():
        if fixture.kind == "ok":
            # The number of a page is no contract's.
            text = re.sub(r"<page>.*?</page>", "", fixture.template.decode(), flags=re.DOTALL)
            for element in ("requestId", "externalId", "number"):
                values = re.findall(rf"<(?:\w+:)?{element}>([^<]*)<", text)
                fixed += [
                    (fixture.label, value)
                    for value in values
                    if not any(p.startswith(("uuid", "from:")) for p in placeholders(value))
                ]
    assert fixed == []


def test_people_are_invented(catalogue: Mapping[str, Fixture]) -> None:
    """Whoever has a right IIN here was born in the 1800s, or is not born yet."""
    found = {
        number.decode()
        for fixture in catalogue.values()
        for number in re.findall(rb"(?<!\d)\d{12}(?!\d)", fixture.template)
        if identifiers.is_iin(number.decode())
    }
    assert found
    born = {number: identifiers.born_on(number) for number in found}
    assert [number for number, day in born.items() if day and date(1900, 1, 1) <= day <= date.today()] == []  # noqa: DTZ011
