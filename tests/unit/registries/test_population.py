"""The invented people: invented beyond doubt, and such as the registry's contract can carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from esutd_bus.testbed.population import InventedPerson, load_population

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = load_population()
CENTURY_DIGITS = {"1": "male", "2": "female"}
"""Of those born in the 1800s."""


def check_digit(digits: str) -> int:
    """Σ dᵢ·wᵢ mod 11, by the first weights that do not give 10."""
    for weights in (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
        remainder = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        if remainder != 10:
            return remainder
    raise AssertionError("no such number")


@pytest.mark.parametrize("person", PEOPLE.values(), ids=lambda person: person.iin)
def test_nobody_living_has_this_iin(person: InventedPerson) -> None:
    assert person.iin[6] in CENTURY_DIGITS
    assert check_digit(person.iin[:11]) == int(person.iin[11])


@pytest.mark.parametrize("person", PEOPLE.values(), ids=lambda person: person.iin)
def test_an_iin_agrees_with_its_records(person: InventedPerson) -> None:
    for record in person.persons:
        assert record["iin"] == person.iin
        if person.behaviour == type(person.behaviour)():
            assert record["birthDate"].strftime("%y%m%d") == person.iin[:6]
            assert record["birthDate"].year // 100 == 18
            assert {"1": "male", "2": "female"}[record["gender"]["code"]] == CENTURY_DIGITS[person.iin[6]]
        for document in record.get("documents", {}).get("document", []):
            assert document["birthDate"] == record["birthDate"]


def test_nobody_stands_there_twice(tmp_path: Path) -> None:
    entry = '  - {iin: "890312200172", shows: x, persons: []}\n'
    (tmp_path / "people.yaml").write_text(f"people:\n{entry}{entry}", encoding="utf-8")

    with pytest.raises(ValueError, match="890312200172 stands there twice"):
        load_population(tmp_path / "people.yaml")


def test_an_unknown_behaviour_is_refused(tmp_path: Path) -> None:
    entry = '  - {iin: "890312200172", shows: x, persons: [], behaviour: {explode: 1}}\n'
    (tmp_path / "people.yaml").write_text(f"people:\n{entry}", encoding="utf-8")

    with pytest.raises(TypeError, match="explode"):
        load_population(tmp_path / "people.yaml")
